package insight

import (
	"fmt"
	"time"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/live/rows"
)

// Kind is the name of the rows that findings are.
const Kind kind.Name = "findings"

var schema = kind.NewSchema()

// Columns are the columns of a finding. Its ID orders findings: the worst first, of these the oldest.
var Columns = struct {
	Severity kind.Int
	Code     kind.Text
	Kind     kind.Text // of the row it is about; empty: the server
	Row      kind.Text // the ID of that row; of the server an address, or nothing
	Since    kind.Time // on our clock: since when it is so, or at least since when it was seen
	before   kind.Text // see sentence
	when     kind.Time
	after    kind.Text
}{
	schema.Int("severity"), schema.Word("code"), schema.Word("kind"), schema.Text("row"), schema.Time("since"), schema.Text("text"),
	schema.Time("when"), schema.Text("after"),
}

// Finding is one thing that is wrong.
type Finding struct {
	Code     Code
	Severity Severity
	Kind     kind.Name
	Row      string
	Since    time.Time // on our clock
	says     sentence
}

// ID names a finding for as long as it stands.
func (f Finding) ID() string { return string(f.Code) + " " + string(f.Kind) + " " + f.Row }

// Text is the sentence that says what is wrong, at a moment of our clock. It may hold any bytes that rows hold.
func (f Finding) Text(now time.Time) string { return f.says.text(now) }

// Of is the finding that a row of Columns tells.
func Of(r kind.Row) Finding {
	c := &Columns
	return Finding{
		Code: Code(c.Code.Of(r)), Severity: Severity(c.Severity.Of(r)), Kind: kind.Name(c.Kind.Of(r)), Row: c.Row.Of(r), Since: c.Since.Of(r),
		says: sentence{c.before.Of(r), c.when.Of(r), c.after.Of(r)},
	}
}

// key orders findings; it is the ID of the row.
func (f Finding) key() string {
	return fmt.Sprintf("%d %014d %s", f.Severity, max(0, f.Since.UnixMilli()), f.ID())
}

func (f Finding) pack() kind.Row {
	return schema.One(f.key(), func(b *kind.Builder) {
		c := &Columns
		c.Severity.Set(b, int64(f.Severity))
		c.Code.Set(b, string(f.Code))
		c.Kind.Set(b, string(f.Kind))
		c.Row.Set(b, f.Row)
		c.Since.Set(b, f.Since)
		c.before.Set(b, f.says.before)
		c.when.Set(b, f.says.at)
		c.after.Set(b, f.says.after)
	})
}

// Evidence is one value that the sentence rests on.
type Evidence struct {
	Name  string // of the column, as in `holdfast get`
	Value any    // as kind.Column.Value
}

// Evidence are the values that the rule looked at, as the row has them in a snapshot; nil of the server, or where the row is gone.
func (f Finding) Evidence(s *live.Snapshot) (out []Evidence) {
	rule, ok := RuleOf(f.Code)
	r, found := s.Table(f.Kind).Get(f.Row)
	if !ok || !found {
		return nil
	}
	if err := r.Problem(); err != nil {
		return []Evidence{{"error", err.Error()}}
	}
	for _, c := range rule.needs {
		out = append(out, Evidence{c.Name(), c.Value(r)})
	}
	return out
}

// Unknown is what could not be judged.
type Unknown struct {
	Code   Code
	Kind   kind.Name
	Reason string
}

// Findings are all that is wrong, the worst first, of these the oldest. They never change.
type Findings struct {
	*live.Table              // rows of Columns
	Unknown     []Unknown    // in the order of the rules
	Excluded    int          // what the excludes leave out
	by          []int        // per severity
	codes       map[Code]int // how many of each
}

// Finding is the i-th.
func (f *Findings) Finding(i int) Finding { return Of(f.Row(i)) }

// Count is how many there are of a severity.
func (f *Findings) Count(s Severity) int { return f.by[s] }

// OfCode is how many there are of a code.
func (f *Findings) OfCode(c Code) int { return f.codes[c] }

// AtLeast tells whether there is one as bad as that, or worse.
func (f *Findings) AtLeast(s Severity) bool {
	for _, worse := range Severities() {
		if worse <= s && f.by[worse] > 0 {
			return true
		}
	}
	return false
}

func tableOf(packed *rows.Sorted, rev uint64) *live.Table {
	return &live.Table{Table: rows.TableOf(schema, packed), Kind: Kind, Rev: rev, Complete: true}
}
