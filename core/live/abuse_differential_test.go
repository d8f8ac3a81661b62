package live_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/internal/redistest"
)

// The differential check under abuse: whatever is written while connections are cut and servers fail, as soon as it is
// quiet the index equals a fresh full read, key for key. It takes seconds, or as long as -long says.

var (
	long = flag.Duration("long", 2*time.Second, "how long each differential check under abuse writes and cuts")
	seed = flag.Uint64("seed", 0, "repeats the choices of a differential check; 0: new ones")
)

// abused is a deployment and what can be done to it.
type abused struct {
	options conn.Options
	admins  func() []*redis.Client // of every server, dead or alive
	fail    func(t *testing.T)     // lets a server fail, until it is whole again
	name    string                 // of that failure
}

var abuses = map[string]func(t *testing.T) abused{
	"server that keeps its data": func(t *testing.T) abused {
		return restarted(t, "--appendonly", "yes", "--appendfsync", "always")
	},
	"server that loses its data": func(t *testing.T) abused { return restarted(t) },
	"sentinel":                   failedOver,
	"cluster": func(t *testing.T) abused {
		nodes, clients, o := twoMasters(t)
		victim := 0
		return abused{o, func() []*redis.Client { return clients[:] }, func(t *testing.T) {
			victim = 1 - victim
			nodes[victim].Kill()
			nodes[victim].Restart(t)
			whole(t, clients)
		}, "restarts of a master"}
	},
}

func restarted(t *testing.T, args ...string) abused {
	server := redistest.Start(t, args...)
	admin := server.Client(t)
	return abused{conn.Options{URLs: []string{server.URL()}}, func() []*redis.Client { return []*redis.Client{admin} },
		func(t *testing.T) { server.Kill(); server.Restart(t) }, "restarts"}
}

// failedOver is a master with a replica and a sentinel, which makes the one the other when told to.
func failedOver(t *testing.T) abused {
	w := watch(t)
	return abused{w.options, func() []*redis.Client { return w.admins[:] }, func(t *testing.T) {
		w.failover(t)
		w.patient(t, "the old master as a replica", w.replicates)
	}, "failovers"}
}

// watched is a master, its replica and their sentinel.
type watched struct {
	options  conn.Options
	admins   [2]*redis.Client
	sentinel *redis.SentinelClient
}

const masterName = "mymaster"

// watch starts one; args are for the first master alone.
func watch(t *testing.T, args ...string) *watched {
	t.Helper()
	first := redistest.Start(t, args...)
	host, port, _ := net.SplitHostPort(first.Addr)
	second := redistest.Start(t, "--replicaof", host+" "+port)
	w := &watched{admins: [2]*redis.Client{first.Client(t), second.Client(t)}}
	redistest.Eventually(t, "a replica", w.replicates)
	s := redistest.Sentinel(t, masterName, first)
	w.options = conn.Options{URLs: []string{"redis://" + s.Addr}, SentinelMaster: masterName}
	w.sentinel = redis.NewSentinelClient(&redis.Options{Addr: s.Addr})
	t.Cleanup(func() { w.sentinel.Close() })
	return w
}

// replicates tells that one follows the other, and nothing is under way.
func (w *watched) replicates() bool {
	masters, replicas := 0, 0
	for _, a := range w.admins {
		info := a.Info(ctx, "replication").Val()
		if strings.Contains(info, "role:master") {
			masters++
		}
		if strings.Contains(info, "role:slave") && strings.Contains(info, "master_link_status:up") {
			replicas++
		}
	}
	return masters == 1 && replicas == 1
}

func (w *watched) failover(t *testing.T) {
	t.Helper()
	was, err := w.sentinel.GetMasterAddrByName(ctx, masterName).Result()
	ok(t, err)
	w.patient(t, "a failover", func() bool { return w.sentinel.Failover(ctx, masterName).Err() == nil })
	w.patient(t, "another master", func() bool {
		now, err := w.sentinel.GetMasterAddrByName(ctx, masterName).Result()
		return err == nil && strings.Join(now, ":") != strings.Join(was, ":")
	})
}

