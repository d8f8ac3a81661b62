package live_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"pgregory.net/rapid"

	"holdfast/core"
	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

// eachPushing runs a test with a core whose readings come once an hour: what is seen within a test was pushed.
func eachPushing(t *testing.T, test func(t *testing.T, c *core.Core)) {
	t.Helper()
	for name, server := range map[string]func(testing.TB) conn.Options{"single": single, "cluster": cluster} {
		t.Run(name, func(t *testing.T) { test(t, open(t, server(t), time.Hour)) })
	}
}

func pushed(rows int) func(s *live.Snapshot) bool {
	return func(s *live.Snapshot) bool { return s.Pushed && polling(rows)(s) }
}

func TestChangesArePushed(t *testing.T) {
	eachPushing(t, func(t *testing.T, c *core.Core) {
		fill(t, c.Conn, 0, 50)
		run(t, c)
		until(t, c, "all rows, and pushes", pushed(50))
		actor := func(id string) func(s *live.Snapshot) bool {
			return func(s *live.Snapshot) bool { _, found := s.Table("actors").Get(id); return found }
		}
		put(t, c.Conn, "actor:new", actorDoc("new", ""))
		until(t, c, "a new row", actor("new"))
		put(t, c.Conn, "actor:new", "{")
		until(t, c, "a row that turned bad", func(s *live.Snapshot) bool { return s.Table("actors").Bad == 1 })
		ok(t, c.Conn.Del(ctx, "actor:new").Err())
		until(t, c, "one row less", pushed(50))
		put(t, c.Conn, "lock:a", "token")
		until(t, c, "a lock", func(s *live.Snapshot) bool { return s.Table("locks").Len() == 1 })
		ok(t, c.Conn.PExpire(ctx, "lock:a", time.Hour).Err())
		until(t, c, "its end", func(s *live.Snapshot) bool {
			row, found := s.Table("locks").Get("lock:a")
			return found && !row.Deadline().IsZero()
		})
		ok(t, c.Conn.PExpire(ctx, "lock:a", 20*time.Millisecond).Err())
		until(t, c, "no lock", func(s *live.Snapshot) bool { return s.Table("locks").Len() == 0 })
		nodes, err := conn.Masters(ctx, c.Conn)
		ok(t, err)
		for _, n := range nodes {
			ok(t, n.FlushAll(ctx).Err())
		}
		until(t, c, "nothing", pushed(0))
	})
}

// Nothing tells of a record whose lease ends: the record's own keys stay as they are.
func TestRecordsTellThatTheirLeaseIsGone(t *testing.T) {
	eachPushing(t, func(t *testing.T, c *core.Core) {
		s, err := c.Records("ns")
		ok(t, err)
		run(t, c)
		until(t, c, "pushes", pushed(0))
		lease, err := s.NewLease(ctx, time.Hour, false)
		ok(t, err)
		for i := range 10 {
			r := record.Record{Key: record.Key(fmt.Sprint(i)), Value: []byte("v")}
			if i > 0 {
				r.Lease = lease.Id()
			}
			_, err := s.Create(ctx, r)
			ok(t, err)
		}
		until(t, c, "the records", func(s *live.Snapshot) bool { return s.Table("records").Len() == 10 })
		ok(t, c.Conn.PExpire(ctx, fmt.Sprintf("rec:{ns}:lease:%d", lease.Id()), 20*time.Millisecond).Err())
		until(t, c, "nine that wait to be swept", func(s *live.Snapshot) bool {
			records, gone := s.Table("records"), 0
			for _, r := range records.All(0) {
				if errors.Is(r.Problem(), record.ErrLeaseGone) {
					gone++
				}
			}
			return records.Len() == 10 && gone == 9 && s.Table("leases").Len() == 0
		})
	})
}

// Pushes alone arrive at what a fresh reading finds, whatever several writers do at once.
func TestPushesArriveAtWhatIsThere(t *testing.T) {
	eachPushing(t, func(t *testing.T, c *core.Core) {
		run(t, c)
		until(t, c, "pushes", pushed(0))
		scribble(t, c, 2, 500)
		if !c.Live.Snapshot().Pushed {
			t.Error("the pushes have ended")
		}
	})
}

