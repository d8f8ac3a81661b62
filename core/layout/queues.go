package layout

import "holdfast/core/kind"

// QueuesName is the kind of the queues that layouts describe.
const QueuesName kind.Name = "queues"

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
