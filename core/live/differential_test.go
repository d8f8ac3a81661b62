package live_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/core"
	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/kvstore"
	"holdfast/core/live"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

// What an incremental reading arrives at must be what a fresh one of the whole keyspace finds, key for key. The fresh
// one shares nothing with live: SCAN of everything, and the rows of each kind asked for by all their IDs.

// complain is what differs reports to; *testing.T and *rapid.T are some.
type complain func(format string, args ...any)

func differs(t testing.TB, c *core.Core, s *live.Snapshot, report complain) {
	t.Helper()
	var keys []string
	ok(t, conn.Scan(ctx, c.Conn, "*", 1000, func(page []string) error {
		keys = append(keys, page...)
		return nil
	}))
	for _, k := range c.Kinds() {
		differ(t, s, keys, k, report)
	}
}

func differ(t testing.TB, s *live.Snapshot, keys []string, k kind.Kind, report complain) {
	t.Helper()
	seen := map[string]bool{}
	var ids []string
	for _, key := range keys {
		if id, mine := k.Source.Identify(key); mine && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	rows, err := k.Source.Read(ctx, ids)
	ok(t, err)
	table := s.Table(k.Name)
	bad := 0
	for _, want := range rows {
		if want.Bad() {
			bad++
		}
		got, found := table.Get(want.ID())
		switch {
		case !found:
			report("%s: %q is missing", k.Name, want.ID())
		case !kind.Same(got, want):
			report("%s: %v, want %v", k.Name, got, want)
		}
	}
	if table.Len() != len(rows) || table.Bad != bad {
		report("%s: %d rows, %d bad; want %d, %d", k.Name, table.Len(), table.Bad, len(rows), bad)
	}
}

// writer does things to a few names of every kind, through the primitives and past them.
type writer struct {
	c    *core.Core
	pick func(name string, n int) int
}

// kinds of things that act can do.
const operations = 22

// act does one thing. What the primitives refuse (a version changed, a lock is held) is as good a operation as another.
func (w writer) act(operation int) error {
	c, n := w.c, w.pick("name", 4)
	id := fmt.Sprintf("n%d", n)
	err := func() error {
		switch operation {
		case 0, 1:
			_, err := c.Buffers.Push(ctx, id, fmt.Appendf(nil, `{"k%d":1}`, w.pick("member", 3)))
			return err
		case 2:
			_, _, err := c.Buffers.Prepare(ctx, id, "")
			return err
		case 3:
			batches, err := c.Buffers.Batches(ctx, id)
			if err != nil || len(batches) == 0 {
				return err
			}
			return c.Buffers.Empty(ctx, id, batches[0])
		case 4:
			_, _, err := c.Buffers.Lock(ctx, id, 0, w.life())
			return err
		case 5:
			g, err := c.GenStore("ns", time.Duration(w.pick("expiring", 2))*w.life())
			if err != nil {
				return err
			}
			_, err = g.Bump(ctx, id)
			return err
		case 6:
			status := []actorstore.Status{actorstore.StatusRunning, actorstore.StatusSuspended}[w.pick("status", 2)]
			return c.Actors.CreateActor(ctx, &actorstore.Actor{ActorId: id, ActorTemplateName: "tmpl", Status: status})
		case 7:
			a, err := c.Actors.GetActor(ctx, id)
			if err != nil {
				return err
			}
			a.AteomPodIp = fmt.Sprint(w.pick("ip", 3))
			return c.Actors.UpdateActor(ctx, a, a.Version)
		case 8:
			return c.Actors.DeleteActor(ctx, id)
		case 9:
			return c.Actors.CreateWorker(ctx, &actorstore.Worker{WorkerNamespace: "ns", WorkerPool: "pool", WorkerPod: id, Ip: "10.0.0.1"})
		case 10:
			return c.Actors.DeleteWorker(ctx, "ns", "pool", id)
		case 11:
			a, err := c.Actors.GetActor(ctx, id)
			if err != nil {
				return err
			}
			worker, err := c.Actors.GetWorker(ctx, "ns", "pool", fmt.Sprintf("n%d", w.pick("pod", 4)))
			if err != nil {
				return err
			}
			return c.Actors.Assign(ctx, a, worker)
		case 12:
			_, err := c.Actors.AcquireLock(ctx, "lock:"+id, fmt.Sprint("token", w.pick("token", 2)), w.life())
			return err
		case 13:
			return c.Actors.ReleaseLock(ctx, "lock:"+id, fmt.Sprint("token", w.pick("token", 2)))
		case 14, 15, 16, 17:
			return w.records(operation, id)
		case 18, 19:
			return w.pairs(operation, id)
		case 20: // what somebody else writes
			key := []string{"buf:", "buf:{x}:list", "gen:", "gen:ns:", "actor:", "actor:s:", "worker:", "worker:ns:pool:", "lock:", "rec:", "rec:{ns}:r:", "rec:{ns}:lease:", "kv:", "kv:{db}:d:", "other:"}[w.pick("place", 15)] + id
			if w.pick("type", 3) == 0 {
				c.Conn.Del(ctx, key)
				return c.Conn.RPush(ctx, key, "x").Err()
			}
			return c.Conn.Set(ctx, key, []string{"", "7", "{}", actorDoc(id, "")}[w.pick("text", 4)], 0).Err()
		default: // any key goes
			key, err := c.Conn.RandomKey(ctx).Result()
			if err != nil {
				return err
			}
			return c.Conn.Del(ctx, key).Err()
		}
	}()
	if conn.Unreachable(err) {
		return err
	}
	return nil
}

func (w writer) records(operation int, id string) error {
	s, err := w.c.Records("ns")
	if err != nil {
		return err
	}
	r := record.Record{Key: record.Key(id), Value: record.Value(fmt.Sprint(w.pick("value", 3)))}
	switch operation {
	case 14:
		_, err = s.Create(ctx, r)
	case 15:
		var lease record.Lease
		if lease, err = s.NewLease(ctx, w.life(), false); err == nil {
			r.Lease = lease.Id()
			_, err = s.Create(ctx, r)
			if w.pick("release", 3) == 0 {
				err = errors.Join(err, lease.Release())
			}
		}
	case 16:
		var old record.Record
		if old, err = s.Get(ctx, r.Key); err == nil {
			r.Version = old.Version
			_, err = s.CasByVersion(ctx, r)
		}
	default:
		err = s.Delete(ctx, r.Key)
	}
	return err
}

func (w writer) pairs(operation int, id string) error {
	s, err := w.c.KV("db")
	if err != nil {
		return err
	}
	if operation == 18 {
		err = s.Put(&kvstore.KVPair{Key: []byte(id), Value: fmt.Append(nil, w.pick("value", 3))})
	} else {
		err = s.Delete([]byte(id))
	}
	return errors.Join(err, s.Close())
}

// life is a time to live: some end within a test, most do not.
func (w writer) life() time.Duration {
	return []time.Duration{5 * time.Millisecond, time.Hour, time.Hour}[w.pick("life", 3)]
}

func TestReadingFindsWhatAFreshOneFinds(t *testing.T) {
	o, server := mini(t)
	for name, c := range map[string]*core.Core{"mini": open(t, o, 0), "single": open(t, single(t), 0)} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				w := writer{c, func(name string, n int) int { return rapid.IntRange(0, n-1).Draw(rt, name) }}
				ok(t, c.Conn.FlushDB(ctx).Err()) // seen by the model as a deletion of everything
				for range rapid.IntRange(1, 4).Draw(rt, "rounds") {
					for _, operation := range rapid.SliceOfN(rapid.IntRange(0, operations-1), 0, 30).Draw(rt, "operations") {
						if err := w.act(operation); err != nil {
							rt.Fatal(err)
						}
					}
					settle(t, c, func() {
						if name == "mini" {
							server.FastForward(time.Second)
						}
					})
					differs(t, c, look(t, c), rt.Errorf)
				}
			})
		})
	}
}

