// Package core is the library under holdfast: one connection, every primitive over it, and the live read model of all
// of them. A service imports it to make the state that the dashboard shows. It imports nothing of the dashboard.
package core

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/buffer"
	"holdfast/core/conn"
	"holdfast/core/genstore"
	"holdfast/core/kind"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/live"
	"holdfast/core/record"
)

// Options of Open. The zero value is a Redis at its usual place with the documented key layout.
type Options struct {
	Conn     conn.Options
	Prefixes conn.Prefixes // one that is empty means that of conn.DefaultPrefixes
	Refresh  time.Duration // between two readings of the live model; default 1 s
	Budget   int           // of its passes over the keyspace, see live.Options

	MaxMemory uint64 // of the process while the live model reads, in bytes; 0: no limit
}

// Core is everything over one connection. It is safe for concurrent use.
type Core struct {
	Conn     *conn.Conn
	Prefixes conn.Prefixes

	Buffers     *buffer.Buffer
	Actors      *actorstore.Persistence // actors, workers and locks
	Generations *genstore.Rows
	LeaseRows   *record.LeaseRows
	KVRows      *redisdb.Rows

	Live  *live.Model
	kinds []kind.Kind

	mu     sync.Mutex
	spaces map[string]*record.RedisStorage // by namespace; closed with the Core
}

// Open prepares a connection and what stands on it. Nothing is dialled yet: Conn.Reach tells whether anybody answers.
func Open(o Options) (*Core, error) {
	c, err := conn.Open(o.Conn)
	if err != nil {
		return nil, err
	}
	p := complete(o.Prefixes)
	core := &Core{
		Conn: c, Prefixes: p,
		Buffers:     buffer.New(c, buffer.Options{Prefix: p.Buffer}),
		Actors:      actorstore.NewPersistenceWith(c, p),
		Generations: genstore.NewRows(c, p.Generation),
		LeaseRows:   record.NewLeaseRows(c, p.Record),
		KVRows:      redisdb.NewRows(c, p.KV),
		spaces:      map[string]*record.RedisStorage{},
	}
	core.kinds = kindsOf(core)
	core.Live = live.New(c, core.kinds, live.Options{Refresh: o.Refresh, Budget: o.Budget, MaxMemory: o.MaxMemory})
	return core, nil
}

// complete fills in the usual prefixes: an empty one would take every key for its kind's.
func complete(p conn.Prefixes) conn.Prefixes {
	usual := conn.DefaultPrefixes()
	return conn.Prefixes{
		Buffer: cmp.Or(p.Buffer, usual.Buffer), Generation: cmp.Or(p.Generation, usual.Generation),
		Actor: cmp.Or(p.Actor, usual.Actor), Worker: cmp.Or(p.Worker, usual.Worker), Lock: cmp.Or(p.Lock, usual.Lock),
		Record: cmp.Or(p.Record, usual.Record), KV: cmp.Or(p.KV, usual.KV),
	}
}

// kindsOf is the registry of the kinds of state: one line each, in the order of the dashboard. Leases stand before records
// and keys before kv: the later kind of each pair also takes the foreign keys under their common prefix.
func kindsOf(c *Core) []kind.Kind {
	return []kind.Kind{
		buffer.NewRows(c.Conn, c.Prefixes.Buffer).Kind(),
		c.Generations.Kind(),
		actorstore.NewActorRows(c.Conn, c.Prefixes.Actor).Kind(),
		actorstore.NewWorkerRows(c.Conn, c.Prefixes.Worker).Kind(),
		actorstore.NewLockRows(c.Conn, c.Prefixes.Lock).Kind(),
		c.LeaseRows.Kind(),
		record.NewRecordRows(c.Conn, c.Prefixes.Record).Kind(),
		redisdb.NewPairRows(c.Conn, c.Prefixes.KV).Kind(),
		c.KVRows.Kind(),
	}
}

// Kinds are all kinds of state, in the order of the dashboard.
func (c *Core) Kinds() []kind.Kind { return slices.Clone(c.kinds) }

// Kind finds a kind by its name.
func (c *Core) Kind(name kind.Name) (kind.Kind, bool) {
	if i := slices.IndexFunc(c.kinds, func(k kind.Kind) bool { return k.Name == name }); i >= 0 {
		return c.kinds[i], true
	}
	return kind.Kind{}, false
}

// GenStore opens the generations of a namespace; ttl 0 keeps counters for ever.
func (c *Core) GenStore(namespace string, ttl time.Duration) (*genstore.RedisGenStore, error) {
	return genstore.NewRedisGenStoreWithOptions(genstore.RedisGenStoreOptions{
		Client: c.Conn, Namespace: namespace, TTL: ttl, Prefix: c.Prefixes.Generation,
	})
}

// Records opens the records and leases of a namespace. All calls with one namespace share one storage and with it one
// subscription.
func (c *Core) Records(namespace string) (*record.RedisStorage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.spaces[namespace]; ok {
		return s, nil
	}
	s, err := record.New(c.Conn, namespace, record.Options{Prefix: c.Prefixes.Record})
	if err == nil {
		c.spaces[namespace] = s
	}
	return s, err
}

// KV opens a key-value database for one use; close it after that. It trims no log.
func (c *Core) KV(db string) (*redisdb.Store, error) {
	return c.KVContext(context.Background(), db)
}

// KVContext is KV that ends with the context.
func (c *Core) KVContext(ctx context.Context, db string) (*redisdb.Store, error) {
	return redisdb.OpenContext(ctx, c.Conn, db, redisdb.Options{Prefix: c.Prefixes.KV})
}

// Close ends waits and kept-alive leases and closes the connection.
func (c *Core) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spaces {
		_ = s.Close() // it only waits
	}
	return c.Conn.Close()
}
