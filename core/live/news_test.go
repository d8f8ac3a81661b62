package live_test

import (
	"slices"
	"testing"
	"time"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/internal/redistest"
)

// told waits for an event of a kind and returns it.
func told(t *testing.T, c *core.Core, what live.EventKind) live.Event {
	t.Helper()
	find := func(s *live.Snapshot) int {
		return slices.IndexFunc(s.Events, func(e live.Event) bool { return e.What == what })
	}
	s := until(t, c, "the event", func(s *live.Snapshot) bool { return find(s) >= 0 })
	return s.Events[find(s)]
}

// Rows that are gone are news, not an empty table under a green badge.
func TestLossIsTold(t *testing.T) {
	t.Parallel()
	lostAll := []live.Loss{{Kind: "actors", Before: 50, After: 0}}
	for name, tt := range map[string]struct {
		args []string
		lose func(t *testing.T, s *redistest.Server)
		what live.EventKind
		anew bool
		lost []live.Loss
	}{
		"FLUSHALL": {nil, func(t *testing.T, s *redistest.Server) { ok(t, s.Client(t).FlushAll(ctx).Err()) }, live.Flushed, false, lostAll},
		"FLUSHDB":  {nil, func(t *testing.T, s *redistest.Server) { ok(t, s.Client(t).FlushDB(ctx).Err()) }, live.Flushed, false, lostAll},
		"a restart without its data": {nil, func(t *testing.T, s *redistest.Server) {
			s.Kill()
			s.Restart(t)
		}, live.Restarted, true, lostAll},
		"a restart with its data": {[]string{"--appendonly", "yes", "--appendfsync", "always"}, func(t *testing.T, s *redistest.Server) {
			s.Kill()
			s.Restart(t)
		}, live.Restarted, true, nil},
		"deleted by a script": {nil, func(t *testing.T, s *redistest.Server) {
			ok(t, s.Client(t).Eval(ctx, "for _, k in ipairs(redis.call('KEYS', '*')) do redis.call('DEL', k) end return 1", nil).Err())
		}, live.Vanished, false, lostAll},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t, tt.args...)
			c := open(t, conn.Options{URLs: []string{server.URL()}}, 10*time.Millisecond)
			fill(t, server.Client(t), 0, 50)
			run(t, c)
			s := until(t, c, "pushes", pushed(50))
			if len(s.Events) > 0 {
				t.Fatalf("a start is no event: %+v", s.Events)
			}
			tt.lose(t, server)
			e := told(t, c, tt.what)
			if !slices.Equal(e.Lost, tt.lost) || e.At.IsZero() || e.Anew != tt.anew || tt.what != live.Vanished && e.Node != server.Addr {
				t.Errorf("got %+v, want the loss %+v of %s", e, tt.lost, server.Addr)
			}
		})
	}
}

// A server that tells nothing of changes is watched for losses, too.
func TestLossOnAServerThatDoesNotPush(t *testing.T) {
	t.Parallel()
	admin := redistest.Start(t).Client(t)
	ok(t, admin.Do(ctx, "ACL", "SETUSER", "few", "reset", "on", ">secret", "allkeys", "allchannels", "+@all", "-client|tracking").Err())
	c := open(t, conn.Options{URLs: []string{"redis://" + admin.Options().Addr}, Username: "few", Password: "secret"}, 10*time.Millisecond)
	fill(t, admin, 0, 50)
	run(t, c)
	until(t, c, "the rows", polling(50))
	ok(t, admin.FlushAll(ctx).Err())
	e := told(t, c, live.Vanished)
	if want := []live.Loss{{Kind: "actors", Before: 50, After: 0}}; !slices.Equal(e.Lost, want) {
		t.Errorf("got %+v, want %+v", e.Lost, want)
	}
}

// A replica that had nothing of its master's data takes over: who, from whom, and what is gone.
func TestFailoverToAnEmptyReplicaIsTold(t *testing.T) {
	t.Parallel()
	w := watch(t)
	c := open(t, w.options, 50*time.Millisecond)
	fill(t, w.admins[0], 0, 50)
	run(t, c)
	until(t, c, "pushes", pushed(50))
	ok(t, w.admins[1].ConfigSet(ctx, "replica-read-only", "no").Err())
	ok(t, w.admins[1].FlushAll(ctx).Err())
	w.failover(t)
	e := told(t, c, live.TookOver)
	if e.Node != w.admins[1].Options().Addr || e.Was != w.admins[0].Options().Addr || len(e.Lost) != 1 {
		t.Errorf("got %+v, want that %s took over from %s", e, w.admins[1].Options().Addr, w.admins[0].Options().Addr)
	}
}

// Locks and buffers that come and go are no news.
func TestOrdinaryLifeIsNoNews(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client(t)
	c := open(t, conn.Options{URLs: []string{server.URL()}}, 10*time.Millisecond)
	fill(t, admin, 0, 200)
	for i := range 30 {
		put(t, admin, "lock:job:"+string(rune('a'+i)), "token")
	}
	run(t, c)
	until(t, c, "pushes", pushed(200))
	for i := range 30 {
		ok(t, admin.Del(ctx, "lock:job:"+string(rune('a'+i))).Err())
	}
	s := until(t, c, "no locks", func(s *live.Snapshot) bool { return s.Table("locks").Len() == 0 && s.Pushed })
	if len(s.Events) > 0 {
		t.Errorf("told: %+v", s.Events)
	}
}
