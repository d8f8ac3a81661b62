package layout

import (
	"math"
	"time"

	"holdfast/core/kind"
	"holdfast/core/rate"
)

// QueuesName is the kind of the queues that layouts describe.
const QueuesName kind.Name = "queues"

// SeenColumn is the column in which a reader notes when it read a row, in views that have it. It stands aside.
const SeenColumn = "seen"

var queueSchema = kind.NewSchema(errSentinels...)

// QueueColumns are the columns of a queue of jobs.
var QueueColumns = struct {
	Layout   kind.Text
	Queue    kind.Text // its name
	Waiting  kind.Int  // jobs that nobody works on yet
	Active   kind.Int  // jobs that a worker has
	Delayed  kind.Int  // jobs for later, retries among them
	Failed   kind.Int  // jobs that nobody tries again
	Done     kind.Int  // finished jobs that are kept
	Oldest   kind.Time // when the oldest waiting job was put in; zero: not known
	Consumed kind.Uint // finished ever, where it is counted
}{
	queueSchema.Word("layout"), queueSchema.Text("queue"), queueSchema.Int("waiting"), queueSchema.Int("active"),
	queueSchema.Int("delayed"), queueSchema.Int("failed"), queueSchema.Int("done"), queueSchema.Time("oldest"), queueSchema.Uint("consumed"),
}

// queueSeen and queueRate are no part of what a row means: when it was read, and the rate at that moment as far as readings
// tell, as the bits of a float64.
var queueSeen, queueRate = aside(queueSchema)

func aside(s *kind.Schema) (kind.Time, kind.Uint) {
	seen, finished := s.Time(SeenColumn), s.Uint("rate")
	s.Aside(seen.Column)
	s.Aside(finished.Column)
	return seen, finished
}

// QueueRate is how many jobs of a queue are finished a second; ok is false where nothing counts them.
func QueueRate(r kind.Row) (finished rate.Rate, ok bool) {
	if r.Bad() || !counts(r) {
		return rate.Rate{}, false
	}
	return rate.New(math.Float64frombits(queueRate.Of(r)), queueSeen.Of(r)), true
}

// counts tells whether finished jobs are counted, or kept and counted by that.
func counts(r kind.Row) bool {
	return QueueColumns.Consumed.Of(r) > 0 || QueueColumns.Done.Of(r) > 0
}

// followQueue takes the rate over from the reading before. Where finished jobs are only kept, those that are removed
// meanwhile are missing.
func followQueue(old, r kind.Row) kind.Row {
	c, now := &QueueColumns, queueSeen.Of(r)
	finished, _ := QueueRate(old)
	if old.Bad() || r.Bad() {
		return r
	}
	n := int64(0)
	for _, more := range []int64{int64(c.Consumed.Of(r) - c.Consumed.Of(old)), c.Done.Of(r) - c.Done.Of(old)} {
		if n == 0 && more > 0 {
			n = more
		}
	}
	if n > 0 {
		finished = finished.Add(uint64(n), queueSeen.Of(old), now)
	}
	b := queueSchema.Builder(1)
	b.Copy(r)
	queueRate.Set(b, math.Float64bits(finished.At(now)))
	return b.Rows()[0]
}

// stamp notes when a row was read.
func (p *plan) stamp(b *kind.Builder, now time.Time) {
	if p.readAt.Schema() != nil {
		p.readAt.Set(b, now)
	}
}
