package kvtest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"holdfast/core/kvstore"
)

var casSpecs = []spec{
	{"compare-and-set sets what is as expected, and false changes nothing", func(t *testing.T, h Harness) {
		e := h.open(t)
		put(t, e, pair("a", "1"), pair("empty", ""))
		for _, tt := range []struct {
			key  string
			old  []byte
			want bool
		}{
			{"a", nil, false}, {"a", []byte{}, false}, {"a", []byte("2"), false}, {"a", []byte("1\x00"), false},
			{"empty", nil, false}, {"empty", []byte("x"), false}, {"none", []byte{}, false}, {"none", []byte("x"), false},
		} {
			same(t, e, "a false compare-and-set", func() {
				if cas(t, e, tt.key, tt.old, "new") {
					t.Errorf("%s with %q was set", tt.key, tt.old)
				}
			})
		}
		for _, tt := range []struct {
			key string
			old []byte
			set string
		}{{"a", []byte("1"), "2"}, {"a", []byte("2"), ""}, {"a", []byte{}, "3"}, {"empty", []byte{}, "x"}, {"none", nil, ""}} {
			before := committed(t, e)
			if !cas(t, e, tt.key, tt.old, tt.set) {
				t.Errorf("%s with %q was not set", tt.key, tt.old)
			}
			if n := committed(t, e); n != before+1 {
				t.Errorf("change %d after %d", n, before)
			}
		}
		holds(t, e, pair("a", "3"), pair("empty", "x"), pair("none", ""))
	}},
	{"compare-and-set refuses keys out of bounds", func(t *testing.T, h Harness) {
		e := h.open(t)
		for _, key := range [][]byte{nil, {}, make([]byte, kvstore.MaxKey+1)} {
			ok, err := e.CompareAndSet(&kvstore.CompareAndSetRequest{Key: key, NewValue: []byte("x")})
			if ok || !errors.Is(err, kvstore.ErrKey) {
				t.Errorf("a key of %d bytes: %v, %v", len(key), ok, err)
			}
		}
		if ok, err := e.CompareAndSet(nil); ok || !errors.Is(err, kvstore.ErrKey) {
			t.Errorf("no request: %v, %v", ok, err)
		}
		holds(t, e)
	}},
	{"of many that create one wins, and no increment is lost", func(t *testing.T, h Harness) {
		e := h.open(t)
		const workers, each = 8, 25
		var created atomic.Int64
		var busy sync.WaitGroup
		for w := range workers {
			busy.Go(func() {
				ok, err := e.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("made"), NewValue: fmt.Append(nil, w)})
				if err != nil {
					t.Error(err)
				}
				if ok {
					created.Add(1)
				}
				for done := 0; done < each; {
					req := &kvstore.CompareAndSetRequest{Key: []byte("n"), NewValue: []byte("1")}
					n := 0
					pairs, err := e.Get(req.Key)
					if err != nil {
						t.Error(err)
						return
					}
					if len(pairs) == 1 {
						fmt.Sscan(string(pairs[0].Value), &n)
						req.OldValue, req.NewValue = pairs[0].Value, fmt.Append(nil, n+1)
					}
					ok, err := e.CompareAndSet(req)
					if err != nil {
						t.Error(err)
						return
					}
					if ok {
						done++
					}
				}
			})
		}
		busy.Wait()
		if created.Load() != 1 {
			t.Errorf("%d created", created.Load())
		}
		if got := get(t, e, []byte("n")); len(got) != 1 || got[0] != fmt.Sprintf("%q=%q", "n", fmt.Sprint(workers*each)) {
			t.Error(got)
		}
		if n := committed(t, e); n != workers*each+1 {
			t.Errorf("%d changes", n)
		}
	}},
}
