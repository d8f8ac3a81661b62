package live

import "holdfast/core/kind"

// weigh takes a row's place in the sums from an earlier one; either may be none.
func (t *tracker) weigh(before, after kind.Row) {
	if t.feed.Weigh == nil {
		return
	}
	weight := func(r kind.Row) (string, int64) {
		if r.None() {
			return "", 0
		}
		return t.feed.Weigh(r)
	}
	was, less := weight(before)
	is, more := weight(after)
	if was == is {
		t.sums.Add(is, more-less)
		return
	}
	t.sums.Add(was, -less)
	t.sums.Add(is, more)
}
