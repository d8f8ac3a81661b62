package live

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

func TestReadingShowsWhatIsThere(t *testing.T) {
	w := newWorld(t, "a:", "b:")
	if s := w.Snapshot(); s.State != Connecting || s.Table("a:").Complete || len(s.Tables) != 2 || !s.ReadAt.IsZero() {
		t.Errorf("before: %+v", s)
	}
	w.put("a:1=x", "a:2=bad", "b:1=y", "other=z")
	s := w.look()
	if s.State != Polling || s.Err != nil || s.ReadAt != w.now() || s.Refresh != time.Hour || s.Server.Role != "single" {
		t.Errorf("%+v", s)
	}
	same(t, "a", texts(s.Table("a:")), []string{"1=x", "2=bad"})
	same(t, "b", texts(s.Table("b:")), []string{"1=y"})
	if a := s.Table("a:"); !a.Complete || a.Bad != 1 || a.Err != nil || a.ReadAt != w.now() || len(a.Recent) != 0 {
		t.Errorf("%+v", a)
	}
	select {
	case <-w.Changed():
	default:
		t.Error("no change was told")
	}

	w.put("a:1=x~2", "a:2=good", "a:3=new")
	w.mini.Del("b:1")
	next := w.look()
	same(t, "a", texts(next.Table("a:")), []string{"1=x", "2=good", "3=new"})
	same(t, "changes of b", spell(next.Table("b:").Recent), []string{"-1"})
	changes := spell(next.Table("a:").Recent)
	slices.Sort(changes)
	same(t, "changes of a", changes, []string{"+3", "~2:bad>good"})
	same(t, "a before", texts(s.Table("a:")), []string{"1=x", "2=bad"})
	if r := next.Table("a:"); !slices.Equal(r.Rates, []int{2}) || r.Bad != 0 {
		t.Errorf("%+v", r)
	}
	if quiet := w.look(); quiet.Table("a:").Rev != next.Table("a:").Rev {
		t.Error("a new revision without a change")
	}
}

func TestKeyBelongsToTheFirstFeedThatKnowsIt(t *testing.T) {
	t.Parallel()
	for _, order := range [][]string{{"k:sub:", "k:"}, {"k:", "k:sub:"}} {
		w := newWorld(t, order...)
		w.put("k:a=1", "k:sub:b=1")
		s := w.look()
		if order[0] == "k:" {
			same(t, "k", texts(s.Table("k:")), []string{"a=1", "sub:b=1"})
			same(t, "sub", texts(s.Table("k:sub:")), nil)
		} else {
			same(t, "k", texts(s.Table("k:")), []string{"a=1"})
			same(t, "sub", texts(s.Table("k:sub:")), []string{"b=1"})
		}
	}
}

// One page of SCAN and the rows of it are enough for the first screen.
func TestFirstRowsAreShownBeforeThePassEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "k:")
	w.fill("k:", 5*readBatch)
	hold := make(chan struct{})
	calls := 0
	w.fakes["k:"].set(func(f *fake) {
		f.before = func([]string) {
			f.mu.Lock()
			calls++
			late := calls > readAhead
			f.mu.Unlock()
			if late {
				<-hold
			}
		}
	})
	w.run()
	s := w.until("the first rows", func(s *Snapshot) bool { return s.Table("k:").Len() > 0 })
	if k := s.Table("k:"); k.Complete || k.Len() > readAhead*readBatch || s.State != Polling || !s.ReadAt.IsZero() {
		t.Errorf("%d rows, %+v", k.Len(), s)
	}
	close(hold)
	s = w.until("all rows", func(s *Snapshot) bool { return s.Table("k:").Complete })
	if s.Table("k:").Len() != 5*readBatch || s.ReadAt.IsZero() {
		t.Errorf("%d rows, %+v", s.Table("k:").Len(), s)
	}
}

// However long the first pass is, it goes on: no refresh is waited for.
func TestFirstPassIsNotHeldUp(t *testing.T) {
	shortBursts(t)
	w := newWorldAt(t, "redis://"+redistest.Single(t).Options().Addr, "k:")
	const all = 5 * scanCount // more than one reading scans
	w.fill("k:", all)
	w.run()
	w.until("all rows", func(s *Snapshot) bool { return s.Table("k:").Complete && s.Table("k:").Len() == all })
}

func TestLongReadingPublishesOnItsWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "k:")
	w.fill("k:", 20*readBatch)
	var seen []int
	w.fakes["k:"].set(func(f *fake) {
		f.before = func([]string) {
			f.mu.Lock()
			defer f.mu.Unlock()
			w.clock.Add(int64(publishEvery / 2))
			seen = append(seen, w.Snapshot().Table("k:").Len())
		}
	})
	if err := w.read(ctx, burst); err != nil {
		t.Fatal(err)
	}
	if slices.Sort(seen); len(slices.Compact(seen)) < 3 {
		t.Errorf("rows that were shown on the way: %v", seen)
	}

	w = newWorld(t, "k:") // the same for somebody who wants one answer
	w.fill("k:", 5*readBatch)
	w.fakes["k:"].set(func(f *fake) {
		f.before = func([]string) {
			w.clock.Add(int64(time.Hour))
			if s := w.Snapshot(); s.State != Connecting {
				t.Errorf("published on the way: %+v", s)
			}
		}
	})
	if s, err := w.ReadAll(ctx); err != nil || s.Table("k:").Len() != 5*readBatch {
		t.Error(s, err)
	}
}

func TestFocusIsReadAtEveryReadingOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a:", "b:")
	w.fill("a:", 3*burst.turn)
	w.fill("b:", 10)
	w.look()
	w.Focus("a:", []string{"00000", "02500", "none", "02500"})
	for range 4 {
		w.fakes["a:"].forget()
		s := w.look()
		asked := w.fakes["a:"].forget()
		for id, n := range asked {
			if n != 1 {
				t.Errorf("%s was asked for %d times", id, n)
			}
		}
		if asked["00000"] != 1 || asked["02500"] != 1 || asked["none"] != 1 || len(asked) > burst.turn+3 {
			t.Errorf("asked for %d rows, those on the screen %d, %d, %d times", len(asked), asked["00000"], asked["02500"], asked["none"])
		}
		if s.Table("a:").Len() != 3*burst.turn || len(s.Table("a:").Recent) != 0 {
			t.Errorf("a row that does not exist: %+v", s.Table("a:"))
		}
	}
	w.put("a:none=1") // it comes to be
	if s := w.look(); fmt.Sprint(spell(s.Table("a:").Recent)) != "[+none]" {
		t.Errorf("%q", spell(s.Table("a:").Recent))
	}

	w.Focus("b:", []string{"00001"})
	w.Focus("unknown", []string{"x"}) // it replaces the one before
	w.fakes["a:"].forget()
	w.look()
	if asked := w.fakes["a:"].forget(); len(asked) != burst.turn {
		t.Errorf("asked for %d rows", len(asked))
	}
}

func TestChangesOfTheKeyspaceAreNoticed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "k:")
	w.fill("k:", 5*burst.turn)
	w.look()
	last := fmt.Sprintf("%05d", 5*burst.turn-1) // far from its turn
	w.mini.Del("k:" + last)
	w.put("k:new=1")
	s := w.look()
	changes := spell(s.Table("k:").Recent)
	slices.Sort(changes)
	same(t, "a pass later", changes, []string{"+new", "-" + last})

	w.put("k:" + last + "=2")
	same(t, "made again", spell(w.look().Table("k:").Recent[2:]), []string{"+" + last})

	w.put("k:" + last + "=3") // a change without a key that comes or goes is seen in its turn
	turns := 0
	for s = w.Snapshot(); len(s.Table("k:").Recent) < 4; turns++ {
		s = w.look()
	}
	if turns > 6 {
		t.Errorf("seen after %d readings", turns)
	}

	w.mini.FlushAll()
	if s = w.look(); s.Table("k:").Len() != 0 || s.Table("k:").Rates[len(s.Table("k:").Rates)-1] != 5*burst.turn+1 {
		t.Errorf("%d rows after a flush, rates %v", s.Table("k:").Len(), s.Table("k:").Rates)
	}
}

func TestRowThatGoesBetweenScanAndRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "k:")
	w.look()
	w.put("k:a=1", "k:b=1")
	w.fakes["k:"].set(func(f *fake) { f.before = func([]string) { w.mini.Del("k:a") } })
	s := w.look()
	same(t, "rows", texts(s.Table("k:")), []string{"b=1"})
	same(t, "changes", spell(s.Table("k:").Recent), []string{"+b"})
	if n := len(w.trackers[0].wanted); n != 0 {
		t.Errorf("%d are still wanted", n)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "k:")
	w.put("k:a=1")
	w.Pause(true)
	if s := w.Snapshot(); !s.Paused || s.State != Connecting {
		t.Errorf("%+v", s)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if asked, err := w.sleep(short, 1, false); asked || err != context.DeadlineExceeded {
		t.Errorf("the time alone ended a pause: %v, %v", asked, err)
	}
	w.Refresh()
	if asked, err := w.sleep(ctx, 1, false); !asked || err != nil {
		t.Errorf("a refresh in a pause: %v, %v", asked, err)
	}
	if s := w.look(); !s.Paused || s.Table("k:").Len() != 1 {
		t.Errorf("%+v", s)
	}
	w.Pause(false)
	if asked, err := w.sleep(ctx, time.Hour, false); !asked || err != nil || w.Snapshot().Paused {
		t.Errorf("the end of a pause: %v, %v", asked, err)
	}
	w.Pause(false) // it was none
	if asked, err := w.sleep(ctx, 1, false); asked || err != nil {
		t.Errorf("no pause: %v, %v", asked, err)
	}
}

