package operate_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/buffer"
	"holdfast/core/conn"
	"holdfast/core/operate"
	"holdfast/internal/redistest"
)

func TestAFlushMovesRecordsFromTheServerIntoAFile(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		s.push(t, "s", 3)
		s.push(t, "other", 1)
		out := s.do(t, s.FlushBatch("s", 0, 3, 21))
		if len(out.Data) != 1 || filepath.Dir(out.Data[0]) != s.dir || !strings.HasPrefix(filepath.Base(out.Data[0]), "s-") {
			t.Fatalf("%+v", out)
		}
		if got := lines(t, out.Data[0]); !slices.Equal(got, []string{`{"n":0}`, `{"n":1}`, `{"n":2}`}) {
			t.Errorf("%q", got)
		}
		if f := s.files(t); len(f) != 1 {
			t.Errorf("files %q", f)
		}
		for k := range dump(t, s.c) {
			if !strings.Contains(k, "{other}") && !strings.HasSuffix(k, ":ops") {
				t.Errorf("%s is left", k)
			}
		}
		if out.Undo != nil || out.NoUndo == "" || !strings.Contains(out.Text, "3 records") {
			t.Errorf("%+v", out)
		}
		for name, want := range map[string]os.FileMode{s.dir: 0o700, out.Data[0]: 0o600} {
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: %v, %v", name, info.Mode(), err)
			}
		}
		if _, err := s.Do(ctx, s.FlushBatch("s", 0, 3, 21)); !errors.Is(err, operate.ErrNothing) {
			t.Errorf("a second flush: %v", err)
		}
	})
}

func TestFlushStoreFinishesWhatIsLeftBeforeTheLiveBuffer(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		var want []string
		for n := 1; n <= 3; n++ {
			s.push(t, "a:{b}", n)
			if n == 3 {
				break
			}
			at, _, err := s.core.Buffers.Prepare(ctx, "a:{b}", "")
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, fmt.Sprintf("a%%3A%%7Bb%%7D-%d.jsonl", at))
		}
		s.push(t, "a", 1)
		out := s.do(t, s.FlushStore("a:{b}"))
		if len(out.Data) != 3 || filepath.Base(out.Data[0]) != want[0] || filepath.Base(out.Data[1]) != want[1] {
			t.Fatalf("%q, want %q first", out.Data, want)
		}
		for i, path := range out.Data {
			if got := lines(t, path); len(got) != i+1 {
				t.Errorf("%s: %q", path, got)
			}
		}
		rows, err := s.core.Buffers.GetOld(ctx)
		if err != nil || len(rows) != 1 || rows[0].Store != "a" {
			t.Errorf("left: %v, %v", rows, err)
		}
		e := s.trail(t)[0]
		if len(e["before"].([]any)) != 3 || !sameBytes(e["after"], map[string]any{"files": out.Data}) {
			t.Errorf("%v", e)
		}
		if out := s.do(t, s.FlushStore("a:{b}")); out.Data != nil || !strings.Contains(out.Text, "nothing") {
			t.Errorf("nothing left gave %+v", out)
		}
	})
}

func TestFlushLeavesALockedBufferAlone(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		s.push(t, "s", 2)
		at, _, err := s.core.Buffers.Prepare(ctx, "s", "")
		if err != nil {
			t.Fatal(err)
		}
		s.push(t, "s", 1)
		for _, at := range []int64{0, at} {
			token, _, err := s.core.Buffers.Lock(ctx, "s", at, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			before := dump(t, s.c)
			_, err = s.Do(ctx, s.FlushBatch("s", at, 2, 14))
			if !errors.Is(err, buffer.ErrLocked) || !errors.Is(err, conn.ErrPrecondition) {
				t.Errorf("at %d: %v", at, err)
			}
			if after := dump(t, s.c); !sameBytes(before, after) || s.files(t) != nil {
				t.Errorf("at %d: %v, files %v", at, after, s.files(t))
			}
			if _, err := s.Do(ctx, s.UnlockBuffer("s", at, "guess")); !errors.Is(err, operate.ErrConflict) || !errors.Is(err, conn.ErrPrecondition) {
				t.Errorf("at %d, another token: %v", at, err)
			}
			s.do(t, s.UnlockBuffer("s", at, token))
		}
		if out := s.do(t, s.FlushStore("s")); len(out.Data) != 2 {
			t.Errorf("%+v", out)
		}
	})
}