// settle waits until what expires within a test has expired.
func settle(t testing.TB, c *core.Core, pass func()) {
	t.Helper()
	pass()
	redistest.Eventually(t, "the end of short lives", func() bool {
		short := false
		ok(t, conn.Scan(ctx, c.Conn, "*", 1000, func(page []string) error {
			for _, k := range page {
				ttl := c.Conn.PTTL(ctx, k).Val()
				short = short || ttl >= 0 && ttl < time.Minute
			}
			return nil
		}))
		return !short
	})
}

// scribble has three write at random at once, and waits until the model has arrived at what is there.
func scribble(t *testing.T, c *core.Core, seed uint64, each int) {
	t.Helper()
	var writers sync.WaitGroup
	for i := range 3 {
		writers.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			w := writer{c, func(_ string, n int) int { return random.IntN(n) }}
			for range each {
				if err := w.act(random.IntN(operations)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	var last []string
	defer func() {
		if t.Failed() {
			t.Log(last)
		}
	}()
	redistest.Eventually(t, "what is there", func() bool {
		last = nil
		differs(t, c, c.Live.Snapshot(), func(format string, args ...any) { last = append(last, fmt.Sprintf(format, args...)) })
		return len(last) == 0
	})
}

// The same while the model runs and several write at once: when they are done, it arrives at what is there.
func TestRunArrivesAtWhatIsThere(t *testing.T) {
	each(t, func(t *testing.T, c *core.Core) {
		run(t, c)
		refreshing, stop := context.WithCancel(ctx)
		defer stop()
		go func() {
			for refreshing.Err() == nil { // one reading after the other
				c.Live.Refresh()
				select {
				case <-c.Live.Changed():
				case <-refreshing.Done():
				}
			}
		}()
		scribble(t, c, 1, 300)
	})
}
