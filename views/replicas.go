package views

import (
	"cmp"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/kvstore/redisdb"
	"holdfast/tui"
)

// What a database is beside its own numbers: how large its values are, how often it changes, and how far its replicas
// are behind.

// bytesOf is the size of the values of a database, as far as its keys are read; 0 where nothing is known of them.
func bytesOf(r *redisdb.Row, others tui.Lookup) int64 {
	if others == nil {
		return 0
	}
	return others.Table("keys").Sum(r.ID())
}

// leastRate is what still shows, in changes a second.
const leastRate = 0.05

func perSecond(rate float64) string {
	switch {
	case rate < leastRate:
		return "-"
	case rate < 100:
		return fmt.Sprintf("%.1f/s", rate)
	}
	return humanize.Comma(int64(rate)) + "/s"
}

// silentAfter is when a replica that has changes to apply should have reported.
const silentAfter = 30 * time.Second

// standings sum up the replicas of a database.
type standings struct {
	replicas int
	lag      uint64        // of the one that is furthest behind
	silent   time.Duration // since the last report of one that lags; 0: none of them is silent
}

func standing(r *redisdb.Row, now time.Time) (s standings) {
	for _, p := range r.Replicas(now) {
		s.replicas++
		s.lag = max(s.lag, p.Lag(r))
		s.silent = max(s.silent, silence(r, p, now))
	}
	return s
}

// anyTime sums up all replicas there are, for an order that does not change by itself.
func anyTime(r *redisdb.Row) standings { return standing(r, time.Time{}) }

// silence is since when a replica that lags has not reported; 0 where that is no matter.
func silence(r *redisdb.Row, p redisdb.Replica, now time.Time) time.Duration {
	if ago := now.Sub(p.Reported); p.Lag(r) > 0 && ago >= silentAfter {
		return ago
	}
	return 0
}

func (s standings) count() string {
	if s.replicas == 0 {
		return "-"
	}
	return fmt.Sprint(s.replicas)
}

func (s standings) text() string {
	switch {
	case s.replicas == 0:
		return "-"
	case s.silent > 0:
		return fmt.Sprintf("%d, silent %s", s.lag, tui.Age(s.silent.Truncate(time.Second)))
	}
	return fmt.Sprint(s.lag)
}

// compare puts databases without replicas first.
func (s standings) compare(other standings) int {
	return cmp.Or(cmp.Compare(min(s.replicas, 1), min(other.replicas, 1)), cmp.Compare(s.lag, other.lag))
}

// replicaFacts tell of each replica that reports.
func replicaFacts(r *redisdb.Row, at tui.Clock) []tui.Fact {
	var out []tui.Fact
	for _, p := range r.Replicas(at.Server) {
		f := tui.Fact{Name: "replica", Text: fmt.Sprintf("%s: applied %d, %d behind, reported %s ago", p.Name, p.Applied, p.Lag(r), ago(p.Reported, at))}
		if silence(r, p, at.Server) > 0 {
			f.Text, f.Tone = f.Text+": silent", tui.Warn
		}
		out = append(out, f)
	}
	if out == nil {
		out = []tui.Fact{{Name: "replicas", Text: "none has reported within a day", Tone: tui.Muted}}
	}
	return out
}