// patient waits longer than others: a sentinel looks at its servers every ten seconds.
func (w *watched) patient(t *testing.T, what string, ok func() bool) {
	t.Helper()
	if err := redistest.Poll(90*time.Second, ok); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// figures of a check.
type figures struct {
	operations, lost, cuts, failures, checks, rows atomic.Int64
	slowest                                        time.Duration // from the end of the writes to an index that is right
}

func TestDifferentialUnderAbuse(t *testing.T) {
	t.Parallel()
	for what, make := range abuses {
		t.Run(what, func(t *testing.T) {
			from := *seed
			if from == 0 {
				from = rand.Uint64()
			}
			t.Parallel() // each has servers of its own
			a := make(t)
			var f figures
			began := time.Now()
			defer func() {
				t.Logf("seed %d, %v: %d operations, %d of them lost, %d connections cut, %d %s; %d comparisons of %d rows, each right within %v",
					from, time.Since(began).Round(time.Second), f.operations.Load(), f.lost.Load(), f.cuts.Load(), f.failures.Load(), a.name,
					f.checks.Load(), f.rows.Load(), f.slowest.Round(time.Millisecond))
			}()
			c := open(t, a.options, 0)
			run(t, c)
			random := rand.New(rand.NewPCG(from, 0))
			for stretch := uint64(1); f.checks.Load() == 0 || time.Since(began) < *long; stretch++ {
				a.stretch(t, &f, from+stretch, random)
				a.compare(t, c, &f)
			}
		})
	}
}

// stretch writes and cuts for a while, with a failure in the midst of the first stretch and of every third.
func (a abused) stretch(t *testing.T, f *figures, seed uint64, random *rand.Rand) {
	t.Helper()
	var writers sync.WaitGroup
	end := make(chan struct{})
	for i := range 3 {
		writers.Go(func() {
			c := open(t, a.options, 0)
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			w := writer{c, func(name string, n int) int {
				if name == "name" || name == "pod" {
					n = 400
				}
				return random.IntN(n)
			}}
			pace := time.NewTicker(2 * time.Millisecond) // the machine has others to serve
			defer pace.Stop()
			for {
				select {
				case <-end:
					return
				case <-pace.C:
				}
				f.operations.Add(1)
				if w.act(random.IntN(operations)) != nil {
					f.lost.Add(1)
				}
			}
		})
	}
	fails := -1
	if random.IntN(3) == 0 || f.failures.Load() == 0 {
		fails = random.IntN(10)
	}
	for i := range 10 {
		<-time.After(time.Duration(random.IntN(100)) * time.Millisecond)
		a.cut(t, f)
		if i == fails {
			a.fail(t)
			f.failures.Add(1)
		}
	}
	close(end)
	writers.Wait()
}

// cut kills every connection to every server, those of the model among them.
func (a abused) cut(t *testing.T, f *figures) {
	t.Helper()
	for _, admin := range a.admins() {
		for _, kind := range []string{"normal", "pubsub"} {
			n, err := admin.ClientKillByFilter(ctx, "TYPE", kind).Result()
			if err != nil && !conn.Unreachable(err) {
				t.Fatal(err)
			}
			f.cuts.Add(n)
		}
	}
}

// compare waits until the index equals what connections of their own read, and pushes are on again.
func (a abused) compare(t *testing.T, c *core.Core, f *figures) {
	t.Helper()
	quiet := time.Now()
	var last []string
	err := redistest.Poll(40*time.Second, func() bool {
		s := c.Live.Snapshot()
		if !s.Pushed || s.State != live.Polling {
			last = []string{fmt.Sprint("pushed ", s.Pushed, ", state ", s.State, ": ", s.Err)}
			return false
		}
		fresh := open(t, a.options, 0)
		defer fresh.Close()
		last = nil
		differs(t, fresh, s, func(format string, args ...any) { last = append(last, fmt.Sprintf(format, args...)) })
		return len(last) == 0
	})
	if err != nil {
		t.Fatal(errors.Join(err, fmt.Errorf("%d differences: %q", len(last), last[:min(len(last), 5)])))
	}
	f.slowest = max(f.slowest, time.Since(quiet))
	f.checks.Add(1)
	for _, table := range c.Live.Snapshot().Tables {
		f.rows.Add(int64(table.Len()))
	}
}

// differences counts in what an index is not what its own connection reads afresh.
func differences(t testing.TB, c *core.Core, s *live.Snapshot) (n int) {
	t.Helper()
	differs(t, c, s, func(string, ...any) { n++ })
	return n
}
