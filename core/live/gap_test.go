package live_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/internal/redistest"
)

// unheard does something of which the connections that are told of changes hear nothing: they are cut with it.
func unheard(t *testing.T, admin *redis.Client, do func(p redis.Pipeliner)) {
	t.Helper()
	p := admin.TxPipeline()
	p.Do(ctx, "CLIENT", "KILL", "TYPE", "pubsub")
	do(p)
	_, err := p.Exec(ctx)
	ok(t, err)
}

// After a gap every row may be another, also where there are more than a reading reads again in turn.
func TestGapLeavesNoRowUnread(t *testing.T) {
	admin := redistest.Single(t)
	c := open(t, conn.Options{URLs: []string{"redis://" + admin.Options().Addr}}, time.Hour)
	const rows = 5000
	fill(t, admin, 0, rows)
	run(t, c)
	until(t, c, "pushes", pushed(rows))
	unheard(t, admin, func(p redis.Pipeliner) {
		for i := range rows {
			id := fmt.Sprintf("a%07d", i)
			p.Set(ctx, "actor:"+id, actorDoc(id, `,"ateomPodIp":"10.9.9.9"`), 0)
		}
	})
	until(t, c, "every row anew", func(s *live.Snapshot) bool {
		return pushed(rows)(s) && differences(t, c, s) == 0
	})
}

// No server tells of a SWAPDB: only rows that are read anew show what is there since.
func TestRereadFindsWhatNobodyTold(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client(t)
	c := open(t, conn.Options{URLs: []string{"redis://" + admin.Options().Addr}}, time.Hour)
	const rows = 3000
	fill(t, admin, 0, rows)
	ok(t, admin.Do(ctx, "SWAPDB", 0, 1).Err())
	fill(t, admin, rows/2, 2*rows)
	ok(t, admin.Set(ctx, "actor:a0002000", actorDoc("a0002000", `,"ateomPodIp":"10.9.9.9"`), 0).Err())
	ok(t, admin.Do(ctx, "SWAPDB", 0, 1).Err())
	run(t, c)
	until(t, c, "pushes", pushed(rows))
	ok(t, admin.Do(ctx, "SWAPDB", 0, 1).Err())
	c.Live.Reread()
	until(t, c, "the rows that were swapped in", func(s *live.Snapshot) bool {
		return pushed(rows*3/2)(s) && differences(t, c, s) == 0
	})
}