// links are the connections over which a server pushes.
func links(t testing.TB, c *redis.Client) []string {
	t.Helper()
	list, err := c.Do(ctx, "CLIENT", "LIST", "TYPE", "pubsub").Text()
	ok(t, err)
	var ids []string
	for line := range strings.Lines(list) {
		if !strings.Contains(line, "redir=-1") {
			ids = append(ids, strings.TrimPrefix(strings.Fields(line)[0], "id="))
		}
	}
	return ids
}

// What happens while the connection is cut is found as soon as it is back.
func TestPushesThatAreCut(t *testing.T) {
	admin := redistest.Single(t)
	c := open(t, conn.Options{URLs: []string{"redis://" + admin.Options().Addr}}, time.Hour)
	run(t, c)
	for i := range 2 {
		until(t, c, "pushes", pushed(i))
		was := links(t, admin)
		if len(was) != 1 {
			t.Fatalf("links %v", was)
		}
		p := admin.TxPipeline() // nobody hears of the write
		p.Do(ctx, "CLIENT", "KILL", "ID", was[0])
		p.Set(ctx, fmt.Sprint("actor:", i), actorDoc(fmt.Sprint(i), ""), 0)
		p.Set(ctx, "actor:0", actorDoc("0", fmt.Sprintf(`,"ateomPodIp":"%d"`, i)), 0)
		_, err := p.Exec(ctx)
		ok(t, err)
		s := until(t, c, "what was missed", pushed(i+1))
		if row, _ := s.Table("actors").Get("0"); actorstore.ActorColumns.IP.Of(row) != fmt.Sprint(i) {
			t.Errorf("a row that was known is %v", row)
		}
		if now := links(t, admin); len(now) != 1 || now[0] == was[0] {
			t.Errorf("links %v after %v", now, was)
		}
	}
}

func TestPushesAfterARestart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	c := open(t, conn.Options{URLs: []string{server.URL()}}, 10*time.Millisecond)
	fill(t, server.Client(t), 0, 50)
	run(t, c)
	until(t, c, "pushes", pushed(50))
	server.Kill()
	s := until(t, c, "old rows, marked so", lost(50))
	if s.Pushed {
		t.Error("a server that is gone pushes")
	}
	server.Restart(t)
	until(t, c, "pushes of an empty server", pushed(0))
	fill(t, server.Client(t), 0, 10)
	until(t, c, "pushed rows", pushed(10))
}

// Where the server refuses to push, it is polled.
func TestServersThatDoNotPush(t *testing.T) {
	t.Parallel()
	admin := redistest.Start(t).Client(t)
	o := conn.Options{URLs: []string{"redis://" + admin.Options().Addr}, Username: "few", Password: "secret"}
	miniature, _ := mini(t)
	for _, tt := range []struct {
		name   string
		rights string
		o      conn.Options
	}{
		{"no tracking", "allkeys allchannels +@all -client|tracking", o},
		{"no subscription", "allkeys allchannels +@all -subscribe", o},
		{"no channel", "allkeys resetchannels +@all", o},
		{"miniredis", "", miniature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.rights != "" {
				args := []any{"ACL", "SETUSER", "few", "reset", "on", ">secret"}
				for _, r := range strings.Fields(tt.rights) {
					args = append(args, r)
				}
				ok(t, admin.Do(ctx, args...).Err())
				ok(t, admin.FlushAll(ctx).Err())
			}
			c := open(t, tt.o, 10*time.Millisecond)
			fill(t, c.Conn, 0, 20)
			run(t, c)
			until(t, c, "the rows", polling(20))
			fill(t, c.Conn, 20, 30)
			if s := until(t, c, "more rows", polling(30)); s.Pushed {
				t.Error("pushed")
			}
		})
	}
}

var calls = regexp.MustCompile(`cmdstat_([^:]+):calls=(\d+)`)

// A server on which nothing happens is asked for the time, and whether the connection lives.
func TestQuietServerIsLeftAlone(t *testing.T) {
	admin := redistest.Single(t)
	settings := func() string {
		all, err := admin.ConfigGet(ctx, "*").Result()
		ok(t, err)
		return fmt.Sprint(all)
	}
	before := settings()
	c := open(t, conn.Options{URLs: []string{"redis://" + admin.Options().Addr}}, 20*time.Millisecond)
	fill(t, c.Conn, 0, 2000)
	stop := run(t, c)
	first := until(t, c, "pushes", pushed(2000))
	c.Live.Focus("actors", []string{"a0000001"})
	ok(t, admin.ConfigResetStat(ctx).Err())
	until(t, c, "many readings", func(s *live.Snapshot) bool { return s.ReadAt.Sub(first.ReadAt) > 500*time.Millisecond })
	for _, m := range calls.FindAllStringSubmatch(admin.Info(ctx, "commandstats").Val(), -1) {
		switch m[1] {
		case "time", "ping", "config|resetstat":
		default:
			t.Errorf("%s was sent %s times", m[1], m[2])
		}
	}
	if after := settings(); after != before {
		t.Errorf("settings are %s, were %s", after, before)
	}
	if n := len(links(t, admin)); n != 1 {
		t.Errorf("%d connections push", n)
	}
	stop()
	redistest.Eventually(t, "no connection that pushes", func() bool { return len(links(t, admin)) == 0 })
	if c.Live.Snapshot().Pushed {
		t.Error("pushed after the end")
	}
}

