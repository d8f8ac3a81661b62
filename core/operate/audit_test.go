package operate_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/operate"
	"holdfast/internal/redistest"
)

func TestAnEntryTellsWhoDidWhatWhere(t *testing.T) {
	s := single(t, operate.Options{})
	start := time.Now().Add(-time.Second)
	s.do(t, s.BumpGeneration("ns", "k"))
	e := s.trail(t)[0]
	at, err := time.Parse(time.RFC3339Nano, e["at"].(string))
	if err != nil || at.Location() != time.UTC || at.Before(start) || at.After(time.Now().Add(time.Second)) {
		t.Errorf("at %v: %v", e["at"], err)
	}
	for name, want := range map[string]any{"server": s.core.Conn.Addr, "db": json.Number("0"), "clock": "server", "verb": "bump", "kind": "generations", "id": "ns:k", "result": "done"} {
		if e[name] != want {
			t.Errorf("%s is %v, want %v", name, e[name], want)
		}
	}
	for _, name := range []string{"user", "summary", "before", "after", "took_ms"} {
		if _, ok := e[name]; !ok {
			t.Errorf("no %s in %v", name, e)
		}
	}
	if info, err := os.Stat(s.audit); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// Trails of several machines are put side by side: entries have the time of the server that they share, and say where it
// could not be asked.
func TestAnEntryHasTheTimeOfTheServerAndItsDatabase(t *testing.T) {
	t.Parallel()
	_, mini := redistest.Mini(t)
	there := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	mini.SetTime(there)
	c := redis.NewClient(&redis.Options{Addr: mini.Addr()})
	t.Cleanup(func() { c.Close() })
	reach := conn.Options{URLs: []string{"redis://" + mini.Addr() + "/3"}}
	s := newStage(t, c, reach, operate.Options{})
	s.do(t, s.BumpGeneration("ns", "k"))
	reader := newStage(t, c, reach, operate.Options{ReadOnly: true, AuditFile: s.audit})
	if _, err := reader.Do(ctx, reader.BumpGeneration("ns", "k")); !errors.Is(err, operate.ErrReadOnly) {
		t.Fatal(err)
	}
	mini.Close()
	if _, err := s.Do(ctx, s.BumpGeneration("ns", "k")); err == nil {
		t.Fatal("nobody was there")
	}
	for i, want := range []string{"server", "own", "own"} {
		e := s.trail(t)[i]
		at, err := time.Parse(time.RFC3339Nano, e["at"].(string))
		if near := at.Sub(there).Abs() < time.Hour; err != nil || e["clock"] != want || near != (want == "server") || e["db"] != json.Number("3") {
			t.Errorf("%d: %v, want the clock %s: %v", i, e, want, err)
		}
	}
}

func TestCloseWaitsForTheEntriesOfActionsUnderWay(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := newStage(t, server.Client(t), conn.Options{URLs: []string{server.URL()}}, operate.Options{})
	s.do(t, s.BumpGeneration("ns", "k")) // connected
	sent := make(chan struct{})
	s.core.Conn.AddHook(sending{sync.OnceFunc(func() { close(sent) })})
	server.Pause()
	t.Cleanup(server.Resume)
	ending, end := context.WithCancel(ctx)
	go func() { _, _ = s.Do(ending, s.BumpGeneration("ns", "k")) }()
	<-sent
	end()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if trail := s.trail(t); len(trail) != 2 || trail[1]["result"] != "unknown" {
		t.Errorf("%v", trail)
	}
	if _, err := s.Do(ctx, s.BumpGeneration("ns", "k")); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("after the end: %v", err)
	}
}

// sending calls a function before each command.
type sending struct{ each func() }

func (s sending) DialHook(next redis.DialHook) redis.DialHook { return next }
func (s sending) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (s sending) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		s.each()
		return next(ctx, cmd)
	}
}

func TestNamesThatAreNoTextAreKeptAsBase64(t *testing.T) {
	s := single(t, operate.Options{})
	key := "lock:\xff\x1b[31m\n\u202e"
	s.do(t, planned(t)(s.TakeLock(key, "", time.Minute)))
	e := s.trail(t)[0]
	got, _ := base64.StdEncoding.DecodeString(e["id"].(map[string]any)["base64"].(string))
	if string(got) != key {
		t.Errorf("%q", got)
	}
}

