package tui

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui/frame"
	"holdfast/tui/view"
)

// What the operator is told of the server without having asked.

// warnOf shows the newest event that the last snapshot did not have. The overview lists them all.
func (m *Model) warnOf(before, now []live.Event) {
	if len(now) == 0 {
		return
	}
	e := now[len(now)-1]
	if slices.ContainsFunc(before, func(old live.Event) bool {
		return old.At.Equal(e.At) && old.What == e.What && slices.Equal(old.Lost, e.Lost)
	}) {
		return
	}
	title := "server changed"
	if len(e.Lost) > 0 {
		title = "data lost"
	}
	m.toast = frame.NewToast(title, e.String(), view.Bad, m.Now())
}

// partlyLost says which part of a cluster is not shown as it is; empty if all of it is.
func (m *Model) partlyLost() string {
	if down := m.snap.Down; len(down) > 0 {
		names := make([]string, len(down))
		for i, d := range down {
			if names[i] = text.Line(d.Addr); d.Addr == "" {
				names[i] = "slots without a master"
			}
		}
		return fmt.Sprintf("no answer from %s: rows there are not up to date", strings.Join(names, ", "))
	}
	if n := m.snap.Server.Uncovered; n > 0 {
		return fmt.Sprintf("%s of the cluster's 16,384 hash slots have no master: their rows are missing", text.Count(n))
	}
	return ""
}
