package insight

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// sentence says what is wrong. It never changes, and stays true while time goes on: how long ago, or how soon, a moment is
// stands between its two parts.
type sentence struct {
	before string
	at     time.Time // on our clock; zero: there is none
	after  string
}

func says(format string, args ...any) sentence { return sentence{before: fmt.Sprintf(format, args...)} }

// moment appends how far away a moment is.
func (s sentence) moment(at time.Time) sentence { s.at = at; return s }

// then appends what follows the moment.
func (s sentence) then(format string, args ...any) sentence {
	s.after += fmt.Sprintf(format, args...)
	return s
}

func (s sentence) text(now time.Time) string {
	if s.at.IsZero() {
		return s.before + s.after
	}
	return s.before + span(now.Sub(s.at).Abs()) + s.after
}

// span writes a length of time in words that do not move every second: 9s, 3m07s, 42m, 2h05m, 12d.
func span(d time.Duration) string {
	switch d = d.Truncate(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 10*time.Minute:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// plain writes a threshold as the configuration takes it: 1h, 2m, 90s.
func plain(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func count(n int64) string { return humanize.Comma(n) }

func records(n int64) string {
	if n == 1 {
		return "1 record"
	}
	return count(n) + " records"
}

func rowsOf(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return count(n) + " rows"
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }
