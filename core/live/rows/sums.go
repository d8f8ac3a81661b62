package rows

import (
	"maps"
	"strings"
)

// Sums keeps what the rows of each group weigh together, as rows come and go: asking for a sum looks at no row.
type Sums struct {
	of      map[string]int64 // a group of weight 0 is left out
	changed bool             // since it was published
}

// Add gives a group more weight, or less.
func (s *Sums) Add(group string, n int64) {
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

// Publish returns a copy that stays as it is; the last one, if it still holds.
func (s *Sums) Publish(last map[string]int64) map[string]int64 {
	if !s.changed {
		return last
	}
	s.changed = false
	return maps.Clone(s.of)
}