// A pause holds what is pushed back; the end of it shows all.
func TestPauseHoldsPushesBack(t *testing.T) {
	c := open(t, single(t), time.Hour)
	run(t, c)
	until(t, c, "pushes", pushed(0))
	c.Live.Pause(true)
	fill(t, c.Conn, 0, 100)
	until(t, c, "what was asked for", func(s *live.Snapshot) bool {
		c.Live.Refresh() // what is pushed may come a moment later
		return s.Paused && s.Table("actors").Len() == 100
	})
	put(t, c.Conn, "actor:late", actorDoc("late", ""))
	c.Live.Pause(false)
	until(t, c, "all", pushed(101))
}

// Many writes to few keys are few readings, and none is missed.
func TestBurstIsCoalesced(t *testing.T) {
	c := open(t, single(t), time.Hour)
	writes := open(t, conn.Options{URLs: []string{"redis://" + c.Conn.Addr}}, 0)
	run(t, c)
	until(t, c, "pushes", pushed(0))
	sent := c.Conn.Log.Sent()
	for i := range 20 {
		p := writes.Conn.Pipeline()
		for j := range 1000 {
			p.Set(ctx, fmt.Sprint("actor:b", j%10), actorDoc(fmt.Sprint("b", j%10), fmt.Sprintf(`,"ateomPodIp":"%d.%d"`, i, j)), 0)
		}
		_, err := p.Exec(ctx)
		ok(t, err)
	}
	until(t, c, "the last writes", func(s *live.Snapshot) bool {
		var none []string
		differs(t, writes, s, func(format string, args ...any) { none = append(none, format) })
		return len(none) == 0 && s.Table("actors").Len() == 10
	})
	if n := c.Conn.Log.Sent() - sent; n > 2000 {
		t.Errorf("%d commands for 20,000 writes", n)
	}
}

// A run that ends while the way to the server is being made or is lost ends at once.
func TestPushesEndWithTheRun(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	c := open(t, conn.Options{URLs: []string{server.URL()}}, 10*time.Millisecond)
	for range 5 {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		if err := c.Live.Run(ctx); err != context.Canceled {
			t.Error(err)
		}
	}
	stop := run(t, c)
	until(t, c, "pushes", pushed(0))
	server.Kill()
	until(t, c, "old rows, marked so", lost(0))
	stop()
}

// The differential test of the readings, with no reading at all.
func TestPushesFindWhatAFreshReadingFinds(t *testing.T) {
	c := open(t, single(t), time.Hour)
	writes := open(t, conn.Options{URLs: []string{"redis://" + c.Conn.Addr}}, 0)
	run(t, c)
	until(t, c, "pushes", pushed(0))
	rapid.Check(t, func(rt *rapid.T) {
		w := writer{writes, func(name string, n int) int { return rapid.IntRange(0, n-1).Draw(rt, name) }}
		if rapid.IntRange(0, 9).Draw(rt, "flush") == 0 {
			ok(t, writes.Conn.FlushDB(ctx).Err())
		}
		for _, operation := range rapid.SliceOfN(rapid.IntRange(0, operations-1), 0, 30).Draw(rt, "operations") {
			if err := w.act(operation); err != nil {
				rt.Fatal(err)
			}
		}
		settle(t, writes, func() {})
		var last []string
		if err := redistest.Poll(10*time.Second, func() bool {
			last = nil
			differs(t, writes, c.Live.Snapshot(), func(format string, args ...any) { last = append(last, fmt.Sprintf(format, args...)) })
			return len(last) == 0
		}); err != nil {
			rt.Fatalf("%v: %q, pushed %v", err, last, c.Live.Snapshot().Pushed)
		}
	})
}
