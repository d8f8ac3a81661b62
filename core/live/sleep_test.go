package live_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/internal/redistest"
)

// sleeperURL tells the test binary to be a process that can be put to sleep.
const sleeperURL = "HOLDFAST_TEST_SLEEPER"

// TestSleeper is no test but that process: it runs a model and says what every snapshot holds.
func TestSleeper(t *testing.T) {
	url := os.Getenv(sleeperURL)
	if url == "" {
		return
	}
	c := open(t, conn.Options{URLs: []string{url}}, 0)
	run(t, c)
	for range c.Live.Changed() {
		s := c.Live.Snapshot()
		first := ""
		if a := s.Table("actors"); a.Len() > 0 {
			first = a.Row(0).String()
		}
		fmt.Printf("pushed %v, state %d, %d rows, %s\n", s.Pushed, s.State, s.Table("actors").Len(), first)
	}
}

// sleeper is such a process, seen from outside.
type sleeper struct {
	*os.Process
	mu   sync.Mutex
	said string
}

func (s *sleeper) says(parts ...string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range parts {
		if !strings.Contains(s.said, p) {
			return false
		}
	}
	return true
}

func startSleeper(t *testing.T, url string) *sleeper {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestSleeper$")
	cmd.Env = append(os.Environ(), sleeperURL+"="+url)
	out, err := cmd.StdoutPipe()
	ok(t, err)
	ok(t, cmd.Start())
	s := &sleeper{Process: cmd.Process}
	var heard sync.WaitGroup
	heard.Go(func() {
		for in := bufio.NewScanner(out); in.Scan(); {
			s.mu.Lock()
			s.said = in.Text()
			s.mu.Unlock()
		}
	})
	t.Cleanup(func() {
		_ = s.Kill()
		heard.Wait()
		_ = cmd.Wait()
	})
	return s
}

// A laptop that sleeps hears nothing for as long as it does: meanwhile the server closes the connection that pushes,
// because nobody reads, and the others, because somebody cuts them or nobody does. What the dashboard shows afterwards
// is what is there, and it says so.
func TestProcessThatSleeps(t *testing.T) {
	t.Parallel()
	const rows = 2000
	for _, tt := range []struct {
		name string
		cut  bool // the server closes every connection meanwhile
		full bool // and that which pushes, because its buffer is full
	}{
		{"nothing is cut", false, false}, {"everything is cut", true, false}, {"the pushes did not fit", false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := redistest.Start(t, "--client-output-buffer-limit", "pubsub 256kb 64kb 1")
			admin := server.Client(t)
			fill(t, admin, 0, rows)
			s := startSleeper(t, server.URL())
			redistest.Eventually(t, "pushes", func() bool { return s.says("pushed true", fmt.Sprintf("%d rows", rows)) })
			ok(t, s.Signal(syscall.SIGSTOP))
			was := links(t, admin)
			put(t, admin, "actor:a0000000", actorDoc("a0000000", `,"ateomPodIp":"10.9.9.9"`))
			ok(t, admin.Del(ctx, "actor:a0000001").Err())
			if tt.full {
				// Told in one piece, and larger than the buffer may be: what else is on its way does not matter.
				ok(t, admin.Eval(ctx, "for i = 1, ARGV[1] do local k = 'actor:' .. string.rep('x', 1000) .. i; redis.call('SET', k, ''); redis.call('DEL', k) end return 1",
					nil, rows).Err())
				redistest.Eventually(t, "the end of the connection that pushes", func() bool { return len(links(t, admin)) == 0 })
				put(t, admin, "actor:a0000000", actorDoc("a0000000", `,"ateomPodIp":"10.9.9.9"`))
				ok(t, admin.Del(ctx, "actor:a0000001").Err())
			}
			if tt.cut {
				for _, kind := range []string{"normal", "pubsub"} {
					ok(t, admin.ClientKillByFilter(ctx, "TYPE", kind).Err())
				}
			}
			if len(was) != 1 {
				t.Errorf("links %v", was)
			}
			ok(t, s.Signal(syscall.SIGCONT))
			redistest.Eventually(t, "what is there", func() bool {
				return s.says("pushed true", fmt.Sprintf("%d rows", rows-1), "10.9.9.9")
			})
			put(t, admin, "actor:a0000000", actorDoc("a0000000", `,"ateomPodIp":"10.8.8.8"`))
			redistest.Eventually(t, "what comes after", func() bool { return s.says("pushed true", "10.8.8.8") })
		})
	}
}

// A storm of writes that the server cannot get rid of makes it close the connection that pushes. That is a gap as any.
func TestPushesThatDoNotFit(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--client-output-buffer-limit", "pubsub 64kb 16kb 1")
	admin := server.Client(t)
	o := conn.Options{URLs: []string{server.URL()}}
	c := open(t, o, 0)
	run(t, c)
	until(t, c, "pushes", pushed(0))
	seen := map[string]bool{}
	for round := range 2 {
		for _, id := range links(t, admin) {
			seen[id] = true
		}
		_, err := admin.TxPipelined(ctx, func(p redis.Pipeliner) error { // told in one piece
			for i := range 10_000 {
				id := fmt.Sprintf("a%07d", i)
				p.Set(ctx, "actor:"+id, actorDoc(id, fmt.Sprintf(`,"ateomPodIp":"10.0.0.%d"`, round)), 0)
			}
			return nil
		})
		ok(t, err)
		until(t, c, "every row", func(s *live.Snapshot) bool { return s.Table("actors").Len() == 10_000 })
		agrees(t, c, o, "what was written")
	}
	if len(seen) < 2 {
		t.Error("the connection that pushes was never closed: the storm was none")
	}
}

// While the slots of a cluster go from one master to another, rows neither vanish nor turn old.
func TestSlotsMoveUnderPushes(t *testing.T) {
	t.Parallel()
	_, clients, o := twoMasters(t)
	c, writes := open(t, o, time.Hour), open(t, o, 0)
	const rows = 300
	fill(t, writes.Conn, 0, rows)
	run(t, c)
	until(t, c, "all rows", pushed(rows))
	end := make(chan struct{})
	var busy sync.WaitGroup
	var written, refused, seen int
	least := rows
	busy.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-end:
				return
			default:
			}
			id := fmt.Sprintf("a%07d", i%rows)
			if writes.Conn.Set(ctx, "actor:"+id, actorDoc(id, fmt.Sprintf(`,"ateomPodIp":"10.0.%d.%d"`, i>>8&255, i&255)), 0).Err() != nil {
				refused++
			}
			written++
		}
	})
	busy.Go(func() {
		for {
			select {
			case <-end:
				return
			case <-c.Live.Changed():
				least = min(least, c.Live.Snapshot().Table("actors").Len())
				seen++
			}
		}
	})
	move(t, clients)
	close(end)
	busy.Wait()
	s := agrees(t, c, o, "what is there")
	if a := s.Table("actors"); a.Len() != rows || a.Bad != 0 {
		t.Errorf("%d rows, %d bad", a.Len(), a.Bad)
	}
	put(t, writes.Conn, "actor:a0000000", actorDoc("a0000000", `,"ateomPodIp":"10.9.9.9"`))
	agrees(t, c, o, "what comes from the new master")
	if least < rows {
		t.Errorf("only %d of %d rows were shown meanwhile", least, rows)
	}
	t.Logf("%d writes, %d refused, %d snapshots, at least %d rows in each", written, refused, seen, least)
}
