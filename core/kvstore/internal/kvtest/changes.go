package kvtest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
)

var changeSpecs = []spec{
	{"every mutation takes exactly the next number", func(t *testing.T, h Harness) {
		e := h.open(t)
		if n := committed(t, e); n != 0 {
			t.Errorf("an empty store is at change %d", n)
		}
		put(t, e, pair("a", "1"))
		put(t, e, pair("a", "1"), until("b", "2", h.in(time.Hour)))
		cas(t, e, "a", []byte("1"), "2")
		cas(t, e, "a", []byte("1"), "3")
		if err := e.Delete([]byte("b")); err != nil {
			t.Fatal(err)
		}
		if err := e.Delete([]byte("b")); err != nil {
			t.Fatal(err)
		}
		cas(t, e, "b", nil, "")
		var got []string
		for _, c := range history(t, e) {
			text := fmt.Sprint(c.ChangeNumber)
			for _, r := range c.Trxns {
				text += fmt.Sprintf(" %d %s=%s %v", r.Type, r.Key, r.Value, r.ExpireTS != 0)
			}
			got = append(got, text)
		}
		want := []string{"1 1 a=1 false", "2 1 a=1 false 1 b=2 true", "3 1 a=2 false", "4 2 b= false", "5 1 b= false"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}},
	{"loading gives numbers from the one asked for, contiguous, at most so many", func(t *testing.T, h Harness) {
		e := h.open(t)
		for i := range 20 {
			put(t, e, pair("k", fmt.Sprint(i)))
		}
		for _, tt := range []struct {
			from uint64
			most int
			want int
		}{
			{0, 100, 20}, {1, 100, 20}, {1, 20, 20}, {1, 5, 5}, {0, 5, 5}, {20, 5, 1}, {18, 2, 2}, {21, 5, 0}, {1 << 60, 5, 0},
			{1<<64 - 1, 5, 0}, {1, 0, 0}, {1, -1, 0}, {0, 0, 0}, {1, 1 << 40, 20},
		} {
			if got := changes(t, e, tt.from, tt.most); len(got) != tt.want {
				t.Errorf("from %d at most %d: %d, want %d", tt.from, tt.most, len(got), tt.want)
			}
		}
	}},
	{"trimmed history is an error, not a gap", func(t *testing.T, h Harness) {
		const keep, all = 100, 1000
		e := h.Open(t, keep)
		defer func() { e.Close() }()
		for i := range all {
			put(t, e, pair(fmt.Sprint("k", i%7), fmt.Sprint(i)))
		}
		for _, from := range []uint64{0, 1, 2} {
			got, err := e.LoadChanges(from, 10)
			if len(got) != 0 || !errors.Is(err, kvstore.ErrTrimmed) || !errors.Is(err, conn.ErrPrecondition) {
				t.Errorf("from %d: %d changes, %v", from, len(got), err)
			}
		}
		if got, err := e.LoadChanges(1, 0); err != nil || len(got) != 0 {
			t.Errorf("none asked for: %v, %v", got, err)
		}
		if got := changes(t, e, all-keep+1, all); len(got) != keep {
			t.Errorf("%d changes are left of %d to keep", len(got), keep)
		}
		e = h.Reopen(t, e)
		if _, err := e.LoadChanges(1, 1); !errors.Is(err, kvstore.ErrTrimmed) {
			t.Errorf("reopened: %v", err)
		}
	}},
	{"replaying from the first gives the state, also of concurrent writers", func(t *testing.T, h Harness) {
		e := h.open(t)
		var busy sync.WaitGroup
		for w := range 6 {
			busy.Go(func() {
				for i := range 40 {
					key := []byte(fmt.Sprint("k", (i*w)%5))
					var err error
					switch (i + w) % 4 {
					case 0:
						err = e.Delete(key)
					case 1:
						_, err = e.CompareAndSet(&kvstore.CompareAndSetRequest{Key: key, NewValue: fmt.Append(nil, w, i)})
					default:
						err = e.Put(pair(string(key), fmt.Sprint(w, i)), pair(fmt.Sprint("own", w), fmt.Sprint(i)))
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		busy.Wait()
		replica := h.open(t)
		save(t, replica, history(t, e))
		holds(t, replica, all(t, e)...)
	}},
}

func change(number uint64, effects ...*kvstore.TrxnRecord) *kvstore.ChangeRecord {
	return &kvstore.ChangeRecord{ChangeNumber: number, Trxns: effects}
}

func sets(key, value string) *kvstore.TrxnRecord {
	return &kvstore.TrxnRecord{Type: kvstore.TrxnPut, Key: []byte(key), Value: []byte(value)}
}

func removes(key string) *kvstore.TrxnRecord {
	return &kvstore.TrxnRecord{Type: kvstore.TrxnDelete, Key: []byte(key)}
}

var applySpecs = []spec{
	{"applied changes are counted, logged and visible", func(t *testing.T, h Harness) {
		e := h.open(t)
		if n := applied(t, e); n != 0 {
			t.Errorf("applied %d", n)
		}
		if n := save(t, e, nil); n != 0 {
			t.Errorf("nothing saved gave %d", n)
		}
		ts := h.in(time.Hour)
		list := []*kvstore.ChangeRecord{
			change(1, sets("a", "1"), sets("b", "1"), removes("a"), sets("b", "2"), removes("never")),
			change(2, &kvstore.TrxnRecord{Type: kvstore.TrxnPut, Key: []byte("c"), ExpireTS: ts}),
			change(3), change(4, removes("never")),
			change(5, &kvstore.TrxnRecord{Type: kvstore.TrxnPut, Key: []byte("b"), Value: []byte("3"), ExpireTS: 1}),
		}
		if n := save(t, e, list); n != 5 || applied(t, e) != 5 || committed(t, e) != 5 {
			t.Errorf("saved %d, applied %d, committed %d", n, applied(t, e), committed(t, e))
		}
		holds(t, e, until("c", "", ts))
		chained := h.open(t)
		save(t, chained, history(t, e))
		holds(t, chained, until("c", "", ts))
		if n := applied(t, chained); n != 5 {
			t.Errorf("a replica's replica applied %d", n)
		}
	}},
	{"duplicates are skipped and a gap is refused", func(t *testing.T, h Harness) {
		e := h.open(t)
		one, two, three := change(1, sets("a", "1")), change(2, sets("a", "2")), change(3, sets("a", "3"))
		for _, tt := range []struct {
			list []*kvstore.ChangeRecord
			want uint64
			err  error
		}{
			{[]*kvstore.ChangeRecord{two}, 0, kvstore.ErrGap},
			{[]*kvstore.ChangeRecord{change(0, sets("a", "0"))}, 0, nil},
			{[]*kvstore.ChangeRecord{one, one, one}, 1, nil},
			{[]*kvstore.ChangeRecord{one, three}, 1, kvstore.ErrGap},
			{[]*kvstore.ChangeRecord{one, two, one, two}, 2, nil},
			{[]*kvstore.ChangeRecord{change(2, sets("a", "other"))}, 2, nil},
			{[]*kvstore.ChangeRecord{three, change(5), change(4)}, 3, kvstore.ErrGap},
			{[]*kvstore.ChangeRecord{change(1 << 52)}, 3, kvstore.ErrGap},
			{nil, 3, nil},
		} {
			n, err := e.SaveChanges(tt.list)
			if n != tt.want || !errors.Is(err, tt.err) || applied(t, e) != n || committed(t, e) != n {
				t.Errorf("%v: %d, %v; want %d, %v; applied %d", numbers(tt.list), n, err, tt.want, tt.err, applied(t, e))
			}
			if tt.err != nil && !errors.Is(err, conn.ErrPrecondition) {
				t.Errorf("%v is no precondition", err)
			}
		}
		holds(t, e, pair("a", "3"))
	}},
	{"the first failure ends it, with the number of the last one applied", func(t *testing.T, h Harness) {
		for what, bad := range map[string]*kvstore.ChangeRecord{
			"no change": nil, "an empty effect": change(2, nil), "a type of nothing": change(2, sets("b", "2"), &kvstore.TrxnRecord{Key: []byte("k")}),
			"an empty key": change(2, sets("b", "2"), sets("", "x")), "a key too long": change(2, removes(string(make([]byte, kvstore.MaxKey+1)))),
			"an expiry in milliseconds": change(2, &kvstore.TrxnRecord{Type: kvstore.TrxnPut, Key: []byte("k"), ExpireTS: kvstore.MaxExpireTS + 1}),
		} {
			e := h.open(t)
			n, err := e.SaveChanges([]*kvstore.ChangeRecord{change(1, sets("a", "1")), bad, change(2, sets("c", "2")), change(3, sets("d", "3"))})
			if n != 1 || !errors.Is(err, kvstore.ErrChange) {
				t.Errorf("%s: %d, %v", what, n, err)
			}
			holds(t, e, pair("a", "1"))
			if n := applied(t, e); n != 1 {
				t.Errorf("%s: applied %d", what, n)
			}
		}
	}},
	{"the applied number survives a reopening", func(t *testing.T, h Harness) {
		e := h.Open(t, 0)
		save(t, e, []*kvstore.ChangeRecord{change(1, sets("a", "1")), change(2, sets("b", "2"))})
		e = h.Reopen(t, e)
		defer func() { e.Close() }()
		if n := applied(t, e); n != 2 {
			t.Errorf("applied %d", n)
		}
		if n := save(t, e, []*kvstore.ChangeRecord{change(2, sets("b", "other")), change(3, removes("a"))}); n != 3 {
			t.Errorf("saved %d", n)
		}
		holds(t, e, pair("b", "2"))
	}},
	{"local writes take local numbers and leave the applied one alone", func(t *testing.T, h Harness) {
		e := h.open(t)
		save(t, e, []*kvstore.ChangeRecord{change(1, sets("a", "1"))})
		put(t, e, pair("a", "local"), pair("b", "local"))
		if n, a := committed(t, e), applied(t, e); n != 2 || a != 1 {
			t.Errorf("numbers %d, %d", n, a)
		}
		save(t, e, []*kvstore.ChangeRecord{change(2, sets("a", "2"))})
		holds(t, e, pair("a", "2"), pair("b", "local"))
		if n, a := committed(t, e), applied(t, e); n != 3 || a != 2 {
			t.Errorf("numbers %d, %d", n, a)
		}
		if len(history(t, e)) != 3 {
			t.Error("the log is not whole")
		}
	}},
	{"two that replicate at once apply each change once", func(t *testing.T, h Harness) {
		master, replica := h.open(t), h.open(t)
		for i := range 120 {
			put(t, master, pair(fmt.Sprint("k", i%9), fmt.Sprint(i)))
			if i%4 == 0 {
				_ = master.Delete([]byte(fmt.Sprint("k", i%5)))
			}
		}
		end := committed(t, master)
		var busy sync.WaitGroup
		for w := range 3 {
			busy.Go(func() {
				for {
					n, err := replica.GetLatestAppliedChangeNumber()
					if err != nil || n == end {
						if err != nil {
							t.Error(err)
						}
						return
					}
					list, err := master.LoadChanges(n+1, 3+w)
					if err == nil {
						_, err = replica.SaveChanges(list)
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		busy.Wait()
		holds(t, replica, all(t, master)...)
		if n := committed(t, replica); n != end {
			t.Errorf("%d changes of %d", n, end)
		}
	}},
}

func numbers(list []*kvstore.ChangeRecord) (out []uint64) {
	for _, c := range list {
		out = append(out, c.ChangeNumber)
	}
	return out
}
