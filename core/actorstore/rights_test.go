package actorstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/internal/redistest"
)

// mutations are all calls that write, with the documents and locks they need.
var mutations = []struct {
	name    string
	prepare func(c redis.UniversalClient)
	act     func(s *actorstore.Persistence, c redis.UniversalClient) error
}{
	{"first acquire", nil, func(s *actorstore.Persistence, _ redis.UniversalClient) error { return acquired(s) }},
	{"next acquire", func(c redis.UniversalClient) { set(c, "{lock:a}:fence", "7") },
		func(s *actorstore.Persistence, _ redis.UniversalClient) error { return acquired(s) }},
	{"release", func(c redis.UniversalClient) { set(c, "lock:a", "t"); set(c, "{lock:a}:fence", "7") },
		func(s *actorstore.Persistence, _ redis.UniversalClient) error {
			return s.ReleaseLock(ctx, "lock:a", "t")
		}},
	{"forced unlock", func(c redis.UniversalClient) { set(c, "lock:a", "t"); set(c, "{lock:a}:fence", "7") },
		func(s *actorstore.Persistence, _ redis.UniversalClient) error {
			return s.ReleaseLockFenced(ctx, "lock:a", "t", 7)
		}},
	{"create actor", nil, func(s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.CreateActor(ctx, suspended("a1"))
	}},
	{"update actor", func(c redis.UniversalClient) { set(c, "actor:a1", actorDoc) }, func(s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.UpdateActor(ctx, suspended("a1"), 7)
	}},
	{"delete actor", func(c redis.UniversalClient) { set(c, "actor:a1", `{"actorId":"a1","status":"STATUS_SUSPENDED"}`) },
		func(s *actorstore.Persistence, _ redis.UniversalClient) error { return s.DeleteActor(ctx, "a1") }},
	{"create worker", nil, func(s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.CreateWorker(ctx, worker("pod-0"))
	}},
	{"update worker", func(c redis.UniversalClient) { set(c, "worker:ns:pool:pod-0", workerDoc) }, func(s *actorstore.Persistence, _ redis.UniversalClient) error {
		return s.UpdateWorker(ctx, worker("pod-0"), 2)
	}},
	{"delete worker", func(c redis.UniversalClient) { set(c, "worker:ns:pool:pod-0", workerDoc) },
		func(s *actorstore.Persistence, _ redis.UniversalClient) error {
			return s.DeleteWorker(ctx, "ns", "pool", "pod-0")
		}},
	{"edit", func(c redis.UniversalClient) { set(c, "worker:ns:pool:pod-0", workerDoc) }, func(_ *actorstore.Persistence, c redis.UniversalClient) error {
		_, err := actorstore.NewWorkerRows(c, "worker:").Replace(ctx, "ns:pool:pod-0", 2, []byte(workerDoc))
		return err
	}},
	{"removal", func(c redis.UniversalClient) { set(c, "worker:ns:pool:pod-0", workerDoc) }, func(_ *actorstore.Persistence, c redis.UniversalClient) error {
		return actorstore.NewWorkerRows(c, "worker:").Remove(ctx, "ns:pool:pod-0", 2)
	}},
}

var ctx = context.Background()

// set is for what cannot fail on a server of the test's own.
func set(c redis.UniversalClient, key, value string) {
	if err := c.Set(ctx, key, value, 0).Err(); err != nil {
		panic(err)
	}
}

func acquired(s *actorstore.Persistence) error {
	ok, err := s.AcquireLock(ctx, "lock:a", "t", time.Minute)
	return errors.Join(err, unless(ok))
}

func TestARefusedCallLeavesNothingHalfDone(t *testing.T) {
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			redistest.EachRightWithheld(t, func(_ *testing.T, c redis.UniversalClient) {
				if m.prepare != nil {
					m.prepare(c)
				}
			}, func(c redis.UniversalClient) error { return m.act(actorstore.NewPersistence(c), c) })
		})
	}
}

// What frees memory works on a server that has none left.
func TestWhatFreesMemoryWorksOnAFullServer(t *testing.T) {
	c := redistest.Start(t).Client(t)
	for _, m := range mutations {
		switch m.name {
		case "release", "forced unlock", "delete actor", "delete worker", "removal":
			must(t, c.ConfigSet(ctx, "maxmemory", "0").Err())
			must(t, c.FlushAll(ctx).Err())
			m.prepare(c)
			must(t, c.ConfigSet(ctx, "maxmemory", "1").Err())
			if err := m.act(actorstore.NewPersistence(c), c); err != nil {
				t.Errorf("%s: %v", m.name, err)
			}
		case "first acquire", "next acquire":
			must(t, c.ConfigSet(ctx, "maxmemory", "0").Err())
			must(t, c.FlushAll(ctx).Err())
			if m.prepare != nil {
				m.prepare(c)
			}
			must(t, c.ConfigSet(ctx, "maxmemory", "1").Err())
			before := redistest.Dump(t, c)
			if err := m.act(actorstore.NewPersistence(c), c); err == nil || len(redistest.Dump(t, c)) != len(before) {
				t.Errorf("%s: %v, left %v", m.name, err, redistest.Dump(t, c))
			}
		}
	}
}

