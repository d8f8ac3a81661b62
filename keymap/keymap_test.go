package keymap_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"holdfast/keymap"
)

func defaults(t testing.TB) *keymap.Map { return with(t, nil) }

func with(t testing.TB, overrides map[keymap.Action][]string) *keymap.Map {
	t.Helper()
	m, err := keymap.New(overrides)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func allScopes() []keymap.Scope {
	return []keymap.Scope{
		keymap.Always, keymap.Move, keymap.Global, keymap.Row, keymap.Table, keymap.Detail, keymap.Columns, keymap.Pager, keymap.Confirm, keymap.Copying,
		keymap.Input, keymap.Palette, keymap.Form, keymap.Editor,
	}
}

func TestDefaultKeys(t *testing.T) {
	m := defaults(t)
	for _, c := range []struct {
		scope  keymap.Scope
		key    string
		action keymap.Action // "": none
	}{
		// the promised ones
		{keymap.Table, "f", keymap.Flush},
		{keymap.Table, "b", keymap.Bump},
		{keymap.Table, "l", keymap.Lock},
		{keymap.Table, "u", keymap.Unlock},
		{keymap.Table, "e", keymap.Edit},
		{keymap.Table, "d", keymap.Delete},
		{keymap.Table, "space", keymap.Mark},
		{keymap.Table, "s", keymap.Sort},
		{keymap.Table, "/", keymap.Filter},
		{keymap.Table, ":", keymap.OpenPalette},
		{keymap.Table, "?", keymap.Help},
		{keymap.Table, "enter", keymap.OpenDetail},
		{keymap.Table, "esc", keymap.Back},
		{keymap.Table, "tab", keymap.NextView},
		{keymap.Table, "shift+tab", keymap.PrevView},
		{keymap.Table, "1", keymap.View1},
		{keymap.Table, "9", keymap.View9},
		{keymap.Table, "y", keymap.Copy},
		{keymap.Table, "M", keymap.Mouse},
		{keymap.Copying, "k", keymap.CopyKey},
		{keymap.Copying, "up", keymap.Up},
		{keymap.Copying, "y", keymap.CopyChosen},
		{keymap.Table, "p", keymap.Pause},
		{keymap.Table, "r", keymap.Refresh},
		{keymap.Table, "z", keymap.Undo},
		{keymap.Table, "c", keymap.CommandLog},
		{keymap.Table, "q", keymap.Quit},
		{keymap.Table, "ctrl+c", keymap.Interrupt},
		{keymap.Table, "j", keymap.Down},
		{keymap.Table, "G", keymap.Bottom},
		// the same row, seen whole
		{keymap.Detail, "e", keymap.Edit},
		{keymap.Detail, "enter", keymap.FollowLink},
		{keymap.Detail, "tab", keymap.NextLink},
		{keymap.Detail, "space", ""},
		{keymap.Global, "e", ""},
		// a page of text closes as a pager does, and acts on no row
		{keymap.Pager, "q", keymap.Close},
		{keymap.Pager, "esc", keymap.Close},
		{keymap.Pager, "j", keymap.Down},
		{keymap.Pager, "d", ""},
		{keymap.Pager, "?", ""},
		{keymap.Pager, "2", ""},
		// a question hears its answers, scrolls, and nothing else
		{keymap.Confirm, "y", keymap.Yes},
		{keymap.Confirm, "esc", keymap.No},
		{keymap.Confirm, "left", keymap.PrevButton},
		{keymap.Confirm, "pgdown", keymap.PageDown},
		{keymap.Confirm, "q", ""},
		// letters are text where text is typed
		{keymap.Input, "q", ""},
		{keymap.Input, "enter", keymap.Accept},
		{keymap.Palette, "down", keymap.NextChoice},
		{keymap.Palette, "esc", keymap.Cancel},
		{keymap.Form, "tab", keymap.NextField},
		{keymap.Form, "ctrl+c", keymap.Interrupt},
		{keymap.Editor, "f2", keymap.Save},
		{keymap.Editor, "enter", ""},
		// no such
		{"nowhere", "q", ""},
		{keymap.Table, "f5", ""},
	} {
		if got, ok := m.Match(c.scope, c.key); got != c.action || ok != (c.action != "") {
			t.Errorf("%s: %s is %q, want %q", c.scope, c.key, got, c.action)
		}
	}
}

func TestEveryBindingIsWhole(t *testing.T) {
	m := defaults(t)
	seen := map[keymap.Action]bool{}
	for _, s := range allScopes() {
		for _, b := range m.Actions(s) {
			seen[b.Action] = true
			if b.Label == "" || b.Help == "" || len(b.Keys) == 0 {
				t.Errorf("%s lacks a label, a help text or a key", b.Action)
			}
			for _, wider := range b.Shadows {
				if w, ok := m.Binding(wider); !ok || !slices.ContainsFunc(m.Actions(b.Scope), func(o keymap.Binding) bool { return o.Action == w.Action }) {
					t.Errorf("%s shadows %s, which it never meets", b.Action, wider)
				}
			}
		}
	}
	dangerous := []keymap.Action{keymap.Flush, keymap.Bump, keymap.Lock, keymap.Unlock, keymap.Edit, keymap.Delete, keymap.Put, keymap.Undo, keymap.Save}
	for action := range seen {
		if b, _ := m.Binding(action); b.Dangerous != slices.Contains(dangerous, action) {
			t.Errorf("%s: dangerous is %v", action, b.Dangerous)
		}
	}
}

func TestOverrides(t *testing.T) {
	type overrides = map[keymap.Action][]string
	for name, c := range map[string]struct {
		overrides overrides
		err       error    // nil: accepted
		says      []string // in the error
	}{
		"another key":                     {overrides: overrides{keymap.Flush: {"F", "f5"}}},
		"unbound":                         {overrides: overrides{keymap.Undo: {}}},
		"unbound by nil":                  {overrides: overrides{keymap.Undo: nil}},
		"a key that its owner gave up":    {overrides: overrides{keymap.Flush: {"b"}, keymap.Bump: {"B"}}},
		"two that swap":                   {overrides: overrides{keymap.Flush: {"b"}, keymap.Bump: {"f"}}},
		"the same key in scopes apart":    {overrides: overrides{keymap.Yes: {"d"}}},
		"shadowing where it is declared":  {overrides: overrides{keymap.NextView: {"x"}, keymap.NextLink: {"x"}}},
		"a dangerous one on a full chord": {overrides: overrides{keymap.Delete: {"ctrl+alt+d"}}},
		"a chord where text is typed":     {overrides: overrides{keymap.Accept: {"ctrl+j"}}},

		"a default's key": {overrides{keymap.Flush: {"b"}}, keymap.ErrClash, []string{`"b"`, "flush", "bump"}},
		"one key twice":   {overrides{keymap.Flush: {"x"}, keymap.Bump: {"x"}}, keymap.ErrClash, []string{`"x"`, "flush", "bump"}},
		"a wider scope's": {overrides{keymap.Mark: {"q"}}, keymap.ErrClash, []string{`"q"`, "mark", "quit"}},
		"a narrower's":    {overrides{keymap.Quit: {"space"}}, keymap.ErrClash, []string{`"space"`, "mark", "quit"}},
		"shadowing of another than declared": {
			overrides{keymap.NextLink: {"p"}}, keymap.ErrClash, []string{`"p"`, "next-link", "pause"},
		},
		"no such action":             {overrides{"explode": {"x"}}, keymap.ErrAction, []string{"explode"}},
		"no such key":                {overrides{keymap.Flush: {"ctl+f"}}, keymap.ErrKey, []string{"flush", `"ctl+f"`}},
		"a dangerous one on a chord": {overrides{keymap.Delete: {"ctrl+x"}}, keymap.ErrUnsafe, []string{"delete", `"ctrl+x"`}},
		"a letter where text is typed": {
			overrides{keymap.NextChoice: {"j"}}, keymap.ErrText, []string{"next-choice", `"j"`},
		},
		"a letter in the editor":      {overrides{keymap.Save: {"s"}}, keymap.ErrText, []string{"save", `"s"`}},
		"a space where text is typed": {overrides{keymap.Accept: {"space"}}, keymap.ErrText, []string{"accept", `"space"`}},
		"all faults at once": {
			overrides{"explode": {"x"}, keymap.Flush: {"", "b"}}, keymap.ErrAction, []string{"explode", `""`, "flush and bump"},
		},
		"bytes that a terminal would obey": {overrides{"\x1b[2J": {"x"}}, keymap.ErrAction, []string{`\x1b[2J`}},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := keymap.New(c.overrides)
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not name %s", err, part)
				}
			}
			if err != nil {
				return
			}
			for action, keys := range c.overrides {
				if !slices.Equal(m.Keys(action), keys) {
					t.Errorf("%s has %q, want %q", action, m.Keys(action), keys)
				}
			}
		})
	}
}

