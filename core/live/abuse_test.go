package live_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/buffer"
	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/internal/redistest"
)

// agrees waits until pushes are on and the index equals what connections of their own read.
func agrees(t *testing.T, c *core.Core, o conn.Options, what string) *live.Snapshot {
	t.Helper()
	fresh := open(t, o, 0)
	s := c.Live.Snapshot()
	var last []string
	err := redistest.Poll(30*time.Second, func() bool {
		s, last = c.Live.Snapshot(), nil
		if !s.Pushed || s.State != live.Polling || fresh.Conn.Reach(ctx) != nil {
			return false
		}
		differs(t, fresh, s, func(format string, args ...any) { last = append(last, fmt.Sprintf(format, args...)) })
		return len(last) == 0
	})
	if err != nil {
		t.Fatalf("%s: %v: pushed %v, %v, %q", what, err, s.Pushed, s.Err, last[:min(len(last), 5)])
	}
	return s
}

// A pass that is under way when the server goes begins anew: cursors mean nothing to the server that comes back.
func TestServerThatIsKilledInThePass(t *testing.T) {
	t.Parallel()
	const rows = 10_000
	for name, args := range map[string][]string{"with its data": {"--appendonly", "yes"}, "empty": nil} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t, args...)
			o := conn.Options{URLs: []string{server.URL()}}
			c := open(t, o, 0)
			fill(t, server.Client(t), 0, rows)
			gone := make(chan struct{})
			c.Conn.AddHook(&holdScan{after: 5, until: gone})
			run(t, c)
			until(t, c, "a part of the rows", func(s *live.Snapshot) bool { a := s.Table("actors"); return a.Len() > 0 && !a.Complete })
			server.Kill()
			close(gone)
			s := until(t, c, "a part of them, marked so", func(s *live.Snapshot) bool { return s.State == live.Lost })
			if a := s.Table("actors"); a.Complete || a.Len() == 0 || a.Len() == rows {
				t.Errorf("%d rows, complete: %v", a.Len(), a.Complete)
			}
			server.Restart(t)
			fill(t, server.Client(t), rows, rows+10)
			want := 10
			if args != nil {
				want += rows
			}
			if a := agrees(t, c, o, "what the server has now").Table("actors"); a.Len() != want {
				t.Errorf("%d rows, want %d", a.Len(), want)
			}
		})
	}
}

// holdScan is a hook that lets so many pages of SCAN through and holds the next ones until the channel is closed.
type holdScan struct {
	after int64
	until chan struct{}
	seen  atomic.Int64
}

func (*holdScan) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *holdScan) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "scan" && h.seen.Add(1) > h.after {
			<-h.until
		}
		return next(ctx, cmd)
	}
}

func (*holdScan) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestFlushOfManyRows(t *testing.T) {
	admin := redistest.Single(t)
	o := conn.Options{URLs: []string{"redis://" + admin.Options().Addr}}
	c := open(t, o, 0)
	before := int(heap())
	pod := strings.Repeat("pod", 100) // rows that weigh more than the buffers of a few connections
	inPipelines(t, admin, crowd, func(p redis.Pipeliner, i int) {
		id := fmt.Sprint(i)
		p.Set(ctx, "actor:"+id, actorDoc(id, fmt.Sprintf(`,"ateomPodNamespace":"ns","ateomPodName":"%s-%d"`, pod, i)), 0)
	})
	run(t, c)
	until(t, c, "all rows", pushed(crowd))
	full := int(heap())
	start := time.Now()
	ok(t, admin.FlushAll(ctx).Err())
	until(t, c, "none", func(s *live.Snapshot) bool { return s.Table("actors").Len() == 0 })
	took := time.Since(start)
	fill(t, admin, 0, 10)
	agrees(t, c, o, "what comes after")
	empty := 0
	redistest.Eventually(t, "the memory", func() bool { empty = int(heap()); return empty-before < (full-before)/4+spare })
	t.Logf("%d rows vanish in %v; heap %d MB before, %d full, %d after", crowd, took.Round(time.Millisecond), before>>20, full>>20, empty>>20)
}

// Rows that all end at once vanish while the screen goes on.
func TestManyRowsEndAtOnce(t *testing.T) {
	admin := redistest.Single(t)
	o := conn.Options{URLs: []string{"redis://" + admin.Options().Addr}}
	c := open(t, o, 0)
	before := int(heap())
	run(t, c)
	until(t, c, "pushes", func(s *live.Snapshot) bool { return s.Pushed })
	token := strings.Repeat("token", 60)
	inPipelines(t, admin, crowd, func(p redis.Pipeliner, i int) { p.Set(ctx, fmt.Sprint("lock:", i), token, time.Hour) })
	until(t, c, "all locks", func(s *live.Snapshot) bool { return s.Table("locks").Len() == crowd })
	full := int(heap())
	end := time.Now().Add(6 * time.Second)
	ok(t, admin.Eval(ctx, "for i = 0, ARGV[1] - 1 do redis.call('PEXPIREAT', 'lock:' .. i, ARGV[2]) end return 1", nil, crowd, end.UnixMilli()).Err())
	var last, first time.Time
	var silent time.Duration // longest between two snapshots while rows vanish
	snapshots := 0
	for c.Live.Snapshot().Table("locks").Len() > 0 {
		select {
		case <-c.Live.Changed():
		case <-time.After(20 * time.Second):
			t.Fatalf("no snapshot, %d rows left", c.Live.Snapshot().Table("locks").Len())
		}
		switch n := c.Live.Snapshot().Table("locks").Len(); {
		case n == crowd:
			continue
		case first.IsZero():
			first = time.Now()
		default:
			silent = max(silent, time.Since(last))
		}
		last = time.Now()
		snapshots++
	}
	agrees(t, c, o, "nothing")
	empty := 0
	redistest.Eventually(t, "the memory", func() bool { empty = int(heap()); return empty-before < (full-before)/4+spare })
	t.Logf("%d rows vanish between %v and %v after their end, in %d snapshots, at most %v apart; heap %d MB before, %d full, %d after",
		crowd, first.Sub(end).Round(time.Millisecond), last.Sub(end).Round(time.Millisecond), snapshots, silent.Round(time.Millisecond),
		before>>20, full>>20, empty>>20)
}

