package kvtest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
	{"compare-and-set sets, clears or keeps an expiry, and the log says which", func(t *testing.T, h Harness) {
		ts, later := h.in(time.Hour), h.in(2*time.Hour)
		for what, tt := range map[string]struct {
			was  *kvstore.KVPair // nil: none
			ask  kvstore.CompareAndSetRequest
			want uint64
		}{
			"a new pair":                      {nil, kvstore.CompareAndSetRequest{}, 0},
			"a new pair that ends":            {nil, kvstore.CompareAndSetRequest{ExpireTS: ts}, ts},
			"a new pair with nothing to keep": {nil, kvstore.CompareAndSetRequest{KeepExpireTS: true}, 0},
			"an expiry":                       {pair("k", "1"), kvstore.CompareAndSetRequest{ExpireTS: ts}, ts},
			"another expiry":                  {until("k", "1", ts), kvstore.CompareAndSetRequest{ExpireTS: later}, later},
			"an expiry no more":               {until("k", "1", ts), kvstore.CompareAndSetRequest{}, 0},
			"the same expiry":                 {until("k", "1", ts), kvstore.CompareAndSetRequest{KeepExpireTS: true}, ts},
			"no expiry to keep":               {pair("k", "1"), kvstore.CompareAndSetRequest{KeepExpireTS: true}, 0},
		} {
			e := h.open(t)
			ask := tt.ask
			ask.Key, ask.NewValue = []byte("k"), []byte("2")
			if tt.was != nil {
				put(t, e, tt.was)
				ask.OldValue = tt.was.Value
			}
			if set, err := e.CompareAndSet(&ask); err != nil || !set {
				t.Errorf("%s: %v, %v", what, set, err)
			}
			holds(t, e, until("k", "2", tt.want))
			log := history(t, e)
			if got := log[len(log)-1].Trxns[0].ExpireTS; got != tt.want {
				t.Errorf("%s: the log has the expiry %d, want %d", what, got, tt.want)
			}
		}
		e := h.open(t)
		put(t, e, pair("k", "1"))
		for _, ask := range []kvstore.CompareAndSetRequest{{ExpireTS: kvstore.MaxExpireTS + 1}, {ExpireTS: ts, KeepExpireTS: true}} {
			ask.Key, ask.OldValue = []byte("k"), []byte("1")
			same(t, e, "a refused expiry", func() {
				if set, err := e.CompareAndSet(&ask); set || !errors.Is(err, kvstore.ErrExpireTS) {
					t.Errorf("%+v: %v, %v", ask, set, err)
				}
			})
		}
		if set, err := e.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("k"), OldValue: []byte("1"), ExpireTS: 1}); err != nil || !set {
			t.Errorf("an expiry in the past: %v, %v", set, err)
		}
		holds(t, e)
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
