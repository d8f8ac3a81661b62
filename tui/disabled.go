package tui

import (
	"fmt"
	"strings"

	"holdfast/core/live"
	"holdfast/keymap"
	"holdfast/tui/view"
)

// Why an action cannot be done here and now: the handler, the palette, the hints and the help all ask for the same reason.

// readOnly is the one reason that does not keep the handler back: the operator itself refuses then, and writes it into the audit file.
const readOnly = "read-only"

// disabled says why an action cannot be done here and now; empty if it can.
func (m *Model) disabled(a keymap.Action) string {
	why, _ := m.disabledBy(a)
	return why
}

// disabledBy is disabled with the marked row that keeps an action from all of them; nil where it is none.
func (m *Model) disabledBy(a keymap.Action) (why string, by live.Row) {
	if a == keymap.Delete && m.unreadable() != nil {
		return m.busyWith(), nil
	}
	if never := m.never(a); never != "" {
		return never, nil
	}
	if v := m.viewAction(a); v != nil {
		_, _, why, by := m.rowsFor(v)
		switch {
		case why != "":
			return why, by
		case m.Operator.ReadOnly():
			return readOnly, nil
		}
		return m.busyWith(), nil
	}
	return m.disabledHere(a), nil
}

// disabledHere is disabled for the actions that every view has.
func (m *Model) disabledHere(a keymap.Action) string {
	switch a {
	case keymap.Quit:
		return m.busyWith() // there is a harder way out, which needs no permission
	case keymap.Undo, keymap.UndoList:
		return m.cannotUndo(a)
	case keymap.PrevPlace:
		if m.places.history.at == 0 {
			return noPlaceBefore
		}
	case keymap.NextPlace:
		if m.places.history.at >= len(m.places.history.visits)-1 {
			return noPlaceAfter
		}
	case keymap.OpenDetail, keymap.Mark, keymap.MarkRange, keymap.MarkAll:
		if m.target() == nil {
			return "there is no row here"
		}
	case keymap.Copy:
		if d := m.detail; m.target() == nil && (d == nil || d.Row == nil && !d.Whole.Found) {
			return "there is no row here to copy"
		}
	case keymap.ClearMarks:
		if len(m.table().Marks) == 0 {
			return "no row is marked"
		}
	case keymap.FollowLink, keymap.NextLink, keymap.PrevLink:
		if m.detail != nil && len(m.detail.Links) == 0 {
			return "this row has no links"
		}
	case keymap.Sort:
		if !m.view().Sortable() {
			return m.view().Name + " has a fixed order"
		}
	}
	return ""
}

// cannotUndo says why nothing is to be undone.
func (m *Model) cannotUndo(a keymap.Action) string {
	last := m.done.next()
	switch {
	case a == keymap.UndoList && len(m.done.entries) == 0, a == keymap.Undo && last == nil:
		return "nothing to undo"
	case a == keymap.Undo && len(last.undo) == 0:
		return last.why
	case a == keymap.Undo:
		return m.busyWith()
	}
	return ""
}

// busyWith says that an action still runs; empty if none does.
func (m *Model) busyWith() string {
	if m.working != nil {
		return "another action is still running"
	}
	return ""
}

// never says that no row here takes an action; empty for what some row could take.
func (m *Model) never(a keymap.Action) string {
	b, _ := m.Keys.Binding(a)
	if b.Scope != keymap.Row || m.viewAction(a) != nil {
		return ""
	}
	if a == keymap.Put {
		return "only databases take new keys"
	}
	noun := m.view().RowNoun()
	if m.view().Kind == "" {
		noun = "this row"
	}
	return fmt.Sprintf("%s cannot be %sed", noun, strings.TrimSuffix(b.Label, "e"))
}

// refuses tells, and says why, that an action is not to be carried out. Those that have more to say of it do so themselves.
func (m *Model) refuses(a keymap.Action) bool {
	why, by := m.disabledBy(a)
	if why == "" || why == readOnly || a == keymap.Undo || a == keymap.UndoList {
		return false
	}
	tone := view.Plain
	if m.viewAction(a) != nil && why != m.busyWith() {
		tone = view.Warn
	}
	if by != nil {
		why += m.leadTo(by)
	}
	m.say(why, tone)
	return true
}
