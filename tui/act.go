package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/keymap"
	"holdfast/tui/jobs"
	"holdfast/tui/view"
)

// Which rows an action is for. What is asked and done then is for package jobs.

// newJobs are the jobs of this dashboard.
func (m *Model) newJobs() *jobs.Jobs {
	return jobs.New(jobs.Host{
		Ctx: m.ctx, Live: m.Live, Operator: m.Operator, Now: m.Now, Overlays: &m.overlays, Clock: m.clock, KeyName: m.keyName,
		Say:      m.sayUnder,
		Snapshot: func() *live.Snapshot { return m.snap },
		View: func(name kind.Name) *view.View {
			if t := m.tableOf(name); t != nil {
				return t.View
			}
			return nil
		},
		Hidden: func() int {
			if m.detail != nil {
				return 0
			}
			return m.table().Hidden
		},
		Done: func(name kind.Name, ids []string) {
			if t := m.tableOf(name); t != nil {
				t.Unmark(ids)
			}
			m.touchAll(name, ids)
		},
	})
}

func (m *Model) viewAction(a keymap.Action) *view.Action {
	v, _ := m.subject()
	actions := v.Actions
	for i := range actions {
		if actions[i].ID == a {
			return &actions[i]
		}
	}
	return nil
}

// begin starts an action on exactly the rows that are marked, or on the one that is open or under the cursor.
func (m *Model) begin(a *view.Action) tea.Cmd {
	rows, out, _, _ := m.rowsFor(a) // which there are: it was asked before
	v, _ := m.subject()
	return m.jobs.Begin(a, v.Kind, rows, out)
}

// rowsFor are the rows that an action is for, or why there are none; one nil row for an action that needs none. Of several
// marked ones those that cannot be read are left out, which out says; by is the one of several that keeps it from all.
func (m *Model) rowsFor(a *view.Action) (rows []live.Row, out, why string, by live.Row) {
	if a.NoRow {
		return []live.Row{nil}, "", "", nil
	}
	if m.detail == nil && m.view().Kind != "" {
		rows = m.table().Targets()
	} else if _, r := m.subject(); r != nil {
		rows = []live.Row{r}
	}
	switch {
	case len(rows) == 0 && m.detail != nil:
		return nil, "", a.Label + ": " + jobs.GoneWords(1), nil
	case len(rows) == 0 && m.table().Hidden > 0:
		return nil, "", a.Label + ": the filter hides all marked rows", nil
	case len(rows) == 0:
		return nil, "", a.Label + ": " + a.Disabled(nil), nil
	case len(rows) > 1 && !a.Bulk:
		return nil, "", fmt.Sprintf("%s takes one row, %d are marked", a.Label, len(rows)), nil
	}
	return jobs.Fit(a, rows)
}

// unreadable is the one row that keys act on, if it cannot be read; else nil.
func (m *Model) unreadable() live.Row {
	v, r := m.subject()
	if m.detail == nil && m.view().Kind != "" {
		if rows := m.table().Targets(); len(rows) == 1 {
			r = rows[0]
		} else {
			return nil
		}
	}
	if r == nil || r.Problem() == nil || v.Kind == "" {
		return nil
	}
	return r
}
