package live_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/live"
)

// The first pass takes one reading; after it, what comes and goes is seen within a pass of quiet readings, each of which
// costs the same however many keys there are.
func TestThousandsOfKeys(t *testing.T) {
	thousands := 20_000
	if testing.Short() {
		thousands = 5_000
	}
	some, next := fmt.Sprintf("a%07d", thousands/2), fmt.Sprintf("a%07d", thousands)
	for name, options := range map[string]func(testing.TB) conn.Options{"single": single, "cluster": cluster} {
		t.Run(name, func(t *testing.T) {
			c := open(t, options(t), 0)
			fill(t, c.Conn, 0, thousands)
			ok(t, c.Live.Reading(ctx, true))
			if a := c.Live.Snapshot().Table("actors"); a.Len() != thousands || !a.Complete || a.Bad != 0 {
				t.Fatalf("%d rows, %d bad, complete %v", a.Len(), a.Bad, a.Complete)
			}
			fill(t, c.Conn, thousands, thousands+1)
			ok(t, c.Conn.Del(ctx, "actor:"+some).Err())
			pass := thousands/live.QuietKeys + 3 // a page may hold fewer keys than were asked for, and nodes end in between
			quiet := func(seen func(a *live.Table) bool) (readings int) {
				for !seen(c.Live.Snapshot().Table("actors")) {
					readings++
					sent := c.Conn.Log.Sent()
					ok(t, c.Live.Reading(ctx, false))
					if cost := c.Conn.Log.Sent() - sent; cost > uint64(live.QuietRows)+200 {
						t.Errorf("a quiet reading sent %d commands", cost)
					}
				}
				return readings
			}
			n := quiet(func(a *live.Table) bool {
				_, born := a.Get(next)
				_, there := a.Get(some)
				return born && !there
			})
			if n > 2*pass {
				t.Errorf("seen after %d readings, a pass is %d", n, pass)
			}
			put(t, c.Conn, "actor:a0000001", actorDoc("a0000001", `,"ateomPodIp":"10.9.9.9"`))
			n = quiet(func(a *live.Table) bool { return len(a.Recent) == 3 })
			if turn := thousands/live.QuietRows + 1; n > turn {
				t.Errorf("a changed row was seen after %d readings, its turn comes after %d", n, turn)
			}
		})
	}
}

// What live sends is known and only reads.
func TestReadingsOnlyRead(t *testing.T) {
	each(t, func(t *testing.T, c *core.Core) {
		stock(t, c)
		before := c.Conn.Log.Sent()
		c.Live.Focus("actors", []string{"a1", "none"})
		for range 3 {
			ok(t, c.Live.Reading(ctx, false))
		}
		may := map[string]bool{}
		for _, name := range strings.Fields("SCAN TIME INFO GETRANGE STRLEN PTTL LLEN SCARD HSTRLEN HMGET EXISTS HELLO CLIENT") {
			may[name] = true
		}
		sent := int(c.Conn.Log.Sent() - before)
		log := c.Conn.Log.Last()
		for _, e := range log[max(0, len(log)-sent):] {
			if name, _, _ := strings.Cut(e.Text, " "); !may[name] {
				t.Errorf("a reading sent %s", e.Text)
			}
		}
		if client, is := c.Conn.UniversalClient.(*redis.Client); is && c.Live.Snapshot().Server.Version != "" {
			unharmed(t, client)
		}
	})
}

// unharmed asks the server itself: reading and inspecting everything has changed nothing, and sent nothing expensive.
func unharmed(t *testing.T, admin *redis.Client) {
	t.Helper()
	changes := func() string {
		for line := range strings.Lines(admin.Info(ctx, "persistence").Val()) {
			if n, is := strings.CutPrefix(line, "rdb_changes_since_last_save:"); is {
				return strings.TrimSpace(n)
			}
		}
		return "unknown"
	}
	c := open(t, conn.Options{URLs: []string{"redis://" + admin.Options().Addr}}, 0)
	before := changes()
	ok(t, admin.ConfigResetStat(ctx).Err())
	s := look(t, c)
	for _, table := range s.Tables {
		for _, r := range table.All(0) {
			_, _ = c.Live.Inspect(ctx, table.Kind, r.ID()) // broken ones fail
		}
	}
	if after := changes(); before == "unknown" || after != before {
		t.Errorf("the data had changed %s times before, %s after", before, after)
	}
	stats := admin.Info(ctx, "commandstats").Val()
	for _, name := range []string{"keys", "mget", "config|set", "monitor", "flushall"} {
		if strings.Contains(stats, "cmdstat_"+name+":") {
			t.Errorf("%s was sent", name)
		}
	}
	if !strings.Contains(stats, "cmdstat_scan:") {
		t.Errorf("no statistics: %s", stats)
	}
}