// What was flushed before an action failed halfway is told all the same.
func TestAHalfDoneFlushTellsItsFiles(t *testing.T) {
	s := single(t, operate.Options{})
	s.push(t, "s", 2)
	if _, _, err := s.core.Buffers.Prepare(ctx, "s", ""); err != nil {
		t.Fatal(err)
	}
	s.push(t, "s", 1)
	if _, _, err := s.core.Buffers.Lock(ctx, "s", 0, time.Hour); err != nil {
		t.Fatal(err)
	}
	out, err := s.Do(ctx, s.FlushStore("s"))
	if !errors.Is(err, buffer.ErrLocked) || len(out.Data) != 1 || len(lines(t, out.Data[0])) != 2 {
		t.Errorf("%+v, %v", out, err)
	}
	if e := s.trail(t)[0]; e["result"] != "refused" || !sameBytes(e["after"], map[string]any{"files": out.Data}) {
		t.Error(e)
	}
}

// interrupted flushes through a gate and gives up when the gate holds a command.
func interrupted(t *testing.T, s *stage, a func(*operate.Operator) operate.Action, hold func(n int, command string) redistest.Hold) error {
	t.Helper()
	gate := redistest.NewGate(t, s.c.(*redis.Client).Options().Addr, hold)
	behind := newStage(t, s.c, conn.Options{URLs: []string{gate.URL()}}, operate.Options{FlushDir: s.dir})
	defer behind.core.Close() // before the gate, which waits for its clients
	cut, cancel := context.WithCancel(ctx)
	go func() { <-gate.Held(); cancel() }()
	_, err := behind.Do(cut, a(behind.Operator))
	return err
}

func TestFlushingABatchAgainWritesTheSameFile(t *testing.T) {
	s := single(t, operate.Options{})
	s.push(t, "s", 600)
	emptying := redistest.Emptying()
	err := interrupted(t, s, func(o *operate.Operator) operate.Action { return o.FlushBatch("s", 0, 600, 0) },
		func(_ int, command string) redistest.Hold {
			if emptying(command) {
				return redistest.Before
			}
			return redistest.Pass
		})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "flush it again") {
		t.Fatal(err)
	}
	batches, err := s.core.Buffers.Batches(ctx, "s")
	if err != nil || len(batches) != 1 || len(s.files(t)) != 1 {
		t.Fatalf("batches %v, files %v, %v", batches, s.files(t), err)
	}
	path := filepath.Join(s.dir, s.files(t)[0])
	first, _ := os.ReadFile(path)
	s.push(t, "s", 1) // of the live buffer: another batch
	out := s.do(t, s.FlushBatch("s", batches[0], 600, 0))
	again, _ := os.ReadFile(path)
	if out.Data[0] != path || string(first) != string(again) || len(s.files(t)) != 1 || len(lines(t, path)) != 600 {
		t.Errorf("%+v, files %v", out, s.files(t))
	}
	if left, err := s.core.Buffers.Batches(ctx, "s"); len(left) > 0 || err != nil {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestAFileWithOtherContentIsNeverOverwritten(t *testing.T) {
	s := single(t, operate.Options{})
	s.push(t, "s", 2)
	at, _, err := s.core.Buffers.Prepare(ctx, "s", "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.dir, fmt.Sprintf("s-%d.jsonl", at))
	if err := errors.Join(os.Mkdir(s.dir, 0o700), os.WriteFile(path, []byte("mine\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	before := dump(t, s.c)
	_, err = s.Do(ctx, s.FlushStore("s"))
	if !errors.Is(err, operate.ErrFileExists) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "untouched") {
		t.Error(err)
	}
	if got := lines(t, path); got[0] != "mine" || len(s.files(t)) != 1 {
		t.Errorf("%q, files %v", got, s.files(t))
	}
	if after := dump(t, s.c); !sameBytes(before, after) {
		t.Errorf("before %v\nafter %v", before, after)
	}
	if e := s.trail(t)[0]; e["result"] != "failed" {
		t.Error(e)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if out := s.do(t, s.FlushStore("s")); len(out.Data) != 1 || out.Data[0] != path {
		t.Errorf("%+v", out)
	}
}

func TestWhatCannotBeWrittenStaysOnTheServer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"below a file": filepath.Join(file, "deep", "dir"), "a file": file} {
		s := single(t, operate.Options{FlushDir: dir})
		s.push(t, "s", 2)
		_, err := s.Do(ctx, s.FlushStore("s"))
		if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "untouched") || conn.Unreachable(err) {
			t.Errorf("%s: %v", name, err)
		}
		batches, _ := s.core.Buffers.Batches(ctx, "s")
		if len(batches) != 1 {
			t.Fatalf("%s: batches %v", name, batches)
		}
		whole, err := s.core.Buffers.GetContents(ctx, "s", batches[0])
		if err != nil || len(whole.Records) != 2 {
			t.Errorf("%s: %v, %v", name, whole, err)
		}
	}
}

// meddler changes a batch when its first page is read.
type meddler struct {
	redis.Hook
	meddle func()
	armed  bool
}

func (m *meddler) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (m *meddler) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (m *meddler) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if m.armed && slices.ContainsFunc(cmds, func(c redis.Cmder) bool { return c.Name() == "lrange" }) {
			m.armed = false
			m.meddle()
		}
		return next(ctx, cmds)
	}
}

