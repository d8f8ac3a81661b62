package actorstore

// Status is an actor's state by its protojson name. An unknown name is kept as it is, an unknown number as its digits.
type Status string

// The states of an actor, 0 to 6 on the wire. Only a suspended actor can be deleted.
const (
	StatusUnspecified Status = "" // omitted in documents
	StatusResuming    Status = "STATUS_RESUMING"
	StatusRunning     Status = "STATUS_RUNNING"
	StatusSuspending  Status = "STATUS_SUSPENDING"
	StatusSuspended   Status = "STATUS_SUSPENDED"
	StatusPausing     Status = "STATUS_PAUSING"
	StatusPaused      Status = "STATUS_PAUSED"
)

// String is the name, also of the zero value.
func (s Status) String() string {
	if s == StatusUnspecified {
		return unspecifiedStatus
	}
	return string(s)
}

const (
	unspecifiedStatus   = "STATUS_UNSPECIFIED"
	unspecifiedSnapshot = "SNAPSHOT_TYPE_UNSPECIFIED"
)

// The names in the order of their numbers.
var (
	statusNames = []string{unspecifiedStatus, string(StatusResuming), string(StatusRunning), string(StatusSuspending),
		string(StatusSuspended), string(StatusPausing), string(StatusPaused)}
	snapshotNames = []string{unspecifiedSnapshot} // the others' numbers are kept as they are
)
