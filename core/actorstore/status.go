package actorstore

// Status is an actor's state by its protojson name. An unknown name is kept as it is, an unknown number as its digits.
type Status string

// The states of an actor, 0 to 8 on the wire. Only a suspended actor can be deleted.
const (
	StatusUnspecified Status = "" // omitted in documents
	StatusResuming    Status = "STATUS_RESUMING"
	StatusRunning     Status = "STATUS_RUNNING"
	StatusSuspending  Status = "STATUS_SUSPENDING"
	StatusSuspended   Status = "STATUS_SUSPENDED"
	StatusPausing     Status = "STATUS_PAUSING"
	StatusPaused      Status = "STATUS_PAUSED"
	StatusCrashed     Status = "STATUS_CRASHED"
	StatusDeleting    Status = "STATUS_DELETING"
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
		string(StatusSuspended), string(StatusPausing), string(StatusPaused),
		string(StatusCrashed), string(StatusDeleting)}
	// stateNames are those of the newer layout's status.state.
	stateNames = []string{"ACTOR_STATE_UNSPECIFIED", "ACTOR_STATE_RESUMING", "ACTOR_STATE_RUNNING", "ACTOR_STATE_SUSPENDING",
		"ACTOR_STATE_SUSPENDED", "ACTOR_STATE_PAUSING", "ACTOR_STATE_PAUSED", "ACTOR_STATE_CRASHED", "ACTOR_STATE_DELETING",
		"ACTOR_STATE_REVERTING"}
	snapshotNames = []string{unspecifiedSnapshot} // the others' numbers are kept as they are
)