func TestRemappedShadowIsGone(t *testing.T) {
	m := with(t, map[keymap.Action][]string{keymap.NextLink: {"x"}})
	if got, _ := m.Match(keymap.Detail, "tab"); got != keymap.NextView {
		t.Errorf("tab is %q in the detail pane, want the next view", got)
	}
}

func TestMapCannotBeChanged(t *testing.T) {
	overrides := map[keymap.Action][]string{keymap.Flush: {"F"}}
	m := with(t, overrides)
	overrides[keymap.Flush][0] = "x"
	m.Keys(keymap.Flush)[0] = "x"
	m.Actions(keymap.Row)[0].Keys[0] = "x"
	b, _ := m.Binding(keymap.NextLink)
	b.Shadows[0] = keymap.Quit
	for _, g := range m.Help(keymap.Table) {
		for _, e := range g.Entries {
			e.Keys[0] = "x"
		}
	}
	if got := m.Keys(keymap.Flush); !slices.Equal(got, []string{"F"}) {
		t.Errorf("flush has %q", got)
	}
	if b, _ := m.Binding(keymap.NextLink); b.Shadows[0] != keymap.NextView {
		t.Error("a shadow was changed from outside")
	}
	if _, ok := m.Binding("explode"); ok {
		t.Error("there is an action of an unknown name")
	}
	if keys := m.Keys("explode"); keys != nil {
		t.Errorf("an unknown action has the keys %q", keys)
	}
}

