package kvtest

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"holdfast/core/kvstore"
)

// boundSpecs are about the keys that a walk begins and ends at, for keys that are no text.
var boundSpecs = []spec{
	{"iterate visits the keys of any prefix from any start, and no others", func(t *testing.T, h Harness) {
		near := rapid.SampledFrom([]byte{0, 1, ':', 'a', 0x7f, 0x80, 0xbd, 0xbf, 0xc3, 0xd0, 0xef, 0xfe, 0xff})
		name := func(least int) *rapid.Generator[[]byte] { return rapid.SliceOfN(near, least, 4) }
		rapid.Check(t, func(r *rapid.T) {
			e := h.Open(t, 0)
			defer e.Close()
			keys := rapid.SliceOfNDistinct(name(1), 1, 30, func(k []byte) string { return string(k) }).Draw(r, "keys")
			var pairs []*kvstore.KVPair
			for _, k := range keys {
				pairs = append(pairs, &kvstore.KVPair{Key: k})
			}
			put(t, e, pairs...)
			slices.SortFunc(keys, bytes.Compare)
			for range 8 {
				prefix := rapid.OneOf(name(0), rapid.SampledFrom(keys)).Draw(r, "prefix")
				start := rapid.SampledFrom([][]byte{nil, {}, append(slices.Clone(prefix), near.Draw(r, "further")), prefix}).Draw(r, "start")
				var want []string
				for _, k := range keys {
					if bytes.HasPrefix(k, prefix) && bytes.Compare(k, start) >= 0 {
						want = append(want, string(k))
					}
				}
				var got []string
				for _, p := range all(t, e, kvstore.IterationPrefixKey(prefix), kvstore.IterationStartKey(start)) {
					got = append(got, string(p.Key))
				}
				if !slices.Equal(got, want) {
					r.Fatalf("prefix %q, start %q: %q, want %q", prefix, start, got, want)
				}
				it := e.Iterate(plain{prefix, start}) // options of somebody else's, that always have both
				got = nil
				for it.HasNext() {
					got = append(got, string(it.Next().Key))
				}
				if err := it.Err(); err != nil || !slices.Equal(got, want) {
					r.Fatalf("prefix %q, start %q in other options: %q, want %q, %v", prefix, start, got, want, err)
				}
				it.Close()
			}
		})
	}},
}

type plain struct{ prefix, start []byte }

func (p plain) KeyPrefix() ([]byte, bool) { return p.prefix, true }
func (p plain) StartKey() ([]byte, bool)  { return p.start, true }