func TestNoPasswordReachesTheTrail(t *testing.T) {
	s := single(t, operate.Options{})
	if err := s.c.ConfigSet(ctx, "requirepass", "s3cr3t").Err(); err != nil {
		t.Fatal(err)
	}
	defer s.c.ConfigSet(ctx, "requirepass", "")
	reach := connected(t, s.c)
	reach.URLs[0] = strings.Replace(reach.URLs[0], "redis://", "redis://:s3cr3t@", 1)
	known := newStage(t, s.c, reach, operate.Options{})
	known.do(t, known.BumpGeneration("ns", "k"))
	reach.URLs[0] = strings.Replace(reach.URLs[0], "s3cr3t", "s3cr3t-wrong", 1)
	guessed := newStage(t, s.c, reach, operate.Options{})
	_, err := guessed.Do(ctx, guessed.BumpGeneration("ns", "k"))
	if err == nil || conn.Unreachable(err) {
		t.Error(err)
	}
	for _, path := range []string{known.audit, guessed.audit} {
		if text := strings.Join(lines(t, path), "\n"); strings.Contains(text, "s3cr3t") {
			t.Error(text)
		}
	}
	if e := guessed.trail(t)[0]; e["result"] != "failed" || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("%v: %v", e, err)
	}
}

func TestATrailThatCannotBeWrittenIsKnownBeforeAnythingIsDone(t *testing.T) {
	s := single(t, operate.Options{})
	for _, path := range []string{filepath.Join(t.TempDir(), "no", "such", "folder"), t.TempDir()} {
		if _, err := operate.New(s.core, operate.Options{AuditFile: path}); err == nil || !strings.Contains(err.Error(), "audit file: ") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// A disk that fills up shows only in a write: that action is done and told so, and it is the last.
func TestNothingMoreIsDoneOnceTheTrailIsFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no /dev/full")
	}
	s := single(t, operate.Options{AuditFile: "/dev/full"})
	out, err := s.Do(ctx, s.BumpGeneration("ns", "k"))
	if err == nil || !strings.Contains(err.Error(), "it is done, but the audit file") || out.Data[0] != "1" {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := s.Do(ctx, s.BumpGeneration("ns", "k")); err == nil || strings.Contains(err.Error(), "is done") {
		t.Error(err)
	}
	if got := s.c.Get(ctx, "gen:ns:k").Val(); got != "1" {
		t.Errorf("generation %s", got)
	}
	if _, err := single(t, operate.Options{AuditFile: "/dev/full", ReadOnly: true}).Do(ctx, s.BumpGeneration("ns", "k")); err == nil ||
		!strings.Contains(err.Error(), "read-only") || !strings.Contains(err.Error(), "audit file") {
		t.Error(err)
	}
}

func TestALineThatWasCutShortDoesNotTakeTheNextWithIt(t *testing.T) {
	s := single(t, operate.Options{})
	for before, want := range map[string]int{"": 1, "{}\n": 2, "{\"cut\":": 2} {
		path := filepath.Join(t.TempDir(), "audit")
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		op, err := operate.New(s.core, operate.Options{AuditFile: path})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := op.Do(ctx, op.BumpGeneration("ns", "k")); err != nil {
			t.Fatal(err)
		}
		if err := op.Close(); err != nil {
			t.Error(err)
		}
		if got := lines(t, path); len(got) != want || !strings.HasPrefix(got[want-1], `{"at":`) {
			t.Errorf("after %q: %q", before, got)
		}
	}
}

func TestActionsAtOnceWriteWholeLines(t *testing.T) {
	s := single(t, operate.Options{})
	second, err := core.Open(core.Options{Conn: connected(t, s.c)})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	other, err := operate.New(second, operate.Options{AuditFile: s.audit}) // as another process would
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	const workers, rounds = 8, 20
	var busy sync.WaitGroup
	for i := range workers {
		op := s.Operator
		if i%2 == 1 {
			op = other
		}
		busy.Go(func() {
			for range rounds {
				if _, err := op.Do(ctx, op.BumpGeneration("ns", "k")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	busy.Wait()
	after := map[string]bool{}
	for _, e := range s.trail(t) {
		after[e["after"].(interface{ String() string }).String()] = true
	}
	if len(after) != workers*rounds {
		t.Errorf("%d entries of %d", len(after), workers*rounds)
	}
}

func TestWithoutAnAuditFileNothingIsNoted(t *testing.T) {
	s := single(t, operate.Options{})
	op, err := operate.New(s.core, operate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := op.Do(ctx, op.BumpGeneration("ns", "k")); err != nil {
		t.Error(err)
	}
	s.populate(t)
	del := planned(t)(op.Delete("actors", "off", 3))
	if out, err := op.Do(ctx, del); err != nil || strings.Contains(out.NoUndo, "audit") {
		t.Errorf("%+v, %v", out, err)
	}
	if err := op.Close(); err != nil {
		t.Error(err)
	}
}
