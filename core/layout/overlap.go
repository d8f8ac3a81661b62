package layout

import "slices"

// Whether two layouts could claim one key: both forms are read as patterns, and walked side by side.

// symbol is one place of a pattern: a set of bytes, which may stand there any number of times.
type symbol struct {
	any    bool // every byte but c; with c below 0, every byte
	c      int
	repeat bool
}

func (a symbol) meets(b symbol) bool {
	switch {
	case a.any && b.any:
		return true
	case a.any:
		return a.c != b.c
	case b.any:
		return b.c != a.c
	}
	return a.c == b.c
}

func (t *template) symbols() (out []symbol) {
	for _, p := range t.pieces {
		if p.part == "" {
			for _, c := range []byte(p.literal) {
				out = append(out, symbol{c: int(c)})
			}
			continue
		}
		s := symbol{any: true, c: p.stop}
		once := s
		s.repeat = true
		out = append(out, once, s)
	}
	return out
}

// globSymbols reads a SCAN pattern. A class counts as any byte, which errs on the safe side.
func globSymbols(glob string) (out []symbol) {
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; c {
		case '*':
			out = append(out, symbol{any: true, c: -1, repeat: true})
		case '?':
			out = append(out, symbol{any: true, c: -1})
		case '[':
			for i++; i < len(glob) && glob[i] != ']'; i++ {
				if glob[i] == '\\' {
					i++
				}
			}
			out = append(out, symbol{any: true, c: -1})
		case '\\':
			if i++; i < len(glob) {
				out = append(out, symbol{c: int(glob[i])})
			}
		default:
			out = append(out, symbol{c: int(c)})
		}
	}
	return out
}

// collide tells whether two templates could both match one key. A key without parts that the other leaves out is none.
func collide(a, b *template) bool {
	if a.leavesOut(b) || b.leavesOut(a) {
		return false
	}
	return overlap(a.symbols(), b.symbols())
}

func (t *template) leavesOut(other *template) bool {
	return len(other.parts()) == 0 && slices.Contains(t.except, other.prefix())
}

// overlap tells whether some key matches both.
func overlap(a, b []symbol) bool {
	type at struct{ i, j int }
	seen := map[at]bool{}
	var walk func(i, j int) bool
	walk = func(i, j int) bool {
		if i == len(a) && j == len(b) {
			return true
		}
		if seen[at{i, j}] {
			return false
		}
		seen[at{i, j}] = true
		if i < len(a) && a[i].repeat && walk(i+1, j) || j < len(b) && b[j].repeat && walk(i, j+1) {
			return true
		}
		if i == len(a) || j == len(b) || !a[i].meets(b[j]) {
			return false
		}
		nextI, nextJ := i+1, j+1
		if a[i].repeat {
			nextI = i
		}
		if b[j].repeat {
			nextJ = j
		}
		if nextI == i && nextJ == j { // both stay: as if one went on
			return false
		}
		return walk(nextI, nextJ)
	}
	return walk(0, 0)
}
