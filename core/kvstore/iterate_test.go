package kvstore_test

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"holdfast/core/kvstore"
)

// bytesNear draws keys of few different bytes, those at the ends and within UTF-8 texts among them.
var bytesNear = rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 0x7f, 0x80, 0xc3, 0xd0, 0xef, 0xbf, 0xbd, 0xfe, 0xff}), 0, 4)

func TestPrefixEndParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix, key := bytesNear.Draw(t, "prefix"), bytesNear.Draw(t, "key")
		end := kvstore.PrefixEnd(prefix)
		within := bytes.Compare(key, prefix) >= 0 && (end == nil || bytes.Compare(key, end) < 0)
		if within != bytes.HasPrefix(key, prefix) {
			t.Fatalf("%q up to %q holds %q: %v", prefix, end, key, within)
		}
	})
}

// others are options that do not come from NewIteratorOptions.
type others struct{ prefix, start []byte }

func (o others) KeyPrefix() ([]byte, bool) { return o.prefix, true }
func (o others) StartKey() ([]byte, bool)  { return o.start, true }

func TestBoundsOfAnIteration(t *testing.T) {
	for _, tt := range []struct {
		prefix, start, first string
		err                  error
	}{
		{"", "", "", nil}, {"a", "", "a", nil}, {"", "b", "b", nil}, {"a", "ab", "ab", nil}, {"a", "a", "a", nil},
		{"ab", "a", "", kvstore.ErrStart}, {"a", "b", "", kvstore.ErrStart},
	} {
		made, err := kvstore.NewIteratorOptions(kvstore.IterationPrefixKey([]byte(tt.prefix)), kvstore.IterationStartKey([]byte(tt.start)))
		if !errors.Is(err, tt.err) {
			t.Errorf("%q from %q: %v", tt.prefix, tt.start, err)
		}
		for _, o := range []kvstore.IterationOptions{made, others{[]byte(tt.prefix), []byte(tt.start)}} {
			if o == nil {
				continue
			}
			prefix, first, err := kvstore.Bounds(o)
			if !errors.Is(err, tt.err) || err == nil && (string(prefix) != tt.prefix || string(first) != tt.first) {
				t.Errorf("%q from %q: %q, %q, %v", tt.prefix, tt.start, prefix, first, err)
			}
		}
	}
	if prefix, first, err := kvstore.Bounds(nil); len(prefix)+len(first) > 0 || err != nil {
		t.Error(prefix, first, err)
	}
}