func TestViewNumbers(t *testing.T) {
	views := []keymap.Action{
		keymap.View1, keymap.View2, keymap.View3, keymap.View4, keymap.View5, keymap.View6, keymap.View7, keymap.View8, keymap.View9, keymap.View10,
	}
	for i, v := range views {
		if v.View() != i+1 {
			t.Errorf("%s opens view %d, want %d", v, v.View(), i+1)
		}
	}
	for _, other := range []keymap.Action{keymap.NextView, keymap.Quit, "view-0", "view-11", "view-01", "view-", "view-x"} {
		if other.View() != 0 {
			t.Errorf("%s opens view %d", other, other.View())
		}
	}
}

// Whatever the overrides: either every key of every action reaches it from each scope that inherits it, unless an action
// there declares to shadow it, or New says that two actions clash, and there are such two.
func TestNoKeyIsEverAmbiguous(t *testing.T) {
	inherits := map[keymap.Scope][]keymap.Binding{}
	var actions []keymap.Action
	for _, s := range allScopes() {
		inherits[s] = defaults(t).Actions(s)
		for _, b := range inherits[s] {
			if !slices.Contains(actions, b.Action) {
				actions = append(actions, b.Action)
			}
		}
	}
	keys := rapid.SliceOfN(rapid.SampledFrom([]string{"f1", "f2", "f3", "enter", "tab", "esc", "ctrl+alt+x", "up"}), 0, 2)
	rapid.Check(t, func(rt *rapid.T) {
		overrides := rapid.MapOfN(rapid.SampledFrom(actions), keys, 0, 12).Draw(rt, "overrides")
		keysOf := func(b keymap.Binding) []string {
			if keys, ok := overrides[b.Action]; ok {
				return keys
			}
			return b.Keys
		}
		ambiguous := false
		for _, seen := range inherits {
			for i, a := range seen {
				for _, b := range seen[i+1:] {
					shared := slices.ContainsFunc(keysOf(a), func(key string) bool { return slices.Contains(keysOf(b), key) })
					ambiguous = ambiguous || shared && !slices.Contains(a.Shadows, b.Action)
				}
			}
		}
		m, err := keymap.New(overrides)
		if errors.Is(err, keymap.ErrClash) != ambiguous {
			rt.Fatalf("two actions on one key: %v; New says %v", ambiguous, err)
		}
		if err != nil {
			return
		}
		for s, seen := range inherits {
			for _, b := range seen {
				for _, key := range keysOf(b) {
					got, ok := m.Match(s, key)
					winner, _ := m.Binding(got)
					if !ok || got != b.Action && !slices.Contains(winner.Shadows, b.Action) {
						rt.Fatalf("%s: %s is %q, want %s", s, key, got, b.Action)
					}
				}
			}
		}
	})
}