// What was written before Refresh is on the screen after it, also when a reading was under way.
func TestRefreshDuringAReadingMakesAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "k:")
	w.put("k:a=1")
	started, hold := make(chan struct{}), make(chan struct{})
	w.fakes["k:"].set(func(f *fake) {
		first := sync.OnceFunc(func() { close(started); <-hold })
		f.before = func([]string) { first() }
	})
	w.run()
	<-started
	w.put("k:b=1")
	w.Refresh()
	close(hold)
	w.until("the second row", func(s *Snapshot) bool { return s.Table("k:").Len() == 2 })
}

func TestRunEndsWithItsContextAndLeavesNothingBehind(t *testing.T) { // alone: it looks at all goroutines
	w := newWorld(t, "k:")
	w.fill("k:", 10*readBatch)
	reading := make(chan struct{}, 100)
	hold := make(chan struct{})
	w.fakes["k:"].set(func(f *fake) { f.before = func([]string) { reading <- struct{}{}; <-hold } })
	stop := w.run()
	<-reading // batches are on their way
	go func() { close(hold) }()
	stop()
	redistest.Eventually(t, "no goroutine of the model is left", func() bool { // one that is done may still have to leave
		stacks := make([]byte, 1<<20)
		text := string(stacks[:runtime.Stack(stacks, true)])
		return !strings.Contains(text, "live.(*reading)") && !strings.Contains(text, "live.(*Model)")
	})
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := w.Run(ended); err != context.Canceled {
		t.Errorf("Run of an ended context: %v", err)
	}
	if _, err := w.ReadAll(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("ReadAll of an ended context: %v", err)
	}
}

func TestEverybodyMayAskAtAnyTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a:", "b:")
	w.refresh = time.Microsecond
	w.fill("a:", 50)
	w.run()
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 50 {
				id := fmt.Sprintf("%05d", i)
				s := w.Snapshot()
				before := texts(s.Table("a:"))
				switch g {
				case 0:
					w.Focus("a:", []string{id})
					w.Refresh()
				case 1:
					w.Pause(i%2 == 0)
				case 2:
					w.put("a:"+id+"=2", fmt.Sprintf("b:%d=1", i))
				case 3:
					if _, err := w.ReadRow(ctx, "a:", id); err != nil {
						t.Error(err)
					}
				}
				same(t, "an old snapshot", texts(s.Table("a:")), before)
			}
		})
	}
	all.Wait()
	w.Pause(false)
	w.until("all that was written", func(s *Snapshot) bool {
		for i := range 50 {
			if r, ok := s.Table("a:").Get(fmt.Sprintf("%05d", i)); !ok || textOf(r) != "2" {
				return false
			}
		}
		return s.Table("b:").Len() == 50 && !s.Paused
	})
}

func TestReadAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("k:a=1")
	if s, err := w.ReadAll(ctx); err != nil || len(s.Tables) != 0 || s.State != Polling {
		t.Errorf("of no kind: %+v, %v", s, err)
	}
	w = newWorld(t, "k:")
	w.put("k:a=1")
	for _, want := range []string{"a=1", "a=2"} {
		w.put("k:" + want)
		s, err := w.ReadAll(ctx)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "rows", texts(s.Table("k:")), []string{want})
	}
	w.fill("k:", 3*burst.turn)
	for _, text := range []string{"2", "3"} {
		changed := []string{}
		for i := range 3 * burst.turn {
			changed = append(changed, fmt.Sprintf("k:%05d=%s", i, text))
		}
		w.put(changed...)
		s, err := w.ReadAll(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range texts(s.Table("k:")) {
			if row != "a=2" && !strings.HasSuffix(row, "="+text) {
				t.Fatalf("%s was not read again", row)
			}
		}
	}
	w.mini.Close()
	if s, err := w.ReadAll(ctx); s != nil || !conn.Unreachable(err) {
		t.Errorf("%+v, %v", s, err)
	}
}

// A server with many keys and a slow line: a reading stops scanning in time for the next one, and goes on where it stopped.
func TestSlowScanDoesNotHoldUpTheScreen(t *testing.T) {
	c := redistest.Single(t)
	w := newWorldAt(t, "redis://"+c.Options().Addr, "k:")
	w.fill("k:", 6*scanCount)
	w.look()
	w.conn.AddHook(slowScan{w})
	w.fakes["k:"].forget()
	w.refresh = 2 * time.Second // half of it are two pages
	for n := 1; w.passes < 2; n++ {
		before := w.now()
		w.look()
		if pages := w.now().Sub(before) / slowPage; pages > 3 || n > 6 {
			t.Fatalf("reading %d took %d pages", n, pages)
		}
	}
}
