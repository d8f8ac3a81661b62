package live

import (
	"maps"
	"strings"

	"holdfast/core/kind"
)

// sums keeps what the rows of each group weigh together, as rows come and go: asking for a sum looks at no row.
type sums struct {
	of      map[string]int64 // a group of weight 0 is left out
	changed bool             // since it was published
}

func (s *sums) add(group string, n int64) {
	if n == 0 {
		return
	}
	s.changed = true
	sum := s.of[group] + n
	if sum == 0 {
		delete(s.of, group)
		return
	}
	if s.of == nil {
		s.of = map[string]int64{}
	}
	s.of[strings.Clone(group)] = sum // the text may be a part of a row's; what is assigned replaces the key, too
}

// publish returns a copy that stays as it is; the last one, if it still holds.
func (s *sums) publish(last map[string]int64) map[string]int64 {
	if !s.changed {
		return last
	}
	s.changed = false
	return maps.Clone(s.of)
}

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
		t.sums.add(is, more-less)
		return
	}
	t.sums.add(was, -less)
	t.sums.add(is, more)
}
