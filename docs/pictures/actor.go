//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"holdfast/core"
	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/docs/rig"
)

// stuck is the actor of the story: it resumes, and never gets there.
const stuck = "notebook-07"

// agents is a server with a dozen actors, and workers for some of them.
func agents(ctx context.Context, dir string) (*rig.Server, *core.Core, error) {
	server, err := rig.StartServer(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{server.URL}}})
	if err != nil {
		server.Stop()
		return nil, nil, err
	}
	if err := castAgents(ctx, c); err != nil {
		c.Conn.Close()
		server.Stop()
		return nil, nil, err
	}
	return server, c, nil
}

func castAgents(ctx context.Context, c *core.Core) error {
	for i := range 12 {
		kind := []string{"sandbox", "notebook"}[i%2]
		a := &actorstore.Actor{
			ActorId: fmt.Sprintf("%s-%02d", kind, i), ActorTemplateNamespace: "templates", ActorTemplateName: kind,
			Status: actorstore.StatusSuspended,
		}
		if err := c.Actors.CreateActor(ctx, a); err != nil {
			return err
		}
		if i%4 == 1 || i%4 == 2 { // waits, and needs no worker
			continue
		}
		w := &actorstore.Worker{
			WorkerNamespace: "agents", WorkerPool: "small", WorkerPod: fmt.Sprintf("pod-%d", i), Ip: fmt.Sprintf("10.0.0.%d", 10+i),
		}
		if err := c.Actors.CreateWorker(ctx, w); err != nil {
			return err
		}
		a.Version, w.Version = 1, 1 // as they were created
		a.Status = actorstore.StatusRunning
		if a.ActorId == stuck {
			a.Status = actorstore.StatusResuming
		}
		if err := c.Actors.Assign(ctx, a, w); err != nil {
			return err
		}
	}
	_, err := c.Actors.AcquireLock(ctx, "lock:job:nightly", "cron-1", time.Hour)
	return err
}
