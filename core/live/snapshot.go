package live

import (
	"iter"
	"strings"
	"time"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// Rows is a sequence of rows, such as a Table or an Order.
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

// Table holds the rows of one kind, sorted by ID. It never changes.
type Table struct {
	Kind     kind.Name
	Schema   *kind.Schema // nil for an unknown kind
	Rev      uint64       // rises with every change of the rows
	Complete bool         // the first pass over the keyspace has ended
	Bad      int          // rows with a Problem
	ReadAt   time.Time    // end of the last reading without an Err, on our clock
	Err      error        // why some rows of the kind could not be read; stays until a pass over the keyspace met no failure
	Recent   []Change     // the newest changes since Complete, oldest first, at most recentChanges
	Whole    time.Time    // no change after it is missing in Recent
	Rates    []int        // changes that each of the last readings saw, oldest first, at most rateReadings
	rows     *Sorted
	within   string           // what the IDs in the table begin with
	from, to int              // the part of rows that is in the table
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
func NewTable(name kind.Name, schema *kind.Schema, rows ...kind.Row) *Table {
	edits := make([]Edit, len(rows))
	for i, r := range rows {
		edits[i] = Edit{Key: r.ID(), Entry: r.Data()}
	}
	s := (&Sorted{key: kind.IDOf}).Apply(edits)
	return &Table{Kind: name, Schema: schema, rows: s, to: s.Len()}
}

// Len is the number of rows.
func (t *Table) Len() int { return t.to - t.from }

// Row returns the i-th row in the order of IDs.
func (t *Table) Row(i int) kind.Row { return t.Schema.At(t.rows.At(t.from + i)) }

// At is Row, for Rows.
func (t *Table) At(i int) Row { return t.Row(i) }

// All are the rows from the i-th on, with their places: faster than one by one.
func (t *Table) All(i int) iter.Seq2[int, kind.Row] { return t.between(i, t.Len()) }

func (t *Table) between(from, to int) iter.Seq2[int, kind.Row] {
	return func(yield func(int, kind.Row) bool) {
		for at, data := range t.rows.Range(t.from+from, t.from+to) {
			if !yield(at-t.from, t.Schema.At(data)) {
				return
			}
		}
	}
}

// Index finds the place of a row.
func (t *Table) Index(id string) (int, bool) {
	i, found := t.rows.Find(id)
	switch {
	case i < t.from:
		return 0, false
	case i >= t.to:
		return t.Len(), false
	}
	return i - t.from, found
}

// Get finds a row.
func (t *Table) Get(id string) (kind.Row, bool) {
	if i, ok := t.Index(id); ok {
		return t.Row(i), true
	}
	return kind.Row{}, false
}

// Sum is the total weight of the rows of a group; 0 if there are none, or if the kind has no weights.
func (t *Table) Sum(group string) int64 { return t.sums[group] }

// Within is the part of the table whose IDs start with prefix, as a table of its own; it costs the same however many rows
// there are. The prefix ends in an ASCII character.
func (t *Table) Within(prefix string) *Table {
	part := *t
	if prefix == "" {
		return &part
	}
	from, _ := t.Index(prefix)
	to, _ := t.Index(prefix[:len(prefix)-1] + string(prefix[len(prefix)-1]+1))
	part.within, part.from, part.to = prefix, t.from+from, t.from+to
	return &part
}

// Range calls fn for the rows whose ID starts with prefix, in order, until fn returns false.
func (t *Table) Range(prefix string, fn func(kind.Row) bool) {
	from, _ := t.Index(prefix)
	for _, r := range t.All(from) {
		if !strings.HasPrefix(r.ID(), prefix) || !fn(r) {
			return
		}
	}
}

// Since passes fn every row that differs from an earlier table of the kind, in the order of IDs; before is none for a
// new row, after for a removed one. Its cost depends on what changed, not on the number of rows.
func (t *Table) Since(earlier *Table, fn func(before, after kind.Row)) {
	row := func(data string) kind.Row {
		if data == "" {
			return kind.Row{}
		}
		return t.Schema.At(data)
	}
	diff(earlier.rows, t.rows, func(before, after string) { fn(row(before), row(after)) })
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
