package rows

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// entry is one whose key is "text:id", so that rows move when their text changes.
func entry(text, id, more string) string { return text + ":" + id + "|" + more }

func entryKey(e string) string {
	key, _, _ := strings.Cut(e, "|")
	return key
}

func numbered(n int) []string {
	entries := make([]string, n)
	for i := range entries {
		entries[i] = entry("1", fmt.Sprintf("%06d", i), "")
	}
	return entries
}

// packed is a sequence of entries that are in order.
func packed(entries []string) *Sorted {
	var p packer
	for _, e := range entries {
		p.add([]byte(e))
	}
	return joined(entryKey, &p)
}

func listed(s *Sorted) []string {
	entries := make([]string, 0, s.Len())
	for i, e := range s.Range(0, s.Len()) {
		if i != len(entries) || s.At(i) != e {
			panic("places out of order")
		}
		entries = append(entries, e)
	}
	return entries
}

// sound checks the blocks of a Sorted: none is empty, long or large, unless one entry alone is larger.
func sound(s *Sorted) error {
	for i, b := range s.blocks {
		switch {
		case b.len() == 0 || b.len() > maxInBlock || len(b.data) != int(b.ends[b.len()-1]):
			return fmt.Errorf("block %d has %d entries in %d bytes", i, b.len(), len(b.data))
		case len(b.data) > maxBlockBytes && b.len() > 1:
			return fmt.Errorf("block %d has %d entries in %d bytes", i, b.len(), len(b.data))
		}
	}
	return nil
}

// Whatever is edited, the entries are those of a map, in order; what differs is told; and no list made before changes.
func TestSortedAgainstAMap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, model := packed(nil), map[string]string{}
		for range rapid.IntRange(1, 8).Draw(rt, "rounds") {
			now := maps.Clone(model)
			var edits []Edit
			start, n := rapid.IntRange(0, 3000).Draw(rt, "start"), rapid.IntRange(0, 1000).Draw(rt, "edits")
			step, text := rapid.IntRange(1, 5).Draw(rt, "step"), rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "text")
			more := strings.Repeat("x", rapid.SampledFrom([]int{0, 1, 700, maxBlockBytes/2 + 1, maxBlockBytes + 1}).Draw(rt, "size"))
			if len(more) > 1 {
				n = min(n, 50)
			}
			for i := range n {
				id := fmt.Sprintf("%05d", start+i*step)
				if old := now[id]; old != "" {
					edits = append(edits, Edit{Key: entryKey(old)})
					delete(now, id)
				}
				if text != "" {
					e := entry(text, id, more)
					edits, now[id] = append(edits, Edit{Key: entryKey(e), Entry: e}), e
				}
			}
			before := listed(s)
			next := s.Apply(edits)
			if !slices.Equal(listed(s), before) {
				rt.Fatal("a list made before has changed")
			}
			want := slices.Sorted(maps.Values(now))
			if got := listed(next); !slices.Equal(got, want) {
				rt.Fatalf("%d entries, want %d", len(got), len(want))
			}
			if err := sound(next); err != nil {
				rt.Fatal(err)
			}
			if made := packed(want); !slices.Equal(listed(made), want) || sound(made) != nil {
				rt.Fatalf("made at once: %d entries, want %d; %v", made.Len(), len(want), sound(made))
			}
			if n := next.Len(); n > 0 {
				i := rapid.IntRange(0, n-1).Draw(rt, "place")
				if at, found := next.Find(entryKey(next.At(i))); next.At(i) != want[i] || !found || at != i {
					rt.Fatalf("entry %d is at %d, %v", i, at, found)
				}
				if at, found := next.Find(entryKey(next.At(i)) + " and more"); found || at != i+1 {
					rt.Fatalf("what would follow entry %d would be at %d, %v", i, at, found)
				}
				to := rapid.IntRange(i, n).Draw(rt, "to")
				var part []string
				for at, e := range next.Range(i, to) {
					if at != i+len(part) {
						rt.Fatalf("place %d, want %d", at, i+len(part))
					}
					part = append(part, e)
				}
				if !slices.Equal(part, want[i:to]) {
					rt.Fatalf("%d entries from %d to %d", len(part), i, to)
				}
			}
			replayed := map[string]bool{}
			for _, e := range before {
				replayed[e] = true
			}
			diff(s, next, func(old, now string) {
				if old != "" && !replayed[old] || now != "" && replayed[now] || old == now {
					rt.Fatalf("told of %.20q and %.20q", old, now)
				}
				delete(replayed, old)
				if now != "" {
					replayed[now] = true
				}
			})
			if len(replayed) != len(want) {
				rt.Fatalf("%d entries after the differences, want %d", len(replayed), len(want))
			}
			s, model = next, now
		}
	})
}

