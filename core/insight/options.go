package insight

import (
	"fmt"
	"path"
	"strconv"
	"time"
)

// Options of an Engine. The zero value has the usual thresholds and excludes nothing.
type Options struct {
	Thresholds Thresholds
	Excludes   []Exclude
	Now        func() time.Time // default time.Now
}

// Thresholds are those other than the usual ones, by the codes of their rules.
type Thresholds struct {
	Age   map[Code]time.Duration
	Count map[Code]int64
}

// Set takes one over from text: a duration such as 1h, or a number, as the rule has it.
func (t *Thresholds) Set(code Code, text string) error {
	r, ok := RuleOf(code)
	switch {
	case !ok || r.Age == 0 && r.Count == 0:
		return fmt.Errorf("no rule %s has a threshold", code)
	case r.Age != 0:
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return fmt.Errorf("expected a duration such as %q", plain(r.Age))
		}
		if t.Age == nil {
			t.Age = map[Code]time.Duration{}
		}
		t.Age[code] = d
	default:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n <= 0 {
			return fmt.Errorf("expected a number above 0 such as %d", r.Count)
		}
		if t.Count == nil {
			t.Count = map[Code]int64{}
		}
		t.Count[code] = n
	}
	return nil
}

// Exclude leaves out what is known and accepted.
type Exclude struct {
	Code   Code
	Row    string    // a pattern of row IDs as path.Match takes it; empty: all rows
	Reason string    // why, for whoever reads the configuration
	Until  time.Time // when it ends; zero: never
}

// covers tells whether a finding is left out at a moment.
func (x Exclude) covers(f Finding, now time.Time) bool {
	if x.Code != f.Code || !x.Until.IsZero() && !now.Before(x.Until) {
		return false
	}
	match, err := path.Match(x.Row, f.Row)
	return x.Row == "" || err == nil && match
}

// Check says what is wrong with an exclude.
func (x Exclude) Check() error {
	if _, ok := RuleOf(x.Code); !ok {
		return fmt.Errorf("no rule has the code %q", x.Code)
	}
	if _, err := path.Match(x.Row, ""); err != nil {
		return fmt.Errorf("row %q is no pattern: %w", x.Row, err)
	}
	if x.Reason == "" {
		return fmt.Errorf("an exclude needs a reason")
	}
	return nil
}
