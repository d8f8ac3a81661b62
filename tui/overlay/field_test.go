package overlay

import (
	"regexp"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"holdfast/themes"
)

// Fields and the editor ask for no colour, so that their cursor is seen in every theme and on any background.
func TestFieldsHaveNoColourOfTheirOwn(t *testing.T) {
	nothing := func(string) tea.Cmd { return nil }
	e, why := NewEditor("orders", "{\n}", nothing, nothing)
	if e == nil {
		t.Fatal(why)
	}
	filled, empty, left := newField("orders"), newField(""), newField("orders")
	empty.hint, filled.width, empty.width, left.width = "a random one", 20, 20, 20
	for name, view := range map[string]func() string{
		"field": func() string { filled.focused = true; return filled.view() }, "empty field": func() string { empty.focused = true; return empty.view() },
		"field that was left": left.view, "editor": func() string { _, lines := e.draw(themes.Theme{}, 20, 5); return strings.Join(lines, "\n") },
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
