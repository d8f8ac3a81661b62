// Package core is the library under holdfast: one connection, every primitive over it, and the live read model of all
// of them. A service imports it to make the state that the dashboard shows. It imports nothing of the dashboard.
package core

import (
	"context"
	"slices"
	"sync"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/anykey"
	"holdfast/core/buffer"
	"holdfast/core/conn"
	"holdfast/core/genstore"
	"holdfast/core/kind"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/layout"
	"holdfast/core/live"
	"holdfast/core/record"

	"github.com/redis/go-redis/v9"
)

// Options of Open. The zero value is a Redis at its usual place with the documented key layout.
type Options struct {
	Conn     conn.Options
	Prefixes kind.Prefixes // by the names of KeyPrefixes; others are the usual ones
	Layouts  []layout.Spec // kinds that are declared as data, such as layout.Presets; none: only those of the primitives
	Refresh  time.Duration // between two readings of the live model; default 1 s
	Budget   int           // of its passes over the keyspace, see live.Options

	MaxMemory uint64 // of the process while the live model reads, in bytes; 0: no limit
}

// Core is everything over one connection. It is safe for concurrent use.
type Core struct {
	Conn     *conn.Conn
	Prefixes kind.Prefixes // other than the usual ones

	Buffers     *buffer.Buffer
	Actors      *actorstore.Persistence // actors, workers and locks
	Generations *genstore.Rows
	LeaseRows   *record.LeaseRows
	KVRows      *redisdb.Rows

	Layouts      *layout.Set // that are in use
	LayoutErrors []error     // why others are not, of type *layout.Error

	AnyKeys *anykey.Rows // keys that are asked for, whatever they are

	Live       *live.Model
	kinds      []kind.Kind
	asked      []kind.Kind // that are no part of the dashboard's list: keys and fields
	primitives []kind.Kind // without what layouts add

	mu     sync.Mutex
	spaces map[string]*record.RedisStorage // by namespace; closed with the Core
}

// Open prepares a connection and what stands on it. Nothing is dialled yet: Conn.Reach tells whether anybody answers.
func Open(o Options) (*Core, error) {
	c, err := conn.Open(o.Conn)
	if err != nil {
		return nil, err
	}
	p := o.Prefixes
	core := &Core{
		Conn: c, Prefixes: p,
		Buffers:     buffer.New(c, buffer.Options{Prefix: p.Of(buffer.KeyPrefix)}),
		Actors:      actorstore.NewPersistenceWith(c, p),
		Generations: genstore.NewRows(c, p.Of(genstore.KeyPrefix)),
		LeaseRows:   record.NewLeaseRows(c, p.Of(record.KeyPrefix)),
		KVRows:      redisdb.NewRows(c, p.Of(redisdb.KeyPrefix)),
		spaces:      map[string]*record.RedisStorage{},
	}
	for _, e := range registry {
		core.kinds = append(core.kinds, e.open(c, p.Of(e.prefix)))
	}
	core.primitives = core.kinds
	core.kinds, core.Layouts, core.LayoutErrors = layout.Compile(c, core.kinds, o.Layouts)
	core.AnyKeys = anykey.New(c)
	core.asked = []kind.Kind{core.AnyKeys.Kind(), anykey.NewFields(c).Kind()}
	core.Live = live.New(c, core.kinds, live.Options{Refresh: o.Refresh, Budget: o.Budget, MaxMemory: o.MaxMemory, Asked: core.asked})
	return core, nil
}

// registry is every kind of state with the prefix of its keys: one line each, in the order of the dashboard. Leases stand
// before records and pairs before kv: the later kind of each pair also takes the foreign keys under their common prefix.
var registry = []entry{
	{buffer.KeyPrefix, from(buffer.NewRows)},
	{genstore.KeyPrefix, from(genstore.NewRows)},
	{actorstore.ActorPrefix, from(actorstore.NewActorRows)},
	{actorstore.WorkerPrefix, from(actorstore.NewWorkerRows)},
	{actorstore.LockPrefix, from(actorstore.NewLockRows)},
	{record.KeyPrefix, from(record.NewLeaseRows)},
	{record.KeyPrefix, from(record.NewRecordRows)},
	{redisdb.KeyPrefix, from(redisdb.NewPairRows)},
	{redisdb.KeyPrefix, from(redisdb.NewRows)},
	{actorstore.ActorPrefix, from(actorstore.NewDocumentRows)},
}

type entry struct {
	prefix kind.Prefix
	open   func(c *conn.Conn, prefix string) kind.Kind
}

// from opens a kind by the reader of its rows.
func from[R interface{ Kind() kind.Kind }](reader func(redis.UniversalClient, string) R) func(*conn.Conn, string) kind.Kind {
	return func(c *conn.Conn, prefix string) kind.Kind { return reader(c, prefix).Kind() }
}

// KeyPrefixes lists what keys begin with, of all kinds.
func KeyPrefixes() (all []kind.Prefix) {
	for _, e := range registry {
		if !slices.Contains(all, e.prefix) {
			all = append(all, e.prefix)
		}
	}
	return all
}

// Kinds are all kinds of state that are kept current, in the order of the dashboard.
func (c *Core) Kinds() []kind.Kind { return slices.Clone(c.kinds) }

// Primitives are the kinds of the primitives alone, without what layouts add.
func (c *Core) Primitives() []kind.Kind { return slices.Clone(c.primitives) }

// Kind finds a kind by its name, also one whose rows are only read when they are asked for.
func (c *Core) Kind(name kind.Name) (kind.Kind, bool) {
	for _, all := range [][]kind.Kind{c.kinds, c.asked} {
		if i := slices.IndexFunc(all, func(k kind.Kind) bool { return k.Name == name }); i >= 0 {
			return all[i], true
		}
	}
	return kind.Kind{}, false
}

// GenStore opens the generations of a namespace; ttl 0 keeps counters for ever.
func (c *Core) GenStore(namespace string, ttl time.Duration) (*genstore.RedisGenStore, error) {
	return genstore.NewRedisGenStoreWithOptions(genstore.RedisGenStoreOptions{
		Client: c.Conn, Namespace: namespace, TTL: ttl, Prefix: c.Prefixes.Of(genstore.KeyPrefix),
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
	s, err := record.New(c.Conn, namespace, record.Options{Prefix: c.Prefixes.Of(record.KeyPrefix)})
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
	return redisdb.OpenContext(ctx, c.Conn, db, redisdb.Options{Prefix: c.Prefixes.Of(redisdb.KeyPrefix)})
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
