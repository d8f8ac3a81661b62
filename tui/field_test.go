package tui

import (
	"regexp"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// Fields and the editor ask for no colour, so that their cursor is seen in every theme and on any background.
func TestFieldsHaveNoColourOfTheirOwn(t *testing.T) {
	nothing := func(draft) tea.Cmd { return nil }
	e, why := newEditor(draft{text: "{\n}"}, nothing, nothing)
	if e == nil {
		t.Fatal(why)
	}
	filled, empty := newInput("orders"), newInput("")
	empty.Placeholder = "a random one"
	left := filled
	for name, view := range map[string]func() string{
		"field": func() string { filled.Focus(); return filled.View() }, "empty field": func() string { empty.Focus(); return empty.View() },
		"field that was left": left.View, "editor": e.area.View,
	} {
		drawn := view()
		if at := regexp.MustCompile(`\x1b\[[0-9;:]*[34][0-8][0-9;:]*m`).FindString(drawn); at != "" {
			t.Errorf("%s: %q in %q", name, at, drawn)
		}
		if name != "field that was left" && !strings.Contains(drawn, "\x1b[7m") {
			t.Errorf("%s: no cursor in %q", name, drawn)
		}
	}
}
