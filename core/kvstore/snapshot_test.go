package kvstore_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"holdfast/core/kvstore"
)

// encode writes pairs as a snapshot.
func encode(t testing.TB, h kvstore.SnapshotHeader, pairs ...*kvstore.KVPair) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := kvstore.NewSnapshotWriter(&b, h)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		if err := w.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// decode reads a whole snapshot.
func decode(r io.Reader) (kvstore.SnapshotHeader, []*kvstore.KVPair, error) {
	s, err := kvstore.NewSnapshotReader(r)
	if err != nil {
		return kvstore.SnapshotHeader{}, nil, err
	}
	var pairs []*kvstore.KVPair
	for {
		p, err := s.Next()
		if err == io.EOF {
			_, err = s.Next() // for ever
		}
		if err == io.EOF {
			return s.SnapshotHeader, pairs, nil
		}
		if err != nil {
			return s.SnapshotHeader, nil, err
		}
		pairs = append(pairs, p)
	}
}

func same(a, b *kvstore.KVPair) bool {
	return bytes.Equal(a.Key, b.Key) && bytes.Equal(a.Value, b.Value) && a.ExpireTS == b.ExpireTS
}

func pair(key, value string, expire uint64) *kvstore.KVPair {
	return &kvstore.KVPair{Key: []byte(key), Value: []byte(value), ExpireTS: expire}
}

func TestSnapshotCarriesEveryPair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.MapOf(rapid.StringN(1, 20, 60), rapid.SliceOfN(rapid.Byte(), 0, 300)).Draw(t, "pairs")
		h := kvstore.SnapshotHeader{
			Change:  rapid.Uint64Range(0, kvstore.MaxChangeNumber).Draw(t, "change"),
			Applied: rapid.Uint64Range(0, kvstore.MaxChangeNumber).Draw(t, "applied"),
			History: rapid.StringN(0, -1, kvstore.MaxHistory).Draw(t, "history"), AppliedHistory: rapid.StringN(0, -1, kvstore.MaxHistory).Draw(t, "applied history"),
		}
		var pairs []*kvstore.KVPair
		for k, v := range values {
			pairs = append(pairs, &kvstore.KVPair{Key: []byte(k), Value: v, ExpireTS: rapid.Uint64Range(0, kvstore.MaxExpireTS).Draw(t, "expire")})
		}
		slices.SortFunc(pairs, func(a, b *kvstore.KVPair) int { return bytes.Compare(a.Key, b.Key) })
		var b bytes.Buffer
		w, err := kvstore.NewSnapshotWriter(&b, h)
		for _, p := range pairs {
			err = errors.Join(err, w.Add(p))
		}
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		got, back, err := decode(&b)
		if err != nil || got != h || !slices.EqualFunc(back, pairs, same) {
			t.Fatalf("%v %v, %v; want %v %v", got, back, err, h, pairs)
		}
	})
}

func TestSnapshotOfLargeValues(t *testing.T) {
	large := pair("large", string(bytes.Repeat([]byte("large"), 1<<20)), 7)
	key := pair(string(bytes.Repeat([]byte("k"), kvstore.MaxKey)), "", 0)
	_, back, err := decode(iotest.HalfReader(bytes.NewReader(encode(t, kvstore.SnapshotHeader{}, key, large))))
	if err != nil || !slices.EqualFunc(back, []*kvstore.KVPair{key, large}, same) {
		t.Fatal(len(back), err)
	}
}

// small is a snapshot that has all there is.
func small(t testing.TB) []byte {
	return encode(t, kvstore.SnapshotHeader{Change: 300, Applied: 2, History: "own", AppliedHistory: "master's"}, pair("a", "", 0), pair("b", "1", 1_800_000_000), pair("c\x00", "three", 0))
}

func TestSnapshotRefusesEveryFlippedBit(t *testing.T) {
	whole := small(t)
	for i := range len(whole) * 8 {
		b := bytes.Clone(whole)
		b[i/8] ^= 1 << (i % 8)
		if _, _, err := decode(bytes.NewReader(b)); !errors.Is(err, kvstore.ErrSnapshot) {
			t.Errorf("bit %d: %v", i, err)
		}
	}
}

