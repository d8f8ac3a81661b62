// Package insight tells what is wrong, as data. A rule is one value with a code, a severity, when it holds, and the sentence
// that says so of a row; an Engine follows the snapshots of core/live and keeps the set of what the rules have found. What
// cannot be known is said to be unknown, with the reason. Nothing here reads a server, and nothing mends what it finds.
package insight

import (
	"slices"
	"time"

	"holdfast/core/kind"
	"holdfast/core/operate"
)

// Code names a rule, such as "lock-never-expires". It is what excludes, thresholds and docs/findings.md go by.
type Code string

// Severity is how much a finding matters.
type Severity int

// Severities, the worst first.
const (
	Bad  Severity = iota // state is lost, or two parts of it contradict each other
	Warn                 // it will not mend itself
	Info                 // worth a look
)

// String is the word in the output of `holdfast check`.
func (s Severity) String() string { return [...]string{"bad", "warn", "info"}[s] }

// Severities are all, the worst first.
func Severities() []Severity { return []Severity{Bad, Warn, Info} }

// Rule is one thing to recognise. Exactly one of judge, whole and server is set.
type Rule struct {
	Code       Code
	Severity   Severity
	Kind       kind.Name      // of the rows it is about; empty: the server
	Others     []kind.Name    // that have to be read, too
	When       string         // when it holds, for people: a sentence without a full stop; AGE and COUNT stand for the thresholds
	Advice     string         // what to do about it
	Fixes      []operate.Verb // actions on the row that mend it; none: there is no safe one
	Age        time.Duration  // the usual threshold; 0: it has none
	Count      int64          // the usual threshold; 0: it has none
	Twice      bool           // one reading cannot tell
	needs      []known        // columns without which a row tells nothing
	unreadable bool           // it is about unreadable rows

	// judge looks at one readable row. It is asked again when the row changes, when it is due, and when a row changes that
	// touches names or that it looked at.
	judge func(in *look, r kind.Row) verdict
	// touches are the IDs of the rows that a changed row of another kind may matter to; either of the two may be none.
	touches func(in *look, of kind.Name, before, after kind.Row) []string
	// notice remembers what a change of a row tells; nil: nothing.
	notice func(in *look, before, after kind.Row)
	// whole lists what is wrong with the kind as a whole, by the ID of the row that it is about. It is asked when the kind has
	// changed, and looks at no row but those it names.
	whole func(in *look) map[string]verdict
	// server lists what is wrong with the server, by what it is about (an address, or nothing). It is asked each time.
	server func(in *look) map[string]verdict
	// unsaid is why the rule cannot tell anything; nil or empty: it can.
	unsaid func(in *look) string
}

// known is a column of which a row may not know the value.
type known interface {
	Err(kind.Row) error
	Name() string
	Value(kind.Row) any
}

// verdict is what a rule says of a row.
type verdict struct {
	is       bool
	severity *Severity // nil: that of the rule
	since    time.Time // on our clock; zero: since it was found
	says     sentence
	due      time.Time // when time alone may make another verdict; zero: never
}

// fine is the verdict on a row with which nothing is wrong, until due.
func fine(due ...time.Time) verdict {
	if len(due) > 0 {
		return verdict{due: due[0]}
	}
	return verdict{}
}

func wrong(since time.Time, says sentence) verdict {
	return verdict{is: true, since: since, says: says}
}

// until is a verdict that time alone may change.
func (v verdict) until(due time.Time) verdict { v.due = due; return v }

// as is a verdict of another severity than that of its rule.
func (v verdict) as(s Severity) verdict { v.severity = &s; return v }

// rules is the registry, in the order of docs/findings.md.
var rules = slices.Concat(lockRules, actorRules, bufferRules, generationRules, leaseRules, kvRules, queueRules, serverRules)

// Rules are all rules.
func Rules() []*Rule { return slices.Clone(rules) }

// RuleOf finds a rule by its code.
func RuleOf(code Code) (*Rule, bool) {
	if i := slices.IndexFunc(rules, func(r *Rule) bool { return r.Code == code }); i >= 0 {
		return rules[i], true
	}
	return nil, false
}