func TestABatchThatChangesWhileItIsReadIsNotEmptied(t *testing.T) {
	for name, change := range map[string]func(c redis.UniversalClient, list string) error{
		"grows":    func(c redis.UniversalClient, list string) error { return c.RPush(ctx, list, `{"late":1}`).Err() },
		"shrinks":  func(c redis.UniversalClient, list string) error { return c.LPop(ctx, list).Err() },
		"vanishes": func(c redis.UniversalClient, list string) error { return c.Del(ctx, list).Err() },
	} {
		s := single(t, operate.Options{})
		s.push(t, "s", 3)
		at, _, err := s.core.Buffers.Prepare(ctx, "s", "")
		if err != nil {
			t.Fatal(err)
		}
		list := fmt.Sprintf("buf:%d:{s}:list", at)
		s.core.Conn.AddHook(&meddler{armed: true, meddle: func() {
			if err := change(s.c, list); err != nil {
				t.Error(err)
			}
		}})
		_, err = s.Do(ctx, s.FlushBatch("s", at, 3, 21))
		want := operate.ErrTorn
		if name == "vanishes" {
			want = buffer.ErrNotFound
		}
		if !errors.Is(err, want) || s.files(t) != nil {
			t.Errorf("%s: %v, files %v", name, err, s.files(t))
		}
		if s.c.Exists(ctx, strings.Replace(list, ":list", ":size", 1)).Val() != 1 {
			t.Errorf("%s: it was emptied", name)
		}
	}
}

