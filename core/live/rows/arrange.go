package rows

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"runtime"
	"slices"
	"sort"
	"sync"
)

// Arrange chooses and sorts the rows of a table, with as many goroutines as there are processors. Its only error is that of
// the context.
func Arrange(ctx context.Context, t *Table, s Spec) (*Order, error) {
	piles := make([]*pile, min(runtime.GOMAXPROCS(0), 1+t.Len()/minPile))
	inParallel(len(piles), func(i int) {
		piles[i] = &pile{}
		piles[i].fill(ctx, t, s, t.Len()*i/len(piles), t.Len()*(i+1)/len(piles))
		if s.sorts() {
			sortItems(ctx, piles[i], piles[i].items, make([]item, len(piles[i].items)), 0)
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	parts := make([]*packer, len(piles))
	inParallel(len(parts), func(i int) {
		if s.sorts() {
			parts[i] = merged(share(piles, i))
		} else {
			parts[i] = merged(piles[i : i+1])
		}
	})
	return &Order{s, t, joined(place[string], parts...)}, ctx.Err()
}

func inParallel(n int, do func(i int)) {
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { do(i) })
	}
	wait.Wait()
}

const (
	minPile    = 4096 // rows for which a goroutine is worth while
	checkEvery = 4096 // rows between two looks at the context
)

// pile is the entries of a part of a table.
type pile struct {
	data  []byte
	items []item
}

// item is one entry, data[from:from+size].
type item struct {
	next       uint64 // see sortItems
	from, size uint32
}

func (p *pile) at(i item) []byte { return p.data[i.from : i.from+i.size] }

func (p *pile) fill(ctx context.Context, t *Table, s Spec, from, to int) {
	n := 0
	for _, r := range t.between(from, to) {
		if n++; n%checkEvery == 0 && ctx.Err() != nil {
			return
		}
		if s.Keep != nil && !s.Keep(r) {
			continue
		}
		start := len(p.data)
		p.data = s.entry(p.data, r)
		p.items = append(p.items, item{from: uint32(start), size: uint32(len(p.data) - start)})
		if n == checkEvery { // about how much it will be
			rest := (to-from)/checkEvery + 1
			p.data = slices.Grow(p.data, len(p.data)*rest*9/8)
			p.items = slices.Grow(p.items, len(p.items)*rest)
		}
	}
}

// fewItems are sorted by comparison.
const fewItems = 64

// sortItems sorts items whose keys begin with the same bytes, so many of them, and that come in the order of their IDs. It sorts
// by eight bytes of the keys at a time, a byte after the other from the last to the first, and then those with the same eight
// bytes. The spare items are as many.
func sortItems(ctx context.Context, p *pile, items, spare []item, same int) {
	if len(items) < fewItems {
		slices.SortFunc(items, func(a, b item) int {
			return cmp.Or(bytes.Compare(keyOf(p.at(a)), keyOf(p.at(b))), cmp.Compare(a.from, b.from))
		})
		return
	}
	if ctx.Err() != nil {
		return
	}
	same, rest := p.alike(items, same)
	counts := new([8][256]uint32) // how many have each value in each byte, the last byte first
	for n := range items {
		var next [8]byte
		copy(next[:], keyOf(p.at(items[n]))[same:])
		items[n].next = binary.BigEndian.Uint64(next[:])
		for b := range counts {
			counts[b][next[7-b]]++
		}
	}
	from, to := items, spare
	for b := range counts {
		places, shift := &counts[b], 8*b
		if places[byte(from[0].next>>shift)] == uint32(len(from)) { // they agree in it
			continue
		}
		next := uint32(0)
		for v, n := range places {
			places[v], next = next, next+n
		}
		for _, i := range from {
			v := byte(i.next >> shift)
			to[places[v]] = i
			places[v]++
		}
		from, to = to, from
	}
	if &from[0] != &items[0] {
		copy(items, from)
	}
	if rest <= 8 {
		return
	}
	for len(items) > 0 { // of those that agree in eight bytes none has ended unless all have, since no key begins another
		n := 1
		for n < len(items) && items[n].next == items[0].next {
			n++
		}
		if n > 1 && len(keyOf(p.at(items[0]))) > same+8 {
			sortItems(ctx, p, items[:n], spare[:n], same+8)
		}
		items, spare = items[n:], spare[n:]
	}
}

// alike tells with how many bytes the keys of items begin alike, so many at least, and how long the longest goes on.
func (p *pile) alike(items []item, least int) (same, rest int) {
	first := keyOf(p.at(items[0]))
	same, longest := len(first), 0
	for _, i := range items {
		key := keyOf(p.at(i))
		n := least
		for n < min(same, len(key)) && key[n] == first[n] {
			n++
		}
		same, longest = n, max(longest, len(key))
	}
	return same, longest - same
}

// share is the i-th of as many parts of the sorted piles as there are, each of entries before those of the next.
func share(piles []*pile, i int) []*pile {
	largest := slices.MaxFunc(piles, func(a, b *pile) int { return cmp.Compare(len(a.items), len(b.items)) })
	bound := func(p *pile, i int) int { // how many entries of a pile are before the i-th part
		switch {
		case i == 0 || len(largest.items) == 0:
			return 0
		case i == len(piles):
			return len(p.items)
		}
		pivot := place(largest.at(largest.items[len(largest.items)*i/len(piles)]))
		return sort.Search(len(p.items), func(n int) bool { return bytes.Compare(place(p.at(p.items[n])), pivot) >= 0 })
	}
	out := make([]*pile, len(piles))
	for n, p := range piles {
		out[n] = &pile{p.data, p.items[bound(p, i):bound(p, i+1)]}
	}
	return out
}

// merged are the entries of sorted piles in their order.
func merged(piles []*pile) *packer {
	type head struct {
		rest         *pile // without it
		entry, place []byte
	}
	var heads []head
	for _, p := range piles {
		if len(p.items) > 0 {
			e := p.at(p.items[0])
			heads = append(heads, head{&pile{p.data, p.items[1:]}, e, place(e)})
		}
	}
	out := &packer{}
	for len(heads) > 0 {
		least := 0
		for i := 1; i < len(heads); i++ {
			if bytes.Compare(heads[i].place, heads[least].place) < 0 {
				least = i
			}
		}
		h := &heads[least]
		out.add(h.entry)
		if len(h.rest.items) == 0 {
			heads = slices.Delete(heads, least, least+1)
			continue
		}
		h.entry = h.rest.at(h.rest.items[0])
		h.place, h.rest.items = place(h.entry), h.rest.items[1:]
	}
	return out
}