// Buffers are the kind with most keys a row. With -long there are a million.
func TestManyBuffers(t *testing.T) {
	buffers := 20_000
	if *long > time.Minute {
		buffers = 1_000_000
	} else if testing.Short() {
		buffers = 4_000
	}
	server := redistest.Start(t)
	admin := server.Client(t)
	inPipelines(t, admin, buffers, func(p redis.Pipeliner, i int) {
		base := fmt.Sprintf("buf:{store-%07d}:", i)
		p.RPush(ctx, base+"list", `{"k":1}`)
		p.SAdd(ctx, base+"keys", "k")
		p.Set(ctx, base+"size", 7, 0)
		p.Set(ctx, base+"ts", 1700000000000, 0)
	})
	o := conn.Options{URLs: []string{server.URL()}}
	c := open(t, o, 0)
	before := int(heap())
	start := time.Now()
	run(t, c)
	until(t, c, "the first rows", func(s *live.Snapshot) bool { return s.Table("buffers").Len() > 0 })
	first := time.Since(start)
	if err := redistest.Poll(5*time.Minute, func() bool { s := c.Live.Snapshot(); return s.Pushed && s.Table("buffers").Len() == buffers }); err != nil {
		t.Fatal(err)
	}
	all := time.Since(start)
	full := int(heap())
	ok(t, admin.RPush(ctx, "buf:{store-0000007}:list", "{}").Err())
	start = time.Now()
	until(t, c, "a change", func(s *live.Snapshot) bool {
		row, found := s.Table("buffers").Get("store-0000007")
		return found && buffer.Columns.Count.Of(row) == 2
	})
	change := time.Since(start)
	unheard(t, admin, func(p redis.Pipeliner) { p.RPush(ctx, "buf:{store-0000008}:list", "{}") })
	start = time.Now()
	if err := redistest.Poll(5*time.Minute, func() bool {
		s := c.Live.Snapshot()
		row, found := s.Table("buffers").Get("store-0000008")
		return s.Pushed && found && buffer.Columns.Count.Of(row) == 2
	}); err != nil {
		t.Fatal(err)
	}
	if a := c.Live.Snapshot().Table("buffers"); a.Len() != buffers || a.Bad != 0 {
		t.Errorf("%d rows, %d bad", a.Len(), a.Bad)
	}
	t.Logf("%d buffers of four keys each: first rows in %v, all in %v, %d MB of heap; a change seen in %v; all read again after a gap in %v", buffers,
		first.Round(time.Millisecond), all.Round(10*time.Millisecond), (full-before)>>20, change.Round(time.Millisecond), time.Since(start).Round(10*time.Millisecond))
}

// A key that turns into another type is a bad row as long as it is that, of whatever kind.
func TestKeysChangeTheirType(t *testing.T) {
	eachPushing(t, func(t *testing.T, c *core.Core) {
		o := conn.Options{URLs: []string{"redis://" + c.Conn.Addr}}
		if c.Conn.Mode == conn.Cluster {
			o = cluster(t)
		}
		stock(t, c)
		run(t, c)
		first := agrees(t, c, o, "the rows")
		var keys []string
		for _, table := range first.Tables {
			for _, r := range table.All(0) {
				keys = append(keys, c.Live.Keys(table.Kind, r.ID())...)
			}
		}
		values := map[string]string{}
		for _, k := range keys {
			if dump, err := c.Conn.Dump(ctx, k).Result(); err == nil {
				values[k] = dump
			}
		}
		types := []func(p redis.Pipeliner, key string){
			func(p redis.Pipeliner, key string) { p.RPush(ctx, key, "x") },
			func(p redis.Pipeliner, key string) { p.HSet(ctx, key, "field", "x") },
			func(p redis.Pipeliner, key string) { p.Set(ctx, key, "x", 0) },
			func(p redis.Pipeliner, key string) { p.SAdd(ctx, key, "x") },
			func(p redis.Pipeliner, key string) { p.ZAdd(ctx, key, redis.Z{Member: "x"}) },
			func(p redis.Pipeliner, key string) {
				p.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []string{"a", "b"}})
			},
			func(p redis.Pipeliner, key string) {
				if dump, was := values[key]; was {
					p.RestoreReplace(ctx, key, 0, dump)
				}
			},
		}
		for i, turn := range types {
			for _, k := range keys {
				_, err := c.Conn.TxPipelined(ctx, func(p redis.Pipeliner) error { p.Del(ctx, k); turn(p, k); return nil })
				ok(t, err)
			}
			s := agrees(t, c, o, fmt.Sprint("type ", i))
			if i < len(types)-1 && i != 2 && s.Table("actors").Bad != s.Table("actors").Len() {
				t.Errorf("type %d: %d of %d actors are bad", i, s.Table("actors").Bad, s.Table("actors").Len())
			}
		}
		last := c.Live.Snapshot()
		for i, table := range last.Tables {
			if want := first.Tables[i]; table.Len() != want.Len() || table.Bad != want.Bad {
				t.Errorf("%s: %d rows, %d bad; at first %d, %d", table.Kind, table.Len(), table.Bad, want.Len(), want.Bad)
			}
		}
	})
}
