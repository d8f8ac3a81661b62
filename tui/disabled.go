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
		return m.jobs.Busy(), nil
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
		return m.jobs.Busy(), nil
	}
	return m.disabledHere(a), nil
}

// disabledHere is disabled for the actions that every view has.
func (m *Model) disabledHere(a keymap.Action) string {
	switch a {
	case keymap.Quit:
		return m.jobs.Busy() // there is a harder way out, which needs no permission
	case keymap.Undo, keymap.UndoList:
		return m.jobs.CannotUndo(a)
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

// leadTo puts the cursor on the one marked row that keeps an action from all of them, and says how to go on without it.
func (m *Model) leadTo(r live.Row) string {
	if at, ok := m.table().Rows.Find(r.ID()); ok {
		m.table().MoveTo(at)
		m.focus()
	}
	return fmt.Sprintf("; nothing was done. The cursor is on it: %s unmarks it", m.keyName(keymap.Mark))
}

// refuses tells, and says why, that an action is not to be carried out. Those that have more to say of it do so themselves.
func (m *Model) refuses(a keymap.Action) bool {
	why, by := m.disabledBy(a)
	if why == "" || why == readOnly || a == keymap.Undo || a == keymap.UndoList {
		return false
	}
	tone := view.Plain
	if m.viewAction(a) != nil && why != m.jobs.Busy() {
		tone = view.Warn
	}
	if by != nil {
		why += m.leadTo(by)
	}
	m.say(why, tone)
	return true
}
