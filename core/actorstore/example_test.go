package actorstore_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// Two controllers read the same actor, and one of them comes too late. The fencing number of a lock tells a resource which of two
// holders is the later one.
func Example() {
	ctx := context.Background()
	client, err := conn.Open(conn.Options{URLs: []string{redistest.URL()}})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	s := actorstore.NewPersistence(client)
	if err := s.CreateActor(ctx, &actorstore.Actor{ActorId: "agent-1", ActorTemplateNamespace: "shop", ActorTemplateName: "agent"}); err != nil {
		panic(err)
	}
	mine, err := s.GetActor(ctx, "agent-1")
	if err != nil {
		panic(err)
	}
	theirs, err := s.GetActor(ctx, "agent-1")
	if err != nil {
		panic(err)
	}
	mine.Status = actorstore.StatusRunning
	if err := s.UpdateActor(ctx, mine, mine.Version); err != nil {
		panic(err)
	}
	theirs.Status = actorstore.StatusSuspended
	err = s.UpdateActor(ctx, theirs, theirs.Version)
	fmt.Println("the late update is refused:", errors.Is(err, conn.ErrPrecondition))

	first, _, err := s.AcquireLockFenced(ctx, "lock:actor:agent-1", "controller-a", time.Minute)
	if err != nil {
		panic(err)
	}
	if err := s.ReleaseLock(ctx, "lock:actor:agent-1", "controller-a"); err != nil {
		panic(err)
	}
	second, _, err := s.AcquireLockFenced(ctx, "lock:actor:agent-1", "controller-b", time.Minute)
	if err != nil {
		panic(err)
	}
	fmt.Println("the later holder has the higher fence:", second > first)
	// Output:
	// the late update is refused: true
	// the later holder has the higher fence: true
}
