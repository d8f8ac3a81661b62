package view

import (
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
)

// Action is something that can be done to a row. Exactly one of Plan and Edit is set.
type Action struct {
	ID      keymap.Action
	Label   string                                                                       // "flush"
	NoRow   bool                                                                         // is for no row, as locking a new key: Form and Plan get nil
	Bulk    bool                                                                         // can be done to several marked rows
	Blocked func(live.Row) string                                                        // why it cannot be done to this row; nil or "" where it can
	Form    func(live.Row) Form                                                          // what has to be asked first; nil: nothing
	Plan    func(*operate.Operator, live.Row, map[string]string) (operate.Action, error) // sends nothing
	Edit    bool                                                                         // opens the row's document in an editor
}

// Disabled says why the action cannot be done to a row, nil where there is none; empty if it can.
func (a *Action) Disabled(r live.Row) string {
	switch {
	case a.NoRow:
		return ""
	case r == nil:
		return "there is no row here"
	case r.Problem() != nil:
		return "the record is unreadable"
	case a.Blocked != nil:
		return a.Blocked(r)
	}
	return ""
}

// Form asks for values before an action is planned.
type Form struct {
	Title  string
	Fields []Field
}

// Field is one input of a form.
type Field struct {
	Name  string // its key among the answers
	Label string
	Value string             // filled in
	Hint  string             // shown while it is empty
	Check func(string) error // nil: anything goes
}
