package record_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/record"
	"holdfast/internal/redistest"
)

// thousand starts 1,000 waits on as many quiet records, half of them leased, and returns when all of them wait.
func thousand(t *testing.T, c redis.UniversalClient, s *record.RedisStorage) {
	t.Helper()
	l := grant(t, s, time.Hour, false)
	brief, cancel := context.WithCancel(ctx)
	t.Cleanup(cancel)
	for i := range 1000 {
		lease := []record.LeaseId{record.NoLeaseId, l.Id()}[i%2]
		key := fmt.Sprint("quiet", i)
		v := put(t, s, key, "", lease)
		go s.WaitForVersionChange(brief, record.Key(key), v)
	}
	redistest.Eventually(t, "the subscription stands", func() bool { return subscribers(c) == 1 })
	settled := int64(-1)
	redistest.Eventually(t, "all of them wait", func() bool {
		was := settled
		ran := calls(c)
		settled = ran["evalsha"] + ran["evalsha_ro"]
		return settled == was && settled >= 2000
	})
}

// calls counts the commands that the server ran since CONFIG RESETSTAT, those inside scripts too.
func calls(c redis.UniversalClient) map[string]int64 {
	out := map[string]int64{}
	for line := range strings.Lines(c.Info(ctx, "commandstats").Val()) {
		name, rest, _ := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		n, _, _ := strings.Cut(rest, ",")
		if count, err := strconv.ParseInt(n, 10, 64); err == nil && name != "info" && !strings.HasPrefix(name, "config") {
			out[name] = count
		}
	}
	return out
}

// One published lock on Redis spun at 60,466 commands/s; here a thousand waiters may cost 50 together. Time is counted
// in polls, of which there is one every 5 s.
func TestAThousandQuietWaitersCostAtMostFiftyCommandsASecond(t *testing.T) {
	c := redistest.Single(t)
	c.ConfigResetStat(ctx)
	s := openNS(t, c, "ns", record.Options{Poll: 100 * time.Millisecond})
	thousand(t, c, s)
	c.ConfigResetStat(ctx)
	const polls, seconds = 10, 5 * 10
	var ran map[string]int64
	redistest.Eventually(t, "ten polls pass", func() bool { ran = calls(c); return ran["zrange"] >= polls })
	total := int64(0)
	for _, n := range ran {
		total += n
	}
	t.Logf("%d commands in %d polls, %.1f/s: %v", total, ran["zrange"], float64(total)/seconds*polls/float64(ran["zrange"]), ran)
	if total*polls > 50*seconds*ran["zrange"] {
		t.Errorf("too many")
	}
}

// What happens to other keys of the namespace costs waiters no command at all.
func TestBusyNeighboursDoNotWakeWaiters(t *testing.T) {
	c := redistest.Single(t)
	c.ConfigResetStat(ctx)
	mine := redis.NewClient(c.Options())
	defer mine.Close()
	trips := &redistest.Trips{}
	mine.AddHook(trips)
	s := patient(t, mine)
	thousand(t, c, s)
	before := trips.N.Load()
	busy := open(t, c)
	for i := range 500 {
		put(t, busy, fmt.Sprint("busy", i), "", record.NoLeaseId)
	}
	v, err := s.Get(ctx, "quiet0") // a change of one key wakes its own waiter, behind all the others on the same channel
	if err != nil {
		t.Fatal(err)
	}
	done := waitFor(t, c, s, "quiet0", v.Version)
	if _, err := busy.CasByVersion(ctx, v); err != nil {
		t.Fatal(err)
	}
	<-done
	if n := trips.N.Load() - before; n > 10 {
		t.Errorf("%d round trips", n)
	}
}