func TestSnapshotRefusesEveryCut(t *testing.T) {
	whole := small(t)
	for n := range whole {
		if _, _, err := decode(bytes.NewReader(whole[:n])); !errors.Is(err, kvstore.ErrSnapshot) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if _, _, err := decode(io.MultiReader(bytes.NewReader(whole[:n]), bytes.NewReader(whole))); n > 0 && !errors.Is(err, kvstore.ErrSnapshot) {
			t.Errorf("%d bytes, then all: %v", n, err)
		}
	}
	if _, _, err := decode(bytes.NewReader(append(whole, 0))); !errors.Is(err, kvstore.ErrSnapshot) {
		t.Errorf("something behind: %v", err)
	}
}

// A backup of the format's first version has no identities of histories, and is read.
func TestSnapshotOfTheFirstFormat(t *testing.T) {
	const text = "hfkvsnap\x00\x00\x00\x01%s\x00\x00\x00\x00\x00\x00\x01\x2c\x00\x00\x00\x00\x00\x00\x00\x02\x01a\x01v\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
	sign := binary.BigEndian.AppendUint32(nil, crc32.Checksum([]byte(text[:12]), crc32.MakeTable(crc32.Castagnoli)))
	b := fmt.Appendf(nil, text, sign)
	sum := sha256.Sum256(b)
	h, pairs, err := decode(bytes.NewReader(append(b, sum[:]...)))
	if want := (kvstore.SnapshotHeader{Change: 300, Applied: 2}); h != want || err != nil || len(pairs) != 1 || !same(pairs[0], pair("a", "v", 0)) {
		t.Errorf("%+v, %v, %v", h, pairs, err)
	}
}

func TestSnapshotOfANewerFormat(t *testing.T) {
	b := small(t)
	binary.BigEndian.PutUint32(b[8:], binary.BigEndian.Uint32(b[8:])+1)
	binary.BigEndian.PutUint32(b[12:], crc32.Checksum(b[:12], crc32.MakeTable(crc32.Castagnoli)))
	for _, b := range [][]byte{b, b[:16]} { // whatever follows the preamble is not ours to judge
		if _, _, err := decode(bytes.NewReader(b)); !errors.Is(err, kvstore.ErrVersion) || errors.Is(err, kvstore.ErrSnapshot) {
			t.Error(err)
		}
	}
	binary.BigEndian.PutUint32(b[8:], 0)
	binary.BigEndian.PutUint32(b[12:], crc32.Checksum(b[:12], crc32.MakeTable(crc32.Castagnoli)))
	if _, _, err := decode(bytes.NewReader(b)); !errors.Is(err, kvstore.ErrSnapshot) {
		t.Error(err)
	}
}

func TestSnapshotWriterRefusesWhatNoReaderTakes(t *testing.T) {
	for _, tt := range []struct {
		bad  *kvstore.KVPair
		want error
	}{
		{pair("", "", 0), kvstore.ErrKey}, {pair(string(make([]byte, kvstore.MaxKey+1)), "", 0), kvstore.ErrKey},
		{pair("b", "", 0), kvstore.ErrSnapshot}, {pair("a", "", 0), kvstore.ErrSnapshot},
		{pair("c", "", kvstore.MaxExpireTS+1), kvstore.ErrExpireTS},
	} {
		w, _ := kvstore.NewSnapshotWriter(io.Discard, kvstore.SnapshotHeader{})
		if err := w.Add(pair("b", "", 0)); err != nil {
			t.Fatal(err)
		}
		if err := w.Add(tt.bad); !errors.Is(err, tt.want) {
			t.Errorf("%.20q: %v", tt.bad.Key, err)
		}
	}
}

// A length that lies says so, and costs no memory.
func TestSnapshotWithLengthsThatLie(t *testing.T) {
	head := small(t)[:32]
	for what, tail := range map[string][]byte{
		"a value of exabytes": binary.AppendUvarint([]byte{1, 'a'}, 1<<62), "a value beyond 63 bits": binary.AppendUvarint([]byte{1, 'a'}, 1<<64-1),
		"a key of megabytes": binary.AppendUvarint(nil, 1<<20), "a number without end": bytes.Repeat([]byte{0xff}, 20),
		"an expiry of no year": binary.AppendUvarint([]byte{1, 'a', 0}, 1<<60),
	} {
		if _, _, err := decode(io.MultiReader(bytes.NewReader(head), bytes.NewReader(tail))); !errors.Is(err, kvstore.ErrSnapshot) {
			t.Errorf("%s: %v", what, err)
		}
	}
	binary.BigEndian.PutUint64(head[16:], kvstore.MaxChangeNumber+1)
	if _, _, err := decode(bytes.NewReader(head)); !errors.Is(err, kvstore.ErrSnapshot) {
		t.Errorf("a change number too great: %v", err)
	}
}

