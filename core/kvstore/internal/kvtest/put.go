package kvtest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/core/kvstore"
)

// everyByte is a key with each byte there is.
func everyByte() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}

var putSpecs = []spec{
	{"put stores all pairs as one change", func(t *testing.T, h Harness) {
		e := h.open(t)
		put(t, e, pair("b", "2"), pair("a", "1"), pair("c", ""))
		holds(t, e, pair("a", "1"), pair("b", "2"), pair("c", ""))
		if n := committed(t, e); n != 1 {
			t.Errorf("change number %d", n)
		}
		put(t, e)
		if n := committed(t, e); n != 1 {
			t.Errorf("a put of nothing is change %d", n)
		}
	}},
	{"the last of duplicate keys wins, and the log has it once", func(t *testing.T, h Harness) {
		e := h.open(t)
		put(t, e, pair("a", "1"), pair("b", "1"), pair("a", "2"), until("b", "2", h.in(time.Hour)), pair("a", "3"))
		holds(t, e, pair("a", "3"), until("b", "2", h.in(time.Hour)))
		if c := history(t, e)[0]; len(c.Trxns) != 2 {
			t.Errorf("%d effects", len(c.Trxns))
		}
	}},
	{"put refuses the whole call for one bad pair", func(t *testing.T, h Harness) {
		e := h.open(t)
		put(t, e, pair("a", "1"))
		for what, tt := range map[string]struct {
			bad  *kvstore.KVPair
			want error
		}{
			"an empty key":          {pair("", "x"), kvstore.ErrKey},
			"a key a byte too long": {pair(strings.Repeat("k", kvstore.MaxKey+1), "x"), kvstore.ErrKey},
			"no pair":               {nil, kvstore.ErrKey},
			"milliseconds":          {until("ms", "x", uint64(h.Now().UnixMilli())), kvstore.ErrExpireTS},
			"an expiry of 2^64-1":   {until("max", "x", 1<<64-1), kvstore.ErrExpireTS},
		} {
			for _, pairs := range [][]*kvstore.KVPair{{tt.bad}, {pair("a", "2"), tt.bad}, {tt.bad, pair("b", "2")}} {
				same(t, e, what, func() {
					if err := e.Put(pairs...); !errors.Is(err, tt.want) {
						t.Errorf("%s: %v", what, err)
					}
				})
			}
		}
	}},
	{"keys and values are any bytes up to their bounds", func(t *testing.T, h Harness) {
		e := h.open(t)
		want := []*kvstore.KVPair{
			pair("\x00", "\x00"), pair(everyByte(), everyByte()), pair("{a}", "tag"), pair("a}:b{", "tag"), pair("%41", "A"),
			pair("A", "plain"), pair("\xff\xfe", "no UTF-8"), pair(" 1 2 3 ", " 4 5 "), pair("p0 1 1 xy", "d0 1 0 x"), pair("\xff", "last"),
			pair(strings.Repeat("k", kvstore.MaxKey), strings.Repeat("v", 1<<20)), pair(strings.Repeat("\x00", 4096), ""),
		}
		put(t, e, want...)
		holds(t, e, want...)
		replay := h.open(t)
		save(t, replay, history(t, e))
		holds(t, replay, want...)
	}},
	{"a put of very many pairs is one change, too", func(t *testing.T, h Harness) {
		e := h.open(t)
		var want []*kvstore.KVPair
		for i := range 6000 {
			want = append(want, pair(fmt.Sprintf("key-%06d", i), fmt.Sprint(i)))
		}
		put(t, e, want...)
		holds(t, e, want...)
		if c := history(t, e); len(c) != 1 || len(c[0].Trxns) != len(want) {
			t.Errorf("%d changes, %d effects", len(c), len(c[0].Trxns))
		}
	}},
	{"what a caller does to its slices afterwards changes nothing", func(t *testing.T, h Harness) {
		e := h.open(t)
		p := pair("key", "value")
		put(t, e, p)
		p.Key[0], p.Value[0] = 'X', 'X'
		got, err := e.Get([]byte("key"))
		if err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		got[0].Value[1] = 'X'
		holds(t, e, pair("key", "value"))
	}},
	{"delete removes a key, and a missing one is no change", func(t *testing.T, h Harness) {
		e := h.open(t)
		put(t, e, pair("a", "1"), pair("b", ""))
		for _, key := range []string{"a", "a", "never", "b"} {
			if err := e.Delete([]byte(key)); err != nil {
				t.Errorf("delete %s: %v", key, err)
			}
		}
		holds(t, e)
		if n := committed(t, e); n != 3 {
			t.Errorf("change number %d", n)
		}
		for _, key := range [][]byte{nil, {}, bytes.Repeat([]byte("k"), kvstore.MaxKey+1)} {
			if err := e.Delete(key); !errors.Is(err, kvstore.ErrKey) {
				t.Errorf("a key of %d bytes: %v", len(key), err)
			}
		}
	}},
	{"a pair put with an expiry in the past is a change, and gone", func(t *testing.T, h Harness) {
		e := h.open(t)
		put(t, e, pair("a", "1"), pair("b", "1"))
		put(t, e, until("a", "2", 1), pair("b", "2"), until("c", "2", h.in(-time.Second)), until("d", "2", h.in(0)))
		holds(t, e, pair("b", "2"))
		if n := committed(t, e); n != 2 {
			t.Errorf("change number %d", n)
		}
		if got := get(t, e, []byte("a"), []byte("b"), []byte("c"), []byte("d")); !slices.Equal(got, spell([]*kvstore.KVPair{pair("b", "2")})) {
			t.Error(got)
		}
		if err := e.Delete([]byte("a")); err != nil || committed(t, e) != 2 {
			t.Errorf("delete of what is gone: %v, change %d", err, committed(t, e))
		}
		if cas(t, e, "a", []byte("2"), "3") || !cas(t, e, "a", nil, "3") {
			t.Error("compare-and-set sees what is gone")
		}
		log := history(t, e)[1]
		for _, r := range log.Trxns {
			if string(r.Key) == "a" && (r.Type != kvstore.TrxnPut || r.ExpireTS != 1 || string(r.Value) != "2") {
				t.Errorf("the log says %+v", r)
			}
		}
	}},
	{"a put without expiry clears an old one, and so does compare-and-set", func(t *testing.T, h Harness) {
		e := h.open(t)
		ts := h.in(time.Hour)
		put(t, e, until("a", "1", ts), until("b", "1", ts), until("c", "1", ts))
		holds(t, e, until("a", "1", ts), until("b", "1", ts), until("c", "1", ts))
		put(t, e, pair("a", "2"), until("b", "2", ts+60))
		if !cas(t, e, "c", []byte("1"), "2") {
			t.Error("refused")
		}
		holds(t, e, pair("a", "2"), until("b", "2", ts+60), pair("c", "2"))
		const year2200 = 7258118400
		put(t, e, until("a", "3", year2200))
		holds(t, e, until("a", "3", year2200), until("b", "2", ts+60), pair("c", "2"))
	}},
	{"a pair is gone for everything as soon as now is its expiry", func(t *testing.T, h Harness) {
		e := h.open(t)
		ts := h.in(2 * time.Second)
		put(t, e, until("a", "1", ts), until("b", "1", ts), until("c", "1", ts), pair("kept", "1"), until("later", "1", ts+3600))
		number := committed(t, e)
		h.wait(t, ts)
		holds(t, e, pair("kept", "1"), until("later", "1", ts+3600))
		if got := get(t, e, []byte("a"), []byte("kept")); len(got) != 1 {
			t.Error(got)
		}
		if err := e.Delete([]byte("b")); err != nil {
			t.Error(err)
		}
		if n := committed(t, e); n != number {
			t.Errorf("expiry and a delete after it moved the number from %d to %d", number, n)
		}
		snap := snapshot(t, e)
		other := h.open(t)
		ingest(t, other, snap)
		holds(t, other, pair("kept", "1"), until("later", "1", ts+3600))
		if cas(t, e, "c", []byte("1"), "2") || !cas(t, e, "c", nil, "2") {
			t.Error("compare-and-set sees what has expired")
		}
		put(t, e, pair("a", "2"))
		holds(t, e, pair("a", "2"), pair("c", "2"), pair("kept", "1"), until("later", "1", ts+3600))
	}},
}

// wait lets the engine's clock reach ts, and no more where it can be moved.
func (h Harness) wait(t testing.TB, ts uint64) {
	t.Helper()
	end := time.Unix(int64(ts), 0)
	if h.Advance != nil {
		h.Advance(end.Sub(h.Now()))
		return
	}
	for limit := time.Now().Add(10 * time.Second); h.Now().Before(end); <-time.After(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the clock stands still")
		}
	}
}