func TestAFlushOfWhatIsNotThere(t *testing.T) {
	s := single(t, operate.Options{})
	if _, err := s.Do(ctx, s.FlushBatch("s", 12345, 0, 0)); !errors.Is(err, operate.ErrNothing) {
		t.Error(err)
	}
	if out := s.do(t, s.FlushStore("s")); len(out.Data) > 0 {
		t.Errorf("%+v", out)
	}
	for _, a := range []operate.Action{s.FlushStore(""), s.FlushBatch("", 0, 0, 0)} {
		if _, err := s.Do(ctx, a); !errors.Is(err, buffer.ErrStore) {
			t.Errorf("no name: %v", err)
		}
	}
	if err := s.c.Set(ctx, "buf:{odd}:list", "text", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Do(ctx, s.FlushStore("odd")); !errors.Is(err, buffer.ErrCorrupt) {
		t.Errorf("another type: %v", err)
	}
	if s.files(t) != nil {
		t.Errorf("files %v", s.files(t))
	}
}

// A killed flush leaves its temporary file; the next flush of the same batch takes it away, and nobody else's.
func TestTemporaryFilesDoNotPileUp(t *testing.T) {
	s := single(t, operate.Options{})
	s.push(t, "s", 1)
	at, _, err := s.core.Buffers.Prepare(ctx, "s", "")
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("s-%d.jsonl", at)
	kept := []string{".s-1.jsonl.5.tmp", "." + name + ".x-5.jsonl.7.tmp", "note.tmp"}
	for _, n := range append(kept, "."+name+".1.tmp", "."+name+".234.tmp") {
		if err := errors.Join(os.MkdirAll(s.dir, 0o700), os.WriteFile(filepath.Join(s.dir, n), []byte("{"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	s.do(t, s.FlushBatch("s", at, 1, 7))
	want := slices.Sorted(slices.Values(append(kept, name)))
	if got := s.files(t); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Two operators who flush at once do not lose or repeat a record; one of them may be told that he came too late.
func TestConcurrentFlushesOfOneStore(t *testing.T) {
	s := single(t, operate.Options{})
	const rounds = 5
	for range rounds {
		s.push(t, "s", 700)
		if _, _, err := s.core.Buffers.Prepare(ctx, "s", ""); err != nil {
			t.Fatal(err)
		}
		s.push(t, "s", 5)
		results := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := s.Do(ctx, s.FlushStore("s"))
				results <- err
			}()
		}
		for range 2 {
			if err := <-results; err != nil && !errors.Is(err, buffer.ErrLocked) && !errors.Is(err, buffer.ErrNotFound) && !errors.Is(err, operate.ErrTorn) && !errors.Is(err, os.ErrNotExist) {
				t.Error(err)
			}
		}
		s.do(t, s.FlushStore("s"))
	}
	n := 0
	for _, f := range s.files(t) {
		n += len(lines(t, filepath.Join(s.dir, f)))
	}
	if n != rounds*705 {
		t.Errorf("%d lines for %d records, files %v", n, rounds*705, s.files(t))
	}
}

// Of two operators who flush one batch to folders of their own, one writes and deletes it; the other is refused, has left
// no file, and says so.
func TestABatchIsFlushedByOne(t *testing.T) {
	one := single(t, operate.Options{})
	two := newStage(t, one.c, connected(t, one.c), operate.Options{})
	for round := range 5 {
		one.push(t, "s", 600)
		at, _, err := one.core.Buffers.Prepare(ctx, "s", "")
		if err != nil {
			t.Fatal(err)
		}
		results := make(chan error, 2)
		for _, s := range []*stage{one, two} {
			go func() {
				_, err := s.Do(ctx, s.FlushBatch("s", at, 600, 0))
				results <- err
			}()
		}
		won := 0
		for range 2 {
			switch err := <-results; {
			case err == nil:
				won++
			case !errors.Is(err, conn.ErrPrecondition) && !errors.Is(err, operate.ErrNothing):
				t.Error(err)
			}
		}
		if files := append(one.files(t), two.files(t)...); won != 1 || len(files) != round+1 {
			t.Fatalf("%d won, files %q", won, files)
		}
	}
	one.push(t, "s", 2)
	at, _, err := one.core.Buffers.Prepare(ctx, "s", "")
	if err != nil {
		t.Fatal(err)
	}
	held, err := two.core.Buffers.Hold(t.Context(), "s", at)
	if err != nil {
		t.Fatal(err)
	}
	files := one.files(t)
	for name, a := range map[string]operate.Action{"FlushBatch": one.FlushBatch("s", at, 2, 0), "FlushStore": one.FlushStore("s")} {
		if _, err := one.Do(ctx, a); !errors.Is(err, buffer.ErrLocked) || !errors.Is(err, conn.ErrPrecondition) || strings.Contains(err.Error(), "untouched") {
			t.Errorf("%s of what another holds: %v", name, err)
		}
	}
	if now := one.files(t); !slices.Equal(now, files) {
		t.Errorf("it left %q", now)
	}
	if err := held.Release(ctx); err != nil {
		t.Fatal(err)
	}
	one.do(t, one.FlushBatch("s", at, 2, 0))
}