// While the lock's slot moves, a lock and its counter on different masters are never taken for absent.
func TestLocksHoldWhileTheirSlotMoves(t *testing.T) {
	servers := redistest.StartCluster(t)
	short := func() context.Context {
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	prepare := func(t *testing.T, c *redis.ClusterClient) {
		must(t, c.Set(ctx, "{lock:a}:fence", "9000", time.Hour).Err())
		must(t, c.Set(ctx, "lock:a", "t", time.Hour).Err())
	}
	redistest.EachSplit(t, servers, "lock:a", prepare, func(t *testing.T, c *redis.ClusterClient) {
		s := actorstore.NewPersistence(c)
		if ok, err := s.AcquireLock(short(), "lock:a", "other", time.Minute); ok {
			t.Errorf("a held lock was taken, %v", err)
		}
		if err := s.ReleaseLockFenced(short(), "lock:a", "t", 8999); err == nil {
			t.Error("a lock with another fence was released")
		}
		rows, err := actorstore.NewLockRows(c, "lock:").Read(ctx, []string{"lock:a"})
		if err != nil || len(rows) != 1 || locks.Token.Of(rows[0]) != "t" || locks.Fence.Of(rows[0]) != 9000 || locks.Expires.Of(rows[0]).IsZero() {
			t.Errorf("shown %+v, %v", rows, err)
		}
		must(t, s.ReleaseLock(ctx, "lock:a", "t"))
		if n := c.Exists(ctx, "lock:a").Val(); n != 0 {
			t.Error("not released")
		}
	})
	free := func(t *testing.T, c *redis.ClusterClient) {
		must(t, c.Set(ctx, "{lock:a}:fence", "9000", time.Hour).Err())
		must(t, c.Del(ctx, "lock:a").Err())
	}
	redistest.EachSplit(t, servers, "lock:a", free, func(t *testing.T, c *redis.ClusterClient) {
		fence, ok, err := actorstore.NewPersistence(c).AcquireLockFenced(short(), "lock:a", "t", time.Minute)
		if ok && fence != 9001 || !ok && err == nil {
			t.Errorf("fence %d, %v, %v", fence, ok, err)
		}
	})
}

// Documents are one key each: every call works on either side of the move.
func TestDocumentsAreFoundWhileTheirSlotMoves(t *testing.T) {
	servers := redistest.StartCluster(t)
	for _, m := range mutations[4:] {
		tag := "actor:a1"
		if m.name == "create worker" || m.name == "update worker" || m.name == "delete worker" || m.name == "edit" || m.name == "removal" {
			tag = "worker:ns:pool:pod-0"
		}
		t.Run(m.name, func(t *testing.T) {
			redistest.EachSplit(t, servers, tag, func(t *testing.T, c *redis.ClusterClient) {
				must(t, c.Del(ctx, tag).Err())
				if m.prepare != nil {
					m.prepare(c)
				}
			}, func(t *testing.T, c *redis.ClusterClient) {
				if err := m.act(actorstore.NewPersistence(c), c); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A refused reply is no value: what the user may not ask for is not known, and the rest is shown.
func TestWhatIsRefusedOfALockIsNotKnown(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client(t)
	must(t, admin.Set(ctx, "lock:a", "t", time.Hour).Err())
	must(t, admin.Set(ctx, "{lock:a}:fence", "7", 0).Err())
	must(t, admin.Set(ctx, "lock:odd", "t", 0).Err())
	must(t, admin.Set(ctx, "{lock:odd}:fence", "x", 0).Err())
	for _, tc := range []struct {
		rules      []any
		ttl, fence bool // known
	}{
		{[]any{"~*", "+@all"}, true, true},
		{[]any{"~*", "+@all", "-pttl"}, false, true},
		{[]any{"~lock:*", "+@all"}, true, false},
		{[]any{"~lock:*", "+@all", "-pttl"}, false, false},
	} {
		must(t, admin.Do(ctx, append([]any{"ACL", "SETUSER", "limited", "reset", "on", "nopass"}, tc.rules...)...).Err())
		limited := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "limited", Password: "any"})
		rows, err := actorstore.NewLockRows(limited, "lock:").Read(ctx, []string{"lock:a", "lock:gone", "lock:odd"})
		must(t, err)
		if len(rows) != 2 {
			t.Fatalf("%v: %d rows", tc.rules, len(rows))
		}
		r := rows[0]
		if locks.Token.Of(r) != "t" || r.Problem() != nil || (locks.Expires.Err(r) == nil) != tc.ttl || (locks.Fence.Err(r) == nil) != tc.fence ||
			tc.ttl == locks.Expires.Of(r).IsZero() || tc.fence != (locks.Fence.Of(r) == 7) {
			t.Errorf("%v: %v", tc.rules, cells(r))
		}
		for _, c := range []kind.Column{locks.Expires.Column, locks.Fence.Column} {
			if err := c.Err(r); err != nil && !conn.Refused(err) {
				t.Errorf("%v: %s is not known: %v", tc.rules, c.Name(), err)
			}
		}
		if err := locks.Fence.Err(rows[1]); err == nil || tc.fence && !errors.Is(err, actorstore.ErrBadRecord) {
			t.Errorf("%v: a counter that holds no number is fence %d: %v", tc.rules, locks.Fence.Of(rows[1]), err)
		}
		limited.Close()
	}
}
