package insight_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/core/buffer"
	"holdfast/core/insight"
	"holdfast/core/kind"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/live"
	"holdfast/core/record"
)

// Each rule: what is seeded is found with one look, on the right row and in the right words; what is almost so is not; and
// when it is mended it is gone.
func TestEveryRule(t *testing.T) {
	tested := map[insight.Code]bool{}
	for _, c := range []struct {
		code     insight.Code
		nearMiss func(*world) // then one look
		seed     func(*world) // then one look
		after    time.Duration
		want     []string
		mend     func(*world)
	}{
		{"lock-never-expires", func(w *world) { w.lock("lock:a", "t", time.Minute) }, func(w *world) { w.lock("lock:a", "t", 0) }, 0,
			[]string{"lock:a: never expires; unlock it if its holder is gone: t"}, func(w *world) { w.remove("locks", "lock:a") }},
		{"lock-expires-late", func(w *world) { w.lock("lock:a", "t", time.Hour) }, func(w *world) { w.lock("lock:a", "t", 2*time.Hour) }, 0,
			[]string{"lock:a: expires in 2h00m, held by t"}, func(w *world) { w.now = w.now.Add(61 * time.Minute) }},
		{"lock-held-long", func(w *world) { w.lock("lock:a", "t", 3*time.Hour) }, func(*world) {}, 61 * time.Minute,
			[]string{"lock:a: held for 1h01m by t"}, func(w *world) { w.lock("lock:a", "other", 3*time.Hour) }},
		{"lock-holder-gone", func(w *world) {
			w.worker("w1", "", w.alive(time.Minute))
			w.lock("l", "t", time.Hour, heldBy("w1"))
			w.lock("m", "t", time.Hour, heldBy("nobody knows"))
		}, func(*world) {}, 2 * time.Minute, []string{"l: its holder, worker w1, was last alive 1m00s ago"}, func(w *world) { w.worker("w1", "", w.alive(time.Minute)) }},
		{"lock-holder-gone", func(w *world) {
			w.worker("w1", "", w.alive(time.Hour))
			w.lock("l", "t", time.Hour, heldBy("w1"))
		}, func(w *world) { w.remove("workers", "ns:p:w1") }, 0, []string{"l: its holder, worker w1, is gone"}, func(w *world) { w.worker("w1", "", w.alive(time.Hour)) }},
		{"lock-guards-nothing", func(w *world) {
			w.actor("s:a1", "STATUS_PAUSED", "")
			w.lock("lock:actor:a1", "t", time.Minute)
			w.lock("lock:job:x", "t", time.Minute)
		}, func(w *world) { w.remove("actors", "s:a1") }, 0, []string{"lock:actor:a1: there is no actor a1 that it could guard"}, func(w *world) { w.actor("a1", "STATUS_PAUSED", "") }},
		{"lock-taken-over", func(w *world) { w.lock("lock:a", "t", time.Hour, fence(4)) }, func(w *world) { w.lock("lock:a", "thief", time.Hour, fence(4)) }, time.Second,
			[]string{"lock:a: taken over from t 1s ago, before its time to live was over; no release was seen"}, func(w *world) { w.now = w.now.Add(11 * time.Minute) }},
		{"lock-contended", func(w *world) {
			times(59, func(i int) { w.lock("lock:a", fmt.Sprint(i%2), time.Minute); w.follow(time.Millisecond) })
		}, func(w *world) {
			times(3, func(i int) { w.lock("lock:a", fmt.Sprint(i, "x"), time.Minute); w.follow(time.Millisecond) })
		}, 0, []string{"lock:a: taken more than 60 times a minute, by several holders"}, func(w *world) { w.now = w.now.Add(2 * time.Minute) }},
		{"fence-went-back", func(w *world) { w.lock("lock:a", "t", time.Minute, fence(7)) }, func(w *world) { w.lock("lock:a", "u", time.Minute, fence(1)) }, 0,
			[]string{"lock:a: fence 1 is lower than 7, which was seen before"}, func(w *world) { w.lock("lock:a", "u", time.Minute, fence(7)) }},
		{"fence-went-back", func(w *world) {
			w.lock("lock:a", "t", time.Minute, fence(7))
			w.follow(0)
			w.remove("locks", "lock:a")
		}, func(w *world) { w.lock("lock:a", "u", time.Minute, fence(2)) }, 0,
			[]string{"lock:a: fence 2 is lower than 7, which was seen before"}, func(w *world) { w.lock("lock:a", "u", time.Minute, fence(8)) }},

		{"assignment-one-sided", func(w *world) { w.actor("a", "STATUS_RUNNING", "ns:p:w"); w.worker("w", "a") }, func(w *world) { w.worker("w", "") }, 4 * time.Second,
			[]string{"a: the worker is free: actor a is on worker ns:p:w"}, func(w *world) { w.worker("w", "a") }},
		{"assignment-one-sided", func(w *world) { w.actor("a", "STATUS_RUNNING", "ns/w"); w.worker("w", "a") }, func(w *world) { w.remove("workers", "ns:p:w") }, 4 * time.Second,
			[]string{"a: the worker is missing: actor a is on worker ns/w"}, func(w *world) { w.worker("w", "a") }},
		{"assignment-one-sided", func(w *world) { w.worker("w", "") }, func(w *world) { w.worker("w", "ghost") }, 4 * time.Second,
			[]string{"ns:p:w: the actor is missing: worker ns:p:w runs actor ghost"}, func(w *world) { w.actor("ghost", "STATUS_RUNNING", "ns:p:w") }},
		{"assignment-doubled", func(w *world) {
			w.actor("a", "STATUS_RUNNING", "ns:p:w")
			w.worker("w", "a")
			w.actor("b", "STATUS_PAUSED", "")
		}, func(w *world) { w.actor("b", "STATUS_RUNNING", "ns:p:w") }, 4 * time.Second,
			[]string{"b: the worker runs actor a too: actor b is on worker ns:p:w"}, func(w *world) { w.actor("b", "STATUS_PAUSED", "") }},
		{"actor-stuck", func(w *world) { w.actor("a", "STATUS_RESUMING", "") }, func(*world) {}, 121 * time.Second,
			[]string{"a: RESUMING for 2m01s, on no worker"}, func(w *world) { w.actor("a", "STATUS_PAUSED", "") }},
		{"actor-running-nowhere", func(w *world) { w.actor("a", "STATUS_PAUSED", "") }, func(w *world) { w.actor("a", "STATUS_RUNNING", "") }, 0,
			[]string{"a: RUNNING, and on no worker"}, func(w *world) { w.actor("a", "STATUS_SUSPENDED", "") }},
		{"actor-idle-on-worker", func(w *world) { w.actor("a", "STATUS_SUSPENDING", "ns:p:w") }, func(w *world) { w.actor("a", "STATUS_SUSPENDED", "ns:p:w") }, 0,
			[]string{"a: SUSPENDED, and still on worker ns:p:w"}, func(w *world) { w.actor("a", "STATUS_SUSPENDED", "") }},
		{"status-unknown", func(w *world) { w.actor("a", "STATUS_UNSPECIFIED", "") }, func(w *world) { w.actor("a", "STATUS_DREAMING", "") }, 0,
			[]string{"a: status STATUS_DREAMING is not known"}, func(w *world) { w.actor("a", "STATUS_DELETING", "") }},
		{"worker-silent", func(w *world) { w.worker("w", "", w.alive(time.Minute)) }, func(*world) {}, 90 * time.Second,
			[]string{"ns:p:w: should have said that it is alive 30s ago"}, func(w *world) { w.worker("w", "", w.alive(time.Minute)) }},
		{"worker-address-twice", func(w *world) { w.worker("w1", "", address("10.0.0.1")); w.worker("w2", "", address("10.0.0.2")) },
			func(w *world) { w.worker("w2", "", address("10.0.0.1")) }, 0,
			[]string{"ns:p:w2: has address 10.0.0.1, as worker ns:p:w1 has"}, func(w *world) { w.remove("workers", "ns:p:w1") }},

		{"buffer-not-flushed", func(w *world) { w.buffer("b", 3, 9, 4*time.Minute, 0) }, func(*world) {}, 90 * time.Second,
			[]string{"b: 3 records, the first 5m30s ago; flush it if nobody does"}, func(w *world) { w.remove("buffers", "b") }},
		{"buffer-not-flushed", func(w *world) { w.buffer("b", 0, 0, 0, 0, w.locked("bob", time.Minute)) }, func(w *world) { w.buffer("b", 1, 9, time.Hour, 0, w.locked("bob", time.Minute)) }, 0,
			[]string{"b: 1 record, the first 1h00m ago; locked by bob"}, func(w *world) { w.buffer("b", 1, 9, time.Second, 0) }},
		{"batch-stuck", func(w *world) { w.buffer("7:b", 3, 9, 6*time.Minute, 4*time.Minute) }, func(*world) {}, time.Hour,
			[]string{"7:b: 3 records, prepared 1h04m ago; flush it again"}, func(w *world) { w.remove("buffers", "7:b") }},
		{"buffer-growing", func(w *world) {
			w.buffer("b", 1, 100, time.Second, 0)
			w.follow(0)
			w.buffer("b", 1, 50, time.Second, 0)
		},
			func(w *world) { w.now = w.now.Add(10 * time.Minute); w.buffer("b", 1, 1050, time.Second, 0) }, 0,
			[]string{"b: has grown for 10m by 100 bytes a minute, to 1,050 bytes"}, func(w *world) { w.buffer("b", 1, 10, time.Second, 0) }},
		{"buffer-lock-stale", func(w *world) { w.buffer("b", 2, 9, time.Second, 0, w.locked("bob", time.Hour)) }, func(w *world) { w.buffer("b", 2, 9, time.Second, 0, w.locked("bob", 0)) }, 0,
			[]string{"b: its flush lock never expires; held by bob"}, func(w *world) { w.buffer("b", 2, 9, time.Second, 0) }},
		{"buffer-lock-stale", func(w *world) { w.buffer("b", 0, 0, 0, 0, w.locked("bob", time.Hour)) }, func(*world) {}, 2 * time.Minute,
			[]string{"b: locked for 2m00s by bob, and without records"}, func(w *world) { w.buffer("b", 1, 1, time.Second, 0, w.locked("bob", time.Hour)) }},
		{"buffer-incomplete", func(w *world) {
			w.buffer("b", 2, 9, time.Second, 0, func(b *kind.Builder) { b.Bad(buffer.ErrForeign) })
		},
			func(w *world) {
				w.buffer("b", 2, 9, time.Second, 0, func(b *kind.Builder) { b.Bad(fmt.Errorf("%w: size is missing", buffer.ErrCorrupt)) })
			}, 0,
			[]string{"b: a key of the buffer is corrupt: size is missing"}, func(w *world) { w.buffer("b", 2, 9, time.Second, 0) }},
		{"buffer-time-ahead", func(w *world) { w.buffer("b", 2, 9, -4*time.Second, 0) }, func(w *world) { w.buffer("b", 2, 9, -time.Minute, 0) }, 0,
			[]string{"b: its first write is 1m00s ahead of the server's time"}, func(w *world) { w.now = w.now.Add(time.Minute) }},

		{"generation-hot", func(w *world) {
			times(60, func(i int) {
				w.generation("user", "u1", uint64(i), 0)
				w.generation("user", "u2", 1, 0)
				w.follow(time.Millisecond)
			})
		}, func(w *world) { w.generation("user", "u1", 62, 0) }, 0,
			[]string{"user:u1: bumped more than 60 times a minute, now at 62"}, func(w *world) { w.now = w.now.Add(2 * time.Minute) }},
		{"generation-went-back", func(w *world) { w.generation("user", "u1", 9, 0) }, func(w *world) { w.generation("user", "u1", 3, 0) }, 0,
			[]string{"user:u1: at 3, and was at 9 0s ago"}, func(w *world) { w.generation("user", "u1", 10, 0) }},
		{"generation-ttl-mixed", func(w *world) { w.generation("user", "u1", 9, 0); w.generation("x", "u2", 9, time.Hour) }, func(w *world) { w.generation("user", "u2", 3, time.Hour); w.generation("user", "u3", 3, 0) }, 0,
			[]string{"user:u2: of namespace user, 1 expire and 2 never do"}, func(w *world) { w.remove("generations", "user:u2") }},

		{"lease-not-renewed", func(w *world) { w.lease("cfg:1", 30*time.Second, 30*time.Second, 2) }, func(w *world) { w.now = w.now.Add(22 * time.Second) }, 0,
			[]string{"cfg:1: expires in 8s, not renewed, with 2 records"}, func(w *world) { w.lease("cfg:1", 30*time.Second, 30*time.Second, 2) }},
		{"lease-flapping", func(w *world) { times(10, func(i int) { w.record("cfg:k", int64(i+1), nil); w.follow(time.Second) }) }, func(w *world) {
			times(2, func(i int) { w.record("cfg:k", int64(i+20), nil); w.follow(time.Second) })
		}, 0, []string{"cfg:k: got a new lease more than 10 times in ten minutes"}, func(w *world) { w.now = w.now.Add(20 * time.Minute) }},
		{"lease-empty", func(w *world) { w.lease("cfg:1", time.Hour, time.Hour, 0) }, func(*world) {}, 11 * time.Minute,
			[]string{"cfg:1: without records for 11m"}, func(w *world) { w.lease("cfg:1", time.Hour, time.Hour, 1) }},
		{"lease-without-ttl", func(w *world) { w.lease("cfg:1", time.Hour, time.Hour, 1) }, func(w *world) { w.lease("cfg:1", time.Hour, 0, 1) }, 0,
			[]string{"cfg:1: never expires; with 1 record"}, func(w *world) { w.remove("leases", "cfg:1") }},
		{"record-lease-gone", func(w *world) { w.record("cfg:k", 3, errors.New("malformed")) }, func(w *world) { w.record("cfg:k", 3, record.ErrLeaseGone) }, 0,
			[]string{"cfg:k: lease 3 is gone; the record is removed at the next write to its namespace"}, func(w *world) { w.remove("records", "cfg:k") }},

		{"replica-behind", func(w *world) { w.kv(5000, 5000, "r", 4000, 0) }, func(w *world) { w.kv(5001, 5000, "r", 4000, 0) }, 0,
			[]string{"db: replica r has more than 1,000 changes to apply"}, func(w *world) { w.kv(5001, 5000, "r", 5001, 0) }},
		{"replica-silent", func(w *world) { w.kv(10, 10, "r", 10, time.Minute); w.follow(0); w.kv(10, 10, "r", 9, 20*time.Second) }, func(*world) {}, 20 * time.Second,
			[]string{"db: replica r has changes to apply and reported 40s ago"}, func(w *world) { w.kv(10, 10, "r", 9, 0) }},
		{"replica-ahead", func(w *world) { w.kv(10, 10, "r", 10, 0) }, func(w *world) { w.kv(10, 10, "r", 12, 0) }, 0,
			[]string{"db: replica r has applied change 12 of 10; it followed another history, start it from a snapshot"}, func(w *world) { w.kv(12, 12, "r", 12, 0) }},
		{"log-trimmed-past-replica", func(w *world) { w.kv(100, 50, "r", 50, 0) }, func(w *world) { w.kv(101, 50, "r", 50, 0) }, 0,
			[]string{"db: replica r needs change 51, and the log begins with 52; it can only go on from a snapshot"}, func(w *world) { w.kv(101, 50, "r", 101, 0) }},

		{"queue-growing", func(w *world) { w.queue("q", 10, 0, 0); w.follow(0); w.queue("q", 5, 0, 0) }, func(w *world) { w.now = w.now.Add(20 * time.Minute); w.queue("q", 45, 0, 0) }, 0,
			[]string{"q: has grown for 20m by 2 jobs a minute, to 45 waiting"}, func(w *world) { w.queue("q", 3, 0, 0) }},
		{"queue-old", func(w *world) { w.queue("q", 10, 0, 4*time.Minute) }, func(*world) {}, 2 * time.Minute,
			[]string{"q: 10 waiting, the oldest for 6m00s"}, func(w *world) { w.queue("q", 10, 0, time.Second) }},
		{"queue-dead-letters", func(w *world) { w.queue("q", 0, 100, 0) }, func(w *world) { w.queue("q", 0, 101, 0) }, 0,
			[]string{"q: more than 100 failed jobs that nobody tries again"}, func(w *world) { w.queue("q", 0, 0, 0) }},

		{"data-lost", func(w *world) { w.snap.Events = []live.Event{{At: w.now, What: live.Restarted, Node: "a:1"}} },
			func(w *world) {
				w.snap.Events = []live.Event{{At: w.now, What: live.Restarted, Node: "a:1", Lost: []live.Loss{{Kind: "locks", Before: 9, After: 2}}}}
			}, 0,
			[]string{"a:1: 0s ago: a:1 restarted: its run id changed; locks 9 → 2"}, func(w *world) { w.now = w.now.Add(2 * time.Hour) }},
		{"failover", func(*world) {}, func(w *world) {
			w.snap.Events = []live.Event{{At: w.now, What: live.TookOver, Node: "a:1", Was: "b:1"}}
		}, 0,
			[]string{"a:1: 0s ago: a:1 is a master now instead of b:1; no rows were lost"}, func(w *world) { w.now = w.now.Add(2 * time.Hour) }},
		{"master-down", func(*world) {}, func(w *world) { w.snap.Down = []live.Down{{Addr: "a:1", Err: errors.New("refused")}} }, 0,
			[]string{"a:1: no answer from a:1, rows there are not up to date: refused"}, func(w *world) { w.snap.Down = nil }},
		{"cluster-not-covered", func(*world) {}, func(w *world) { w.snap.Server.Uncovered = 5461 }, 0,
			[]string{": 5,461 of 16,384 hash slots have no master: their rows are missing"}, func(w *world) { w.snap.Server.Uncovered = 0 }},
		{"clock-ahead", func(w *world) { w.snap.Server.Skew = -4 * time.Second }, func(w *world) { w.snap.Server.Skew = -time.Minute }, 0,
			[]string{": the server's clock is 1m00s behind ours"}, func(w *world) { w.snap.Server.Skew = 0 }},
		{"eviction-possible", func(w *world) { w.snap.Server.Facts.Policy = "allkeys-lru" }, func(w *world) { w.snap.Server.Facts.MaxMemory = 1000 }, 0,
			[]string{": maxmemory is 1,000 bytes and the policy allkeys-lru: the server may evict locks and counters"}, func(w *world) { w.snap.Server.Facts.Policy = "noeviction" }},
		{"memory-near-limit", func(w *world) { w.snap.Server.Facts.UsedMemory, w.snap.Server.Facts.MaxMemory = 900, 1000 }, func(w *world) { w.snap.Server.Facts.UsedMemory = 901 }, 0,
			[]string{": more than 90 % of maxmemory, 1,000 bytes, are used"}, func(w *world) { w.snap.Server.Facts.MaxMemory = 0 }},
		{"persistence-off", func(w *world) { w.snap.Server.Facts.NeverSaved = true }, func(w *world) { w.snap.Server.Facts.Unsaved = 3 }, 0,
			[]string{": no append-only file, and no snapshot since the server started: a restart loses all"}, func(w *world) { w.snap.Server.Facts.AOF = true }},
		{"persistence-failing", func(*world) {}, func(w *world) { w.snap.Server.Facts.RDBFailed = true }, 0,
			[]string{": the last snapshot has failed"}, func(w *world) { w.snap.Server.Facts.RDBFailed = false }},
		{"replica-of", func(*world) {}, func(w *world) { w.snap.Server.Facts.MasterOf = "b:1" }, 0,
			[]string{": the server is a replica of b:1"}, func(w *world) { w.snap.Server.Facts.MasterOf = "" }},
		{"replication-broken", func(w *world) { w.snap.Server.Facts.MasterOf = "b:1" }, func(w *world) { w.snap.Server.Facts.LinkDown = true }, 0,
			[]string{": the link to its master, b:1, is down"}, func(w *world) { w.snap.Server.Facts.LinkDown = false }},
		{"unreadable", func(w *world) { w.record("cfg:k", 3, record.ErrLeaseGone) }, func(w *world) {
			w.record("cfg:a", 0, errors.New("not text"))
			w.record("cfg:b", 0, errors.New("wrong type"))
			w.record("cfg:c", 0, errors.New("wrong type"))
		}, 0, []string{"cfg:"}, func(w *world) {
			for _, id := range []string{"a", "b", "c"} {
				w.remove("records", "cfg:"+id)
			}
		}},
	} {
		t.Run(string(c.code), func(t *testing.T) {
			w := newWorld(t, insight.Options{})
			w.follow(0)
			c.nearMiss(w)
			if got := w.of(w.follow(0), c.code); got != nil {
				t.Fatalf("a near miss is found: %s", lines(got))
			}
			c.seed(w)
			if c.after > 0 {
				w.follow(0) // it is seen, and then stays
			}
			got := w.of(w.follow(c.after), c.code)
			if len(got) != len(c.want) || !strings.HasPrefix(lines(got), lines(c.want)) {
				t.Fatalf("found\n%s\nwant\n%s", lines(got), lines(c.want))
			}
			if again := w.of(w.follow(0), c.code); !slices.Equal(got, again) {
				t.Fatalf("nothing changed, and found are\n%s\nnot\n%s", lines(again), lines(got))
			}
			c.mend(w)
			if got := w.of(w.follow(0), c.code); got != nil {
				t.Fatalf("it was mended, and still is found: %s", lines(got))
			}
		})
		tested[c.code] = true
	}
	for _, r := range insight.Rules() {
		if !tested[r.Code] {
			t.Errorf("no test has %s", r.Code)
		}
	}
}

// kv puts the database "db" with one replica.
func (w *world) kv(changes uint64, log int64, replica string, applied uint64, reported time.Duration) {
	w.set("kv", "db", func(b *kind.Builder) {
		c := &redisdb.Columns
		c.Database.Set(b, "db")
		c.Changes.Set(b, changes)
		c.LogLength.Set(b, log)
		c.Replicas.Set(b, redisdb.PackReplicas([]redisdb.Replica{{Name: replica, Applied: applied, Reported: w.now.Add(-reported)}}))
	})
}
