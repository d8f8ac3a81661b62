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

var readSpecs = []spec{
	{"get answers in the order asked, without the missing", func(t *testing.T, h Harness) {
		e := h.open(t)
		put(t, e, pair("a", "1"), pair("empty", ""), pair("b", "2"))
		want := spell([]*kvstore.KVPair{pair("b", "2"), pair("empty", ""), pair("a", "1"), pair("b", "2")})
		if got := get(t, e, []byte("b"), []byte("none"), []byte("empty"), []byte("a"), []byte("b")); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if got := get(t, e); len(got) != 0 {
			t.Error(got)
		}
		for _, key := range [][]byte{nil, {}, bytes.Repeat([]byte("k"), kvstore.MaxKey+1)} {
			if got, err := e.Get([]byte("a"), key); !errors.Is(err, kvstore.ErrKey) || len(got) != 0 {
				t.Errorf("a key of %d bytes: %v, %v", len(key), got, err)
			}
		}
	}},
	{"iterate is sorted by bytes and bounded by prefix and start", func(t *testing.T, h Harness) {
		e := h.open(t)
		keys := []string{"\x00", "A", "a", "a\x00", "ab", "a\xff", "a\xff\xff", "b", "ba", "\xff", "\xff\xff", "\xff\xffz"}
		for _, k := range slices.Backward(keys) {
			put(t, e, pair(k, "v"))
		}
		within := func(prefix, start string) (want []string) {
			for _, k := range keys {
				if strings.HasPrefix(k, prefix) && k >= start {
					want = append(want, k)
				}
			}
			return want
		}
		for _, tt := range [][2]string{
			{"", ""}, {"a", ""}, {"a", "a\x00"}, {"a", "ab"}, {"a", "az"}, {"a\xff", ""}, {"\xff", ""}, {"\xff\xff", ""},
			{"\xff\xff", "\xff\xffa"}, {"\xff\xff\xff", ""}, {"", "a\x01"}, {"", "\xff\xff\xff"}, {"none", ""},
		} {
			var opts []kvstore.IterationOption
			if tt[0] != "" {
				opts = append(opts, kvstore.IterationPrefixKey([]byte(tt[0])))
			}
			if tt[1] != "" {
				opts = append(opts, kvstore.IterationStartKey([]byte(tt[1])))
			}
			var got []string
			for _, p := range all(t, e, opts...) {
				got = append(got, string(p.Key))
			}
			if want := within(tt[0], tt[1]); !slices.Equal(got, want) {
				t.Errorf("prefix %q, start %q: %q, want %q", tt[0], tt[1], got, want)
			}
		}
		it := e.Iterate(nil)
		defer it.Close()
		if p := it.Next(); p == nil || string(p.Key) != "\x00" {
			t.Errorf("without options, and without HasNext: %v", p)
		}
	}},
	{"iterate shows nothing internal, whatever was done", func(t *testing.T, h Harness) {
		e := h.open(t)
		put(t, e, pair("a", "1"))
		if err := e.Delete([]byte("a")); err != nil {
			t.Fatal(err)
		}
		save(t, e, []*kvstore.ChangeRecord{{ChangeNumber: 1, Trxns: []*kvstore.TrxnRecord{{Type: kvstore.TrxnPut, Key: []byte("x"), Value: []byte("1")}}}})
		ingest(t, e, snapshot(t, e))
		holds(t, e, pair("x", "1"))
	}},
	{"an iteration hands on each pair once and stops at the first error", func(t *testing.T, h Harness) {
		e := h.open(t)
		for i := range 10 {
			put(t, e, pair(fmt.Sprintf("k%d", i), "v"), pair(fmt.Sprintf("l%d", i), "v"))
		}
		var got []string
		collect := func(p *kvstore.KVPair) error { got = append(got, string(p.Key)); return nil }
		req := &kvstore.IterateRequest{KeyPrefix: []byte("k"), StartKey: []byte("k7")}
		if err := kvstore.NewIteration(e, req).ForEach(collect); err != nil || !slices.Equal(got, []string{"k7", "k8", "k9"}) {
			t.Error(got, err)
		}
		got = nil
		if err := kvstore.NewIteration(e, nil).ForEach(collect); err != nil || len(got) != 20 {
			t.Error(got, err)
		}
		stop, calls := errors.New("stop"), 0
		err := kvstore.NewIteration(e, nil).ForEach(func(*kvstore.KVPair) error { calls++; return stop })
		if !errors.Is(err, stop) || calls != 1 {
			t.Error(err, calls)
		}
		bad := &kvstore.IterateRequest{KeyPrefix: []byte("k"), StartKey: []byte("l")}
		if err := kvstore.NewIteration(e, bad).ForEach(collect); !errors.Is(err, kvstore.ErrStart) {
			t.Errorf("a start outside the prefix: %v", err)
		}
		it := e.Iterate(outside{})
		defer it.Close()
		if it.HasNext() || !errors.Is(it.Err(), kvstore.ErrStart) {
			t.Errorf("a start outside the prefix, in options of somebody else's: %v", it.Err())
		}
	}},
	{"iterate meets every pair that is there throughout once, while others come and go", func(t *testing.T, h Harness) {
		e := h.open(t)
		const kept = 1500
		var pairs []*kvstore.KVPair
		for i := range kept {
			pairs = append(pairs, pair(fmt.Sprintf("%06d", i*10), "kept"))
		}
		put(t, e, pairs...)
		stop := meanwhile(t, 1, func(_, i int) error {
			key := fmt.Sprintf("%06d", i*7919%(kept*10)/10*10+1+i%9)
			if err := e.Put(pair(key, "passing")); err != nil {
				return err
			}
			return e.Delete([]byte(key))
		})
		for range 3 {
			n, last := 0, ""
			for _, p := range all(t, e) {
				if key := string(p.Key); key <= last {
					t.Fatalf("%q after %q", key, last)
				} else {
					last = key
				}
				if string(p.Value) == "kept" {
					n++
				}
			}
			if n != kept {
				t.Errorf("%d of %d", n, kept)
			}
		}
		stop()
	}},
	{"a closed store says so", func(t *testing.T, h Harness) {
		e := h.open(t)
		put(t, e, pair("a", "1"))
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		refuses(t, e, kvstore.ErrClosed)
		if err := e.Close(); err != nil && !errors.Is(err, kvstore.ErrClosed) {
			t.Errorf("a second close: %v", err)
		}
	}},
	{"what was acknowledged is there after a reopening", func(t *testing.T, h Harness) {
		e := h.Open(t, 0)
		ts := h.in(time.Hour)
		put(t, e, pair("a", "1"), until("b", "2", ts))
		put(t, e, pair("c", "1"))
		if err := e.Delete([]byte("c")); err != nil {
			t.Fatal(err)
		}
		save(t, e, []*kvstore.ChangeRecord{{ChangeNumber: 1}})
		e = h.Reopen(t, e)
		defer func() { e.Close() }()
		holds(t, e, pair("a", "1"), until("b", "2", ts))
		if n, a := committed(t, e), applied(t, e); n != 4 || a != 1 {
			t.Errorf("numbers %d, %d", n, a)
		}
		put(t, e, pair("d", "1"))
		if len(history(t, e)) != 5 {
			t.Error("the log is not whole")
		}
	}},
}