// One entry among many that changes costs one block, to make and to find.
func TestSortedSharesWhatIsTheSame(t *testing.T) {
	s := packed(numbered(100_000))
	changed := entry("1", "050000", "2")
	next := s.Apply([]Edit{{Key: entryKey(changed), Entry: changed}})
	compared := 0
	next.key = func(e string) string { compared++; return entryKey(e) }
	var told []string
	diff(s, next, func(before, after string) { told = append(told, before+" "+after) })
	if n := len(fresh(s, next)); n != 1 || len(told) != 1 || told[0] != "1:050000| 1:050000|2" || compared > 2*maxInBlock {
		t.Errorf("%d blocks differ, told %v with %d keys", n, told, compared)
	}
	if s.Apply([]Edit{{Key: "none"}}) != s || s.Apply([]Edit{{Key: entryKey(s.At(7)), Entry: s.At(7)}}) != s {
		t.Error("an edit of nothing made a new list")
	}
	var empty Sorted
	if _, found := empty.Find(entryKey(changed)); found || empty.Len() != 0 || len(listed(&empty)) != 0 {
		t.Error("found an entry in nothing")
	}
}

// fresh are the blocks of a Sorted that the one before it does not have.
func fresh(before, after *Sorted) (blocks []*block) {
	for _, b := range after.blocks {
		if !slices.Contains(before.blocks, b) {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// Entries that go one by one leave no trail of small blocks.
func TestSortedJoinsSmallBlocks(t *testing.T) {
	all := numbered(20_000)
	var edits []Edit
	for i, e := range all {
		if i%100 != 0 {
			edits = append(edits, Edit{Key: entryKey(e)})
		}
	}
	if s := packed(all).Apply(edits); s.Len() != 200 || len(s.blocks) > 10 {
		t.Errorf("%d entries in %d blocks", s.Len(), len(s.blocks))
	}
}

// Entries that come and go, no more than two at a time, leave nothing behind.
func TestSortedGivesItsMemoryBack(t *testing.T) {
	s := &Sorted{key: entryKey}
	at := func(i int) string { return entry("1", fmt.Sprintf("%06d", i), "") }
	for i := range 1000 {
		s = s.Apply([]Edit{{Key: entryKey(at(i)), Entry: at(i)}, {Key: entryKey(at(i - 2))}})
	}
	if s.Len() != 2 || len(s.blocks) != 1 || cap(s.blocks[0].ends) > 8 {
		t.Errorf("%d entries in %d blocks", s.Len(), len(s.blocks))
	}
	if s = s.Apply([]Edit{{Key: entryKey(at(998))}, {Key: entryKey(at(999))}}); s.Len() != 0 || len(s.blocks) != 0 {
		t.Errorf("%d entries in %d blocks", s.Len(), len(s.blocks))
	}
}

// Entries that come in any order, as a scan finds them, leave no trail of small blocks either: each block is a few pieces
// of memory.
func TestSortedFillsItsBlocks(t *testing.T) {
	const n = 50_000
	for _, batch := range []int{100, 1000, 20_000} {
		var edits []Edit
		for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
			e := entry("1", fmt.Sprintf("%06d", i), "")
			edits = append(edits, Edit{Key: entryKey(e), Entry: e})
		}
		s := &Sorted{key: entryKey}
		for part := range slices.Chunk(edits, batch) {
			s = s.Apply(part)
		}
		if each := s.Len() / len(s.blocks); s.Len() != n || each < maxInBlock/2+5 {
			t.Errorf("batches of %d: %d entries, %d in a block", batch, s.Len(), each)
		}
	}
}

// Large entries make short blocks, so that a change of one does not copy the others: however it is built, a block takes
// no more than its bytes, and a change copies no more than a few blocks.
func TestSortedKeepsBlocksOfLargeEntriesSmall(t *testing.T) {
	for _, size := range []int{100, 1000, maxBlockBytes / 2, maxBlockBytes, 100_000} {
		var edits []Edit
		n := max(50, 1<<20/size)
		for i := range n {
			e := entry("1", fmt.Sprintf("%06d", i*7919%n), strings.Repeat("x", size))
			edits = append(edits, Edit{Key: entryKey(e), Entry: e})
		}
		s := &Sorted{key: entryKey}
		for part := range slices.Chunk(edits, 90) {
			s = s.Apply(slices.Clone(part))
		}
		if err := sound(s); err != nil || s.Len() != n {
			t.Fatalf("entries of %d bytes: %d of them, %v", size, s.Len(), err)
		}
		changed := entry("1", "000025", strings.Repeat("y", size+1))
		next := s.Apply([]Edit{{Key: entryKey(changed), Entry: changed}})
		copied := 0
		for _, b := range fresh(s, next) {
			copied += len(b.data)
		}
		if most := max(maxBlockBytes, len(changed)); copied > most || sound(next) != nil {
			t.Errorf("a change of one entry of %d bytes copied %d, want at most %d; %v", size, copied, most, sound(next))
		}
	}
}
