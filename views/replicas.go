package views

import (
	"cmp"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/kind"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/text"
	"holdfast/tui/view"
)

// What a database is beside its own numbers: how large its values are, how often it changes, and how far its replicas
// are behind.

// bytesOf is the size of the values of a database, as far as its keys are read; 0 where nothing is known of them.
func bytesOf(r kind.Row, others view.Lookup) int64 {
	if others == nil {
		return 0
	}
	return others.Table("pairs").Sum(r.ID())
}

// unweighed is how many of its keys have a size that is not known.
func unweighed(r kind.Row, others view.Lookup) int64 {
	if others == nil {
		return 0
	}
	return others.Table("pairs").Sum(redisdb.Unweighed(r.ID()))
}

// maxLooked is how many keys are looked at for one that tells why a size is not known.
const maxLooked = 10_000

// bytesErr is why bytesOf is not known; nil where it is.
func bytesErr(r kind.Row, others view.Lookup) error {
	n := unweighed(r, others)
	if n == 0 {
		return nil
	}
	pairs := others.Table("pairs").Within(r.ID() + ":")
	for i, p := range pairs.All(0) {
		if i == maxLooked {
			break
		}
		if err := cmp.Or(p.Problem(), redisdb.PairColumns.Bytes.Err(p)); err != nil {
			return fmt.Errorf("%s of its keys are unreadable: %w", humanize.Comma(n), err)
		}
	}
	return fmt.Errorf("%s of its keys are unreadable", humanize.Comma(n))
}

// minRate is what still shows, in changes a second.
const minRate = 0.05

func perSecond(rate float64) string {
	switch {
	case rate < minRate:
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
	ahead    uint64        // of the one that has applied most of what the database does not have
	more     int64         // that were not read, because there are too many
	silent   time.Duration // since the last report of one that lags; 0: none of them is silent
}

func standing(r kind.Row, now time.Time) (s standings) {
	s.more = redisdb.MoreReplicas(r)
	for _, p := range redisdb.Replicas(r, now) {
		s.ahead = max(s.ahead, p.Ahead(r))
		s.replicas++
		s.lag = max(s.lag, p.Lag(r))
		s.silent = max(s.silent, silence(r, p, now))
	}
	return s
}

// anyTime sums up all replicas there are, for an order that does not change by itself.
func anyTime(r kind.Row) standings { return standing(r, time.Time{}) }

// silence is since when a replica that lags has not reported; 0 where that is no matter.
func silence(r kind.Row, p redisdb.Replica, now time.Time) time.Duration {
	if ago := now.Sub(p.Reported); p.Lag(r) > 0 && ago >= silentAfter {
		return ago
	}
	return 0
}

func (s standings) count() string {
	if s.replicas == 0 {
		return "-"
	}
	if s.more > 0 {
		return fmt.Sprintf("%d of %s", s.replicas, humanize.Comma(int64(s.replicas)+s.more))
	}
	return fmt.Sprint(s.replicas)
}

// tone is of the text.
func (s standings) tone() view.Tone {
	switch {
	case s.ahead > 0:
		return view.Bad
	case s.silent > 0:
		return view.Warn
	}
	return view.Plain
}

func (s standings) text() string {
	switch {
	case s.replicas == 0:
		return "-"
	case s.ahead > 0:
		return fmt.Sprintf("%d ahead", s.ahead)
	case s.silent > 0:
		return fmt.Sprintf("%d, silent %s", s.lag, text.Age(s.silent.Truncate(time.Second)))
	}
	return fmt.Sprint(s.lag)
}

// appendKey puts databases without replicas first.
func (s standings) appendKey(b []byte) []byte {
	return kind.AppendUintKey(kind.AppendUintKey(kind.AppendIntKey(b, int64(min(s.replicas, 1))), s.ahead), s.lag)
}

// replicaFacts tell of each replica that reports.
func replicaFacts(r kind.Row, at view.Clock) []view.Fact {
	if err := redisdb.Columns.Replicas.Err(r); err != nil {
		return []view.Fact{fact("replicas", "", err)}
	}
	var out []view.Fact
	for _, p := range redisdb.Replicas(r, at.Server) {
		if redisdb.Columns.Changes.Err(r) != nil {
			out = append(out, view.Fact{Name: "replica", Text: fmt.Sprintf("%s: applied %d, reported %s ago", p.Name, p.Applied, ago(p.Reported, at))})
			continue
		}
		f := view.Fact{Name: "replica", Text: fmt.Sprintf("%s: applied %d, %d behind, reported %s ago", p.Name, p.Applied, p.Lag(r), ago(p.Reported, at))}
		if n := p.Ahead(r); n > 0 {
			f.Text = fmt.Sprintf("%s: applied %d, %d ahead of the database, reported %s ago: it followed another history", p.Name, p.Applied, n, ago(p.Reported, at))
			f.Tone = view.Bad
		}
		if silence(r, p, at.Server) > 0 {
			f.Text, f.Tone = f.Text+": silent", view.Warn
		}
		out = append(out, f)
	}
	if more := redisdb.MoreReplicas(r); more > 0 {
		text := fmt.Sprintf("first %d of %s: too many to read", len(out), humanize.Comma(int64(len(out))+more))
		return append([]view.Fact{{Name: "replicas", Text: text, Tone: view.Warn}}, out...)
	}
	if out == nil {
		out = []view.Fact{{Name: "replicas", Text: "none has reported within a day", Tone: view.Muted}}
	}
	return out
}
