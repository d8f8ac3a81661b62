package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/internal/redistest"
)

// listed are the names in a flush directory: written files, and what else is there.
func listed(t *testing.T, dir string) (files, rest []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".jsonl") {
			files = append(files, e.Name())
		} else {
			rest = append(rest, e.Name())
		}
	}
	return files, rest
}

// flushed are the records of each file in a flush directory.
func flushed(t *testing.T, dir string) map[string][]string {
	t.Helper()
	names, _ := listed(t, dir)
	files := map[string][]string{}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if !strings.HasSuffix(line, "\n") || !json.Valid([]byte(line)) {
				t.Errorf("%s has a torn line %q", name, line)
			}
			files[name] = append(files[name], strings.TrimSuffix(line, "\n"))
		}
	}
	return files
}

// records are those of the live buffer (at 0) or a batch of store s.
func (s server) records(t *testing.T, at int64) []string {
	t.Helper()
	batch, err := s.core.Buffers.GetContents(ctx, "s", at)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range batch.Records {
		out = append(out, string(r))
	}
	return out
}

// accounted checks that every record is in exactly one place: the live buffer, a prepared batch, or a file whose batch
// is deleted. The file of a batch that is still there holds just the batch.
func (s server) accounted(t *testing.T, dir, when string, want []string) {
	t.Helper()
	places := map[string][]string{}
	note := func(place string, records []string) {
		for _, r := range records {
			places[r] = append(places[r], place)
		}
	}
	files := flushed(t, dir)
	note("live", s.records(t, 0))
	batches, err := s.core.Buffers.Batches(ctx, "s")
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range batches {
		name, records := fmt.Sprintf("s-%d.jsonl", at), s.records(t, at)
		note("batch "+strconv.FormatInt(at, 10), records)
		if copied, ok := files[name]; ok && !slices.Equal(copied, records) {
			t.Errorf("%s: %s holds %d records, its batch %d", when, name, len(copied), len(records))
		}
		delete(files, name)
	}
	for name, records := range files {
		note(name, records)
	}
	for _, r := range want {
		if p := places[r]; len(p) != 1 {
			t.Fatalf("%s: %s is in %d places: %q", when, r, len(p), p)
		}
	}
	if len(places) != len(want) {
		t.Errorf("%s: %d records, %d were pushed", when, len(places), len(want))
	}
}

// finish flushes again, undisturbed: everything is in files then and nothing is left.
func (s server) finish(t *testing.T, dir, when string, want []string) {
	t.Helper()
	printed := strings.Fields(s.run(t, "flush", "s", "--flush-dir", dir).ok(t))
	files := flushed(t, dir)
	_, rest := listed(t, dir)
	for _, path := range printed {
		if _, ok := files[filepath.Base(path)]; !ok {
			t.Errorf("%s: %s was printed and is not there", when, path)
		}
	}
	if len(rest) > 0 {
		t.Errorf("%s: left in the directory: %q", when, rest)
	}
	if left := s.get(t, "buffers"); len(left) > 0 {
		t.Errorf("%s: left on the server: %v", when, left)
	}
	var got []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		got = append(got, files[name]...)
	}
	slices.Sort(got)
	if sorted := slices.Sorted(slices.Values(want)); !slices.Equal(got, sorted) {
		t.Errorf("%s: %d records in files, want %d, each once", when, len(got), len(want))
	}
}

// hurry lets the holds that killed flushes left behind run out in a moment, not in seconds.
func (s server) hurry(t *testing.T) {
	t.Helper()
	for _, key := range s.c.Keys(ctx, "buf:*:lock").Val() {
		if s.c.PTTL(ctx, key).Val() > 0 {
			s.c.PExpire(ctx, key, 20*time.Millisecond)
		}
	}
}

// pushMore pushes n records that nobody pushed yet.
func (s server) pushMore(t *testing.T, acknowledged []string, n int) []string {
	t.Helper()
	for range n {
		r := fmt.Sprintf(`{"n":%d}`, len(acknowledged))
		s.push(t, "s", r)
		acknowledged = append(acknowledged, r)
	}
	return acknowledged
}

// The flush of a stuck batch of two pages and a live buffer of one is killed at every single command: before the server
// sees it, and after the server has carried it out.
func TestAFlushKilledAtAnyCommandLosesNothing(t *testing.T) {
	t.Parallel()
	for hold, name := range map[redistest.Hold]string{redistest.Before: "before", redistest.After: "after"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := redistest.Start(t).Client(t)
			met := map[string]bool{}
			for n, held := 0, true; held; n++ {
				if err := one.FlushAll(ctx).Err(); err != nil {
					t.Fatal(err)
				}
				s := newServer(t, one)
				acknowledged := s.pushMore(t, nil, 300)
				s.prepare(t, "s")
				acknowledged = s.pushMore(t, acknowledged, 5)
				command := ""
				emptying := redistest.Emptying()
				gate := redistest.NewGate(t, strings.TrimPrefix(s.flags[1], "redis://"), func(i int, name string) redistest.Hold {
					if emptying(name) {
						name = "empty"
					}
					if i != n {
						return redistest.Pass
					}
					command = name
					return hold
				})
				dir := t.TempDir()
				flush := exec.Command(binary(t), "flush", "s", "--flush-dir", dir, "--url", gate.URL())
				if err := flush.Start(); err != nil {
					t.Fatal(err)
				}
				ended := make(chan error, 1)
				go func() { ended <- flush.Wait() }()
				select {
				case <-gate.Held():
					_ = flush.Process.Kill() // SIGKILL
					<-ended
				case err := <-ended:
					held = false
					if err != nil {
						t.Fatalf("undisturbed: %v", err)
					}
				}
				met[command] = true
				when := fmt.Sprintf("%s command %d (%s)", name, n, command)
				acknowledged = s.pushMore(t, acknowledged, 1)
				s.accounted(t, dir, when, acknowledged)
				if command != "empty" { // of these the next flush sees the whole hold out
					s.hurry(t)
				}
				s.finish(t, dir, when, acknowledged)
			}
			for _, step := range []string{"scan", "evalsha", "lrange", "empty"} {
				if !met[step] {
					t.Errorf("never killed at %s: %v", step, met)
				}
			}
		})
	}
}

// At any moment, not only between commands: while the file is written, synced and named. Every second flush is killed
// as soon as its temporary file shows, the others after a random part of the time that one takes.
func TestAFlushKilledAtAnyMomentLosesNothing(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	dir, path := t.TempDir(), binary(t)
	flush := func() *exec.Cmd {
		return exec.Command(path, append([]string{"flush", "s", "--flush-dir", dir}, s.flags...)...)
	}
	var mu sync.Mutex // held by the producer for a push, by the test to count
	acknowledged := s.pushMore(t, nil, 2000)
	start := time.Now()
	if err := flush().Run(); err != nil {
		t.Fatal(err)
	}
	usual := time.Since(start)

	working, stop := context.WithCancel(ctx)
	var producer sync.WaitGroup
	producer.Go(func() {
		for pace := time.Tick(200 * time.Microsecond); working.Err() == nil; <-pace {
			mu.Lock()
			r := fmt.Sprintf(`{"n":%d}`, len(acknowledged))
			_, err := s.core.Buffers.Push(ctx, "s", []byte(r))
			acknowledged = append(acknowledged, r)
			mu.Unlock()
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer func() { stop(); producer.Wait() }()
	killed := 0
	for round := range 24 {
		_, earlier := listed(t, dir)
		process := flush()
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- process.Wait() }()
		moment := time.After(time.Duration(rand.Int64N(int64(usual) * 2)))
		if round%2 == 1 {
			moment = nil
		}
		var err error
		for waiting := true; waiting; {
			select {
			case err = <-ended:
				waiting = false
			case <-moment:
				_ = process.Process.Kill() // SIGKILL
			case <-time.After(time.Millisecond):
				_, now := listed(t, dir)
				if moment == nil && slices.ContainsFunc(now, func(name string) bool { return !slices.Contains(earlier, name) }) {
					_ = process.Process.Kill()
				}
			}
		}
		if err != nil {
			killed++
			s.hurry(t)
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
			t.Errorf("round %d: %v", round, err)
		}
		mu.Lock()
		s.accounted(t, dir, fmt.Sprintf("round %d", round), acknowledged)
		mu.Unlock()
	}
	stop()
	producer.Wait()
	s.finish(t, dir, "at last", acknowledged)
	files, _ := listed(t, dir)
	t.Logf("%d of 24 were killed; %d records in %d files", killed, len(acknowledged), len(files))
}