// outside are options that NewIteratorOptions refuses.
type outside struct{}

func (outside) KeyPrefix() ([]byte, bool) { return []byte("k"), true }
func (outside) StartKey() ([]byte, bool)  { return []byte("l"), true }

// refuses checks that every method answers with an error.
func refuses(t testing.TB, e kvstore.Engine, want error) {
	t.Helper()
	_, get := e.Get([]byte("a"))
	_, cas := e.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("a")})
	_, snapshot := e.GetSnapshot()
	_, committed := e.GetLatestCommittedChangeNumber()
	_, load := e.LoadChanges(1, 1)
	_, applied := e.GetLatestAppliedChangeNumber()
	_, save := e.SaveChanges([]*kvstore.ChangeRecord{{ChangeNumber: 1}})
	it := e.Iterate(nil)
	if it.HasNext() {
		t.Error("Iterate has a pair")
	}
	for method, err := range map[string]error{
		"Put": e.Put(pair("a", "x")), "Get": get, "Delete": e.Delete([]byte("a")), "CompareAndSet": cas, "GetSnapshot": snapshot,
		"GetLatestCommittedChangeNumber": committed, "LoadChanges": load, "GetLatestAppliedChangeNumber": applied,
		"SaveChanges": save, "Iterate": it.Err(),
	} {
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", method, err, want)
		}
	}
	it.Close()
}