var errGone = errors.New("gone")

func TestAFailingReaderIsNotTheSnapshotsFault(t *testing.T) {
	whole := small(t)
	for n := range len(whole) + 1 {
		_, _, err := decode(io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(errGone)))
		if !errors.Is(err, errGone) || errors.Is(err, kvstore.ErrSnapshot) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestOpenSnapshotTrustsNothingBeforeTheEnd(t *testing.T) {
	whole := small(t)
	dir := t.TempDir()
	v, err := kvstore.OpenSnapshot(bytes.NewReader(whole), dir)
	if err != nil {
		t.Fatal(err)
	}
	if v.Change != 300 || v.Applied != 2 || v.Pairs != 3 {
		t.Error(v.Change, v.Applied, v.Pairs)
	}
	if p, err := v.Next(); err != nil || !same(p, pair("a", "", 0)) {
		t.Error(p, err)
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
	for what, r := range map[string]io.Reader{"nothing": bytes.NewReader(nil), "a cut one": bytes.NewReader(whole[:len(whole)-1]), "a failing one": iotest.ErrReader(errGone)} {
		if _, err := kvstore.OpenSnapshot(r, dir); !errors.Is(err, kvstore.ErrSnapshot) && !errors.Is(err, errGone) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := kvstore.OpenSnapshot(bytes.NewReader(whole), filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestOpenSnapshotFileLeavesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "backup")
	if _, err := kvstore.OpenSnapshotFile(path); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	large := encode(t, kvstore.SnapshotHeader{}, pair("a", "", 0), pair("b", string(make([]byte, 1<<18)), 0))
	if err := os.WriteFile(path, large, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := kvstore.OpenSnapshotFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<17); err != nil { // between the readings
		t.Fatal(err)
	}
	for err == nil {
		_, err = v.Next()
	}
	if !errors.Is(err, kvstore.ErrSnapshot) || v.Pairs != 2 {
		t.Errorf("a changed file: %v", err)
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
	if _, err := kvstore.OpenSnapshotFile(path); !errors.Is(err, kvstore.ErrSnapshot) {
		t.Error(err)
	}
}

// walk is an iterator over a list, which ends with an error.
type walk struct {
	pairs  []*kvstore.KVPair
	err    error
	closed int
}

func (w *walk) HasNext() bool { return len(w.pairs) > 0 }
func (w *walk) Next() (p *kvstore.KVPair) {
	p, w.pairs = w.pairs[0], w.pairs[1:]
	return p
}
func (w *walk) Err() error   { return w.err }
func (w *walk) Close() error { w.closed++; return nil }

func TestSnapshotStreamEncodesAWalk(t *testing.T) {
	var pairs []*kvstore.KVPair
	for i := range 5000 {
		pairs = append(pairs, pair(fmt.Sprintf("%08d", i), fmt.Sprint(i), uint64(i)))
	}
	h := kvstore.SnapshotHeader{Change: 9}
	w := &walk{pairs: pairs}
	s := kvstore.NewSnapshotStream(h, w)
	b, err := io.ReadAll(iotest.OneByteReader(s))
	if err != nil || !bytes.Equal(b, encode(t, h, pairs...)) {
		t.Fatal(len(b), err)
	}
	if err := s.Close(); err != nil || w.closed != 1 {
		t.Error(err, w.closed)
	}
	if n, err := s.Read(make([]byte, 1)); n != 0 || !errors.Is(err, kvstore.ErrClosed) {
		t.Error(n, err)
	}
}

func TestSnapshotStreamOfABrokenWalkIsNotWhole(t *testing.T) {
	for _, w := range []*walk{{err: errGone}, {pairs: []*kvstore.KVPair{pair("a", "", 0)}, err: kvstore.ErrStale}} {
		b, err := io.ReadAll(kvstore.NewSnapshotStream(kvstore.SnapshotHeader{}, w))
		if !errors.Is(err, w.err) {
			t.Error(err)
		}
		if _, _, err := decode(bytes.NewReader(b)); !errors.Is(err, kvstore.ErrSnapshot) {
			t.Error(err)
		}
	}
}
