package kind_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/core/kind"
)

// compareValues is the order of a column: what is not known last, and before it moments that are not set.
func compareValues(a, b any) int {
	rank := func(v any) int {
		switch v := v.(type) {
		case error:
			return 2
		case time.Time:
			if v.IsZero() {
				return 1
			}
		}
		return 0
	}
	if c := cmp.Compare(rank(a), rank(b)); c != 0 || rank(a) > 0 {
		return c
	}
	switch a := a.(type) {
	case []byte:
		return bytes.Compare(a, b.([]byte))
	case int64:
		return cmp.Compare(a, b.(int64))
	case uint64:
		return cmp.Compare(a, b.(uint64))
	case bool:
		return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) // "false", "true"
	case time.Time:
		return a.Compare(b.(time.Time))
	case time.Duration:
		return cmp.Compare(a, b.(time.Duration))
	}
	return strings.Compare(a.(string), b.(string))
}

// Keys stand in the order of the values, and no key begins with another, so that what follows decides between equal values alone.
func TestKeysAreInTheOrderOfTheValues(t *testing.T) {
	for _, typ := range types {
		t.Run(fmt.Sprint(typ), func(t *testing.T) {
			s := kind.NewSchema(errBroken, errLong)
			c := add(s, "c", typ)
			rapid.Check(t, func(rt *rapid.T) {
				p, q := drawRow(rt, s), drawRow(rt, s)
				if rapid.IntRange(0, 4).Draw(rt, "near") == 0 {
					q.cells = p.cells
				}
				a, b := c.AppendKey(nil, p.pack(s)), c.AppendKey(nil, q.pack(s))
				want := compareValues(p.cells[0], q.cells[0])
				if got := bytes.Compare(a, b); got != want {
					rt.Fatalf("%v and %v: %d, want %d", p.cells[0], q.cells[0], got, want)
				}
				if want != 0 && (bytes.HasPrefix(a, b) || bytes.HasPrefix(b, a)) {
					rt.Fatalf("%v and %v: one of %x and %x begins with the other", p.cells[0], q.cells[0], a, b)
				}
				if after := bytes.Compare(append(a, p.id...), append(b, q.id...)); after != cmp.Or(want, strings.Compare(p.id, q.id)) {
					rt.Fatalf("%v with %q and %v with %q: %d", p.cells[0], p.id, q.cells[0], q.id, after)
				}
			})
		})
	}
}

// The same where nobody has a row: keys of what views derive.
func TestKeysOfDerivedValues(t *testing.T) {
	ascend := func(what string, keys ...[]byte) {
		t.Helper()
		for i, a := range keys {
			for j, b := range keys {
				if cmp.Compare(i, j) != bytes.Compare(a, b) || i != j && bytes.HasPrefix(a, b) {
					t.Errorf("%s: key %d is %x, key %d is %x", what, i, a, j, b)
				}
			}
		}
	}
	var ints, uints, floats, texts [][]byte
	for _, n := range []int64{math.MinInt64, -1 << 32, -65537, -65536, -257, -256, -2, -1, 0, 1, 255, 256, 65535, 1 << 32, math.MaxInt64} {
		ints = append(ints, kind.AppendIntKey(nil, n))
	}
	for _, n := range []uint64{0, 1, 255, 256, 1 << 32, math.MaxInt64, math.MaxUint64} {
		uints = append(uints, kind.AppendUintKey(nil, n))
	}
	for _, f := range []float64{0, math.SmallestNonzeroFloat64, 0.1, 0.5, 1, 1.5, 1e9, math.MaxFloat64, math.Inf(1)} {
		floats = append(floats, kind.AppendFloatKey(nil, f))
	}
	for _, s := range []string{"", "\x00", "\x00\x00", "\x00\x01", "\x01", "a", "a\x00", "a\x00b", "a\x01", "aa", "b", "\xff", "\xff\xff"} {
		texts = append(texts, kind.AppendTextKey(nil, s))
	}
	unknown := kind.AppendUnknownKey(nil)
	for what, keys := range map[string][][]byte{"ints": ints, "uints": uints, "floats": floats, "texts": texts} {
		ascend(what, append(keys, unknown)...)
	}
	for _, f := range []float64{-1, math.Copysign(0, -1), math.Inf(-1)} {
		if got := kind.AppendFloatKey(nil, f); !bytes.Equal(got, floats[0]) {
			t.Errorf("the key of %v is %x, that of 0 %x", f, got, floats[0])
		}
	}
	if n := len(kind.AppendIntKey(nil, 100)); n > 3 {
		t.Errorf("the key of a small number takes %d bytes", n)
	}
}
