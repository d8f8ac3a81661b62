package tui

import (
	"errors"
	"strings"

	"charm.land/lipgloss/v2"

	"holdfast/core/conn"
	"holdfast/internal/text"
	"holdfast/themes"
)

// reason is what an error comes down to, without the operations and keys on its way, also amid other words: the screen
// names them already.
func reason(err error) string {
	says := err.Error()
	for op, ok := errors.AsType[*conn.OpError](err); ok; op, ok = errors.AsType[*conn.OpError](op.Err) {
		says = strings.Replace(says, op.Error(), op.Err.Error(), 1)
	}
	return text.Line(says)
}

func toneStyle(th themes.Theme, t Tone, plain lipgloss.Style) lipgloss.Style {
	switch t {
	case Muted:
		return th.Muted
	case Good:
		return th.Good
	case Warn:
		return th.Warn
	case Bad:
		return th.Bad
	}
	return plain
}
