package table

import "slices"

// Zone is a part of one line and what stands there: the number of a tab, a column, a button.
type Zone struct{ From, To, What int }

// Hit finds what stands at a cell of the line.
func Hit(line []Zone, x int) (what int, ok bool) {
	i := slices.IndexFunc(line, func(s Zone) bool { return x >= s.From && x < s.To })
	if i < 0 {
		return 0, false
	}
	return line[i].What, true
}
