// A service of another module that keeps its state with core. It needs a Redis: go run -mod=mod . redis://127.0.0.1:6379/0
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"holdfast/core"
	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/record"
)

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string) error {
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{url}}})
	if err != nil {
		return err
	}
	defer c.Close()
	for _, primitive := range []func(context.Context, *core.Core) error{buffer, generation, actor, lease, database} {
		if err := primitive(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func buffer(ctx context.Context, c *core.Core) error {
	stats, err := c.Buffers.Push(ctx, "orders", []byte(`{"order":1}`))
	fmt.Println("records waiting to be flushed:", stats.Count)
	return err
}

func generation(ctx context.Context, c *core.Core) error {
	gens, err := c.GenStore("user", time.Hour)
	if err != nil {
		return err
	}
	now, err := gens.Bump(ctx, "single:user:42")
	fmt.Println("generation of user 42:", now)
	return err
}

func actor(ctx context.Context, c *core.Core) error {
	a := &actorstore.Actor{ActorId: "agent-1", ActorTemplateNamespace: "shop", ActorTemplateName: "agent"}
	if err := c.Actors.CreateActor(ctx, a); err != nil {
		return err
	}
	locked, err := c.Actors.AcquireLock(ctx, "lock:actor:agent-1", "controller-a", time.Minute)
	fmt.Println("actor locked:", locked)
	return err
}

func lease(ctx context.Context, c *core.Core) error {
	space, err := c.Records("cfg")
	if err != nil {
		return err
	}
	l, err := space.Lessor().NewLease(ctx, time.Minute, false)
	if err != nil {
		return err
	}
	_, err = space.Create(ctx, record.Record{Key: "leader", Value: record.Value("host-4"), Lease: l.Id()})
	fmt.Println("leader registered:", err == nil)
	return err
}

func database(ctx context.Context, c *core.Core) error {
	db, err := c.KVContext(ctx, "flags")
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Put(&kvstore.KVPair{Key: []byte("new-cart"), Value: []byte("on")}); err != nil {
		return err
	}
	n, err := db.CommittedChange(ctx)
	fmt.Println("change number of the database:", n)
	return err
}
