package live

import (
	"time"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/live/rows"
)

// Rows is a sequence of rows, such as a Table.
type Rows interface {
	Len() int
	At(i int) Row
}

// State says how current a snapshot is.
type State int

// The states of the connection to the server.
const (
	Connecting State = iota // nothing has been read yet
	Polling                 // the server answers and is asked every refresh
	Lost                    // the server does not answer; the rows are those of before
)

// Snapshot is all that is known at one moment. It never changes.
type Snapshot struct {
	State   State
	Pushed  bool // while Polling: the server tells what changes, and nothing but that is read
	Paused  bool
	Refresh time.Duration // between two readings
	Server  conn.Status
	ReadAt  time.Time // of the last complete reading, on our clock; zero before the first
	Err     error     // why the last reading failed
	RetryAt time.Time // when the next attempt is due, if State is Lost
	Cost    float64   // commands a second that were sent to the server, lately
	Tables  []*Table  // one a kind, in the order of the registry
	Events  []Event   // what happened to the server or to many rows at once, oldest first
	Down    []Down    // masters of a cluster that do not answer, sorted; their rows are as they were
}

// Down is a master that does not answer.
type Down struct {
	Addr string // empty: slots that no master serves
	Err  error
}

// Table finds the rows of a kind; an unknown kind has an empty table.
func (s *Snapshot) Table(name kind.Name) *Table {
	for _, t := range s.Tables {
		if t.Kind == name {
			return t
		}
	}
	return NewTable(name, nil)
}

// ServerNow is the server's time at our moment now.
func (s *Snapshot) ServerNow(now time.Time) time.Time { return now.Add(s.Server.Skew) }

// Table is the rows of one kind, and what happened to them. It never changes.
type Table struct {
	rows.Table
	Kind     kind.Name
	Rev      uint64           // rises with every change of the rows
	Complete bool             // the first pass over the keyspace has ended
	Bad      int              // rows with a Problem
	ReadAt   time.Time        // end of the last reading without an Err, on our clock
	Err      error            // why some rows of the kind could not be read; stays until a pass over the keyspace met no failure
	Recent   []Change         // the newest changes since Complete, oldest first, at most recentChanges
	Whole    time.Time        // no change after it is missing in Recent
	Rates    []int            // changes that each of the last readings saw, oldest first, at most rateReadings
	sums     map[string]int64 // see Sum
	ends     []time.Time      // of the reading before Rates, and of each in Rates
}

// Change is one difference between two readings of a row.
type Change struct {
	At            time.Time
	ID            string
	Before, After kind.Row // none where the row did not exist
}

// What is kept of the past of a kind.
const (
	recentChanges = 256
	rateReadings  = 60
)

// NewTable is a table of rows at hand, all of one schema.
func NewTable(name kind.Name, schema *kind.Schema, all ...kind.Row) *Table {
	return &Table{Table: rows.NewTable(schema, all...), Kind: name}
}

// At is Row, for Rows.
func (t *Table) At(i int) Row { return t.Row(i) }

// Sum is the total weight of the rows of a group; 0 if there are none, or if the kind has no weights.
func (t *Table) Sum(group string) int64 { return t.sums[group] }

// Within is the part of the table whose IDs start with prefix, as a table of its own; it costs the same however many rows
// there are.
func (t *Table) Within(prefix string) *Table {
	part := *t
	part.Table = t.Table.Within(prefix)
	return &part
}

// Rate is the mean number of changes a second over the time that Rates cover, pauses and slow readings among it.
func (t *Table) Rate() float64 {
	if len(t.Rates) == 0 {
		return 0
	}
	sum := 0
	for _, n := range t.Rates {
		sum += n
	}
	took := t.ends[len(t.ends)-1].Sub(t.ends[0])
	if took <= 0 {
		return 0
	}
	return float64(sum) / took.Seconds()
}
