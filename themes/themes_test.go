package themes_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"holdfast/themes"
)

// tokens of a theme by name.
func tokens(t *testing.T, theme themes.Theme) map[string]lipgloss.Style {
	t.Helper()
	found := map[string]lipgloss.Style{}
	v := reflect.ValueOf(theme)
	for i := range v.NumField() {
		if s, ok := v.Field(i).Interface().(lipgloss.Style); ok {
			found[v.Type().Field(i).Name] = s
		}
	}
	return found
}

func named(t *testing.T, name string, isDark bool) themes.Theme {
	t.Helper()
	theme, err := themes.Named(name, isDark)
	if err != nil {
		t.Fatal(err)
	}
	return theme
}

// each theme in both shades.
func each(t *testing.T, f func(t *testing.T, theme themes.Theme, isDark bool)) {
	for _, name := range themes.Names() {
		for _, isDark := range []bool{true, false} {
			shade := map[bool]string{true: "dark", false: "light"}[isDark]
			t.Run(name+" on "+shade, func(t *testing.T) { f(t, named(t, name, isDark), isDark) })
		}
	}
}

func TestNames(t *testing.T) {
	want := []string{"dark", "light", "high-contrast", "colour-blind", "mono"}
	if !slices.Equal(themes.Names(), want) {
		t.Errorf("names are %q, want %q", themes.Names(), want)
	}
	each(t, func(t *testing.T, theme themes.Theme, _ bool) {
		if !slices.Contains(want, theme.Name) {
			t.Errorf("theme calls itself %q", theme.Name)
		}
	})
	_, err := themes.Named("solarized", true)
	if err == nil {
		t.Fatal("an unknown theme is no error")
	}
	for _, name := range append(want, `"solarized"`) {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error %q does not mention %s", err, name)
		}
	}
}

func TestDefaultFollowsTheBackground(t *testing.T) {
	for isDark, name := range map[bool]string{true: "dark", false: "light"} {
		if got := themes.Default(isDark).Name; got != name {
			t.Errorf("dark background %v: %s, want %s", isDark, got, name)
		}
	}
}

func TestThemesShareNothing(t *testing.T) {
	first := named(t, "dark", true)
	first.Text = first.Text.Bold(true).SetString("changed")
	if named(t, "dark", true).Text.Render("x") == first.Text.Render("x") {
		t.Error("a change to one copy shows in another")
	}
}

func TestEveryTokenIsMade(t *testing.T) {
	each(t, func(t *testing.T, theme themes.Theme, _ bool) {
		for token, style := range tokens(t, theme) {
			if got := ansi.Strip(style.Render("text")); !strings.Contains(got, "text") {
				t.Errorf("%s renders %q", token, got)
			}
			if theme.Name != "mono" && style.GetForeground() == (lipgloss.NoColor{}) {
				t.Errorf("%s has no colour", token)
			}
		}
	})
}

// Mono uses nothing but bold, faint, underline and reverse.
func TestMonoHasNoColour(t *testing.T) {
	allowed := []string{"", "1", "2", "4", "7"}
	for token, style := range tokens(t, named(t, "mono", true)) {
		for _, sequence := range strings.Split(style.Render("a state"), "\x1b[")[1:] {
			codes, _, _ := strings.Cut(sequence, "m")
			for code := range strings.SplitSeq(codes, ";") {
				if !slices.Contains(allowed, code) {
					t.Errorf("%s writes SGR %q", token, code)
				}
			}
		}
	}
}

// What a terminal shows that drops colours is what mono shows; muted text alone is plain there instead of faint.
func TestWithoutColoursEveryThemeIsMono(t *testing.T) {
	bare := func(s lipgloss.Style) string {
		return s.UnsetForeground().UnsetBackground().UnsetBorderForeground().UnsetFaint().Render("a state")
	}
	mono := tokens(t, named(t, "mono", true))
	each(t, func(t *testing.T, theme themes.Theme, _ bool) {
		for token, style := range tokens(t, theme) {
			if got, want := bare(style), bare(mono[token]); got != want {
				t.Errorf("%s is %q, want %q", token, got, want)
			}
		}
	})
}

// States that stand beside each other differ by more than colour.
func TestStatesDifferWithoutColour(t *testing.T) {
	mono := named(t, "mono", true)
	for name, states := range map[string][]lipgloss.Style{
		"rows":    {mono.Row, mono.RowSelected, mono.RowMarked, mono.RowBad, mono.RowChanged},
		"tabs":    {mono.TabActive, mono.TabIdle},
		"words":   {mono.Good, mono.Warn, mono.Bad},
		"buttons": {mono.Button, mono.ButtonFocus},
		"columns": {mono.ColumnTitle, mono.SortedColumn},
		"match":   {mono.Row, mono.Match},
		"badges":  {mono.BadgeLive, mono.BadgePaused, mono.BadgeStale},
		"hints":   {mono.Key, mono.KeyLabel},
		"frames":  {mono.Border, mono.BorderFocus},
	} {
		seen := map[string]bool{}
		for i, s := range states {
			look := s.Render("x")
			if seen[look] {
				t.Errorf("%s: state %d looks like another: %q", name, i, look)
			}
			seen[look] = true
		}
	}
	if !mono.RowSelected.GetReverse() {
		t.Error("the selected row is not reversed")
	}
}
