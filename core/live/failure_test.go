package live

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// What goes wrong with one kind alone is told by its table; its old rows and the other kinds stay.
func TestKindThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a:", "b:")
	w.put("a:1=x", "b:1=x")
	w.look()
	boom := errors.New("boom")
	w.fakes["a:"].set(func(f *fake) { f.fail = func([]string) error { return boom } })
	w.put("a:1=y", "a:2=y", "b:1=y")
	for range 3 {
		s := w.look()
		if a := s.Table("a:"); a.Err != boom || s.State != Polling || s.Table("b:").Err != nil {
			t.Errorf("%v, %+v", s.State, a)
		}
		same(t, "a", texts(s.Table("a:")), []string{"1=x"})
		same(t, "b", texts(s.Table("b:")), []string{"1=y"})
	}
	w.fakes["a:"].set(func(f *fake) { f.fail = nil })
	s := w.look()
	if a := s.Table("a:"); a.Err != nil {
		t.Errorf("%+v", a)
	}
	same(t, "a", texts(s.Table("a:")), []string{"1=y", "2=y"})

	w = newWorld(t, "a:") // one that never could be read
	w.fakes["a:"].set(func(f *fake) { f.fail = func([]string) error { return boom } })
	w.put("a:1=x")
	if s, err := w.ReadAll(ctx); err != nil || s.Table("a:").Err != boom || !s.Table("a:").Complete {
		t.Errorf("%+v, %v", s.Table("a:"), err)
	}
	w.mini.Del("a:1")
	if s := w.look(); s.Table("a:").Err != nil {
		t.Errorf("nothing is left that could not be read: %v", s.Table("a:").Err)
	}
}

// When the server cannot answer, no row turns bad and none is lost: what was found is read next time.
func TestServerThatRefusesEverything(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"!LOADING loading", "!CLUSTERDOWN down", "!BUSY script", "!NOAUTH who", "!WRONGPASS no", "cut"} {
		w := newWorld(t, "k:")
		w.fill("k:", 2*readBatch)
		w.put("k:x=" + answer)
		if err := w.read(ctx, burst); !conn.NoAnswer(err) || !strings.Contains(err.Error(), strings.TrimPrefix(answer, "!")) {
			t.Errorf("%s: %v", answer, err)
		}
		w.put("k:x=1")
		if s := w.look(); s.Table("k:").Bad != 0 || s.Table("k:").Len() != 2*readBatch+1 {
			t.Errorf("%s: %d rows, %d bad", answer, s.Table("k:").Len(), s.Table("k:").Bad)
		}
	}
	w := newWorld(t, "k:")
	w.put("k:x=!NOPERM of this key", "k:y=1")
	if s := w.look(); s.Table("k:").Bad != 1 || s.Table("k:").Len() != 2 {
		t.Errorf("%d rows, %d bad", s.Table("k:").Len(), s.Table("k:").Bad)
	}
}

func TestUnreachableServerIsAskedEverMoreSlowly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "k:")
	w.put("k:a=1")
	w.run()
	for _, waits := range [][]time.Duration{{500, 1000, 2000, 4000, 8000, 8000}, {500}} { // an answer in between starts it anew
		w.until("an answer", func(s *Snapshot) bool { return s.State == Polling && !s.ReadAt.IsZero() })
		w.mini.Close()
		for _, wait := range waits {
			before := w.Snapshot().RetryAt
			w.clock.Add(int64(time.Hour))
			w.Refresh()
			s := w.until("another failure", func(s *Snapshot) bool { return s.State == Lost && s.RetryAt.After(before.Add(time.Minute)) })
			if got := s.RetryAt.Sub(w.now()); got != wait*time.Millisecond || s.Err == nil {
				t.Errorf("next try in %v, want %v: %v", got, wait*time.Millisecond, s.Err)
			}
			same(t, "rows of before", texts(s.Table("k:")), []string{"a=1"})
		}
		if err := w.mini.Restart(); err != nil {
			t.Fatal(err)
		}
		w.Refresh()
	}
}

// A Read that fails leaves no row behind that the header then calls live: neither those of its own batch, nor those that were
// to be read after it.
func TestRowsThatCouldNotBeReadAreReadLater(t *testing.T) {
	for name, wrong := range map[string]error{
		"the way":  fmt.Errorf("%w: once", conn.ErrUnreachable),
		"the kind": errors.New("odd"),
	} {
		t.Run(name, func(t *testing.T) {
			const rows = 10 * readBatch
			admin := redistest.Single(t)
			w := newWorldAt(t, "redis://"+admin.Options().Addr, "f:")
			w.Model.refresh, w.Model.now = 20*time.Millisecond, time.Now
			w.fill("f:", rows)
			w.run()
			w.until("pushes", func(s *Snapshot) bool { return s.Pushed && s.Table("f:").Len() == rows })
			failed := make(chan struct{})
			w.fakes["f:"].set(func(f *fake) {
				var once sync.Once
				f.fail = func(ids []string) (err error) {
					if len(ids) > readBatch/2 { // of those that changed
						once.Do(func() { err = wrong; close(failed) })
					}
					return err
				}
			})
			p := w.conn.TxPipeline()
			want := 0
			for i := range rows {
				if key := fmt.Sprintf("f:%05d", i); i%2 == 0 {
					p.Del(ctx, key)
				} else {
					p.Set(ctx, key, "changed", 0)
					want++
				}
			}
			_, err := p.Exec(ctx)
			if err != nil {
				t.Fatal(err)
			}
			<-failed
			w.until("what is there", func(s *Snapshot) bool {
				return s.Pushed && s.Table("f:").Len() == want && !slices.ContainsFunc(texts(s.Table("f:")), func(text string) bool { return !strings.HasSuffix(text, "=changed") })
			})
		})
	}
}
