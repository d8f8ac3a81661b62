// Package actorstore keeps actors, the workers that run them, and locks in Redis, wire-compatible with the ate
// storage backend (seed 002_c5a9278808541164): protojson documents under actor: and worker:, plain tokens under lock keys.
//
// Here live the documents' layout and codec, the compare-and-set scripts, the locks with their fencing numbers, the
// listings, the reconciler of half-written assignments, and the rows that a dashboard shows. What an actor does, where
// it is scheduled and when it is suspended never lives here.
package actorstore

import (
	"context"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// What the keys of actors, workers and locks begin with.
var (
	ActorPrefix  = kind.Prefix{Name: "actor", Usual: "actor:", Help: "actors"}
	WorkerPrefix = kind.Prefix{Name: "worker", Usual: "worker:", Help: "workers"}
	LockPrefix   = kind.Prefix{Name: "lock", Usual: "lock:", Help: "locks"}
)

// Persistence stores actors, workers and locks (seed 002_c5a9278808541164). It is safe for concurrent use.
//
// Each mutation is one script, sent once: a transport error leaves open whether it ran, any other error
// means that no byte changed.
type Persistence struct {
	c             redis.UniversalClient
	actor, worker string // prefixes
}

// NewPersistence stores under the documented prefixes, on a single server, behind Sentinel or on a cluster.
func NewPersistence(redisClient redis.UniversalClient) *Persistence {
	return NewPersistenceWith(redisClient, nil)
}

// NewPersistenceWith is NewPersistence under other prefixes, of those of actors and workers.
func NewPersistenceWith(redisClient redis.UniversalClient, prefixes kind.Prefixes) *Persistence {
	return &Persistence{c: redisClient, actor: prefixes.Of(ActorPrefix), worker: prefixes.Of(WorkerPrefix)}
}

// DebugClearAll flushes all data from every master: every database, not only what this package stored.
func (s *Persistence) DebugClearAll(ctx context.Context) error {
	const op = "actorstore: clear all"
	nodes, err := conn.Masters(ctx, s.c)
	if err != nil {
		return conn.Fail(op, "", err)
	}
	for _, node := range nodes {
		if err := conn.Once(ctx, node, "flushall").Err(); err != nil {
			return conn.Fail(op, "", err)
		}
	}
	return nil
}
