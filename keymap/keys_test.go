package keymap_test

import (
	"errors"
	"testing"

	tea "charm.land/bubbletea/v2"

	"holdfast/keymap"
)

func accepted(key string) bool {
	_, err := keymap.New(map[keymap.Action][]string{keymap.Refresh: {key}, keymap.Interrupt: nil})
	return !errors.Is(err, keymap.ErrKey)
}

// What the terminal library says a key is called is what a configuration may write.
func TestKeysAreSpelledAsTheTerminalLibraryDoes(t *testing.T) {
	for _, press := range []tea.KeyPressMsg{
		{Code: 'f', Text: "f"},
		{Code: 'g', ShiftedCode: 'G', Mod: tea.ModShift, Text: "G"},
		{Code: '/', ShiftedCode: '?', Mod: tea.ModShift, Text: "?"},
		{Code: '+', Text: "+"},
		{Code: 'é', Text: "é"},
		{Code: '字', Text: "字"},
		{Code: '+', Mod: tea.ModCtrl},
		{Code: 'u', Mod: tea.ModCtrl},
		{Code: 'd', Mod: tea.ModCtrl | tea.ModAlt},
		{Code: 'x', Mod: tea.ModAlt | tea.ModShift},
		{Code: 'x', Mod: tea.ModCtrl | tea.ModAlt | tea.ModShift | tea.ModMeta | tea.ModHyper | tea.ModSuper},
		{Code: tea.KeySpace, Text: " "},
		{Code: tea.KeySpace, Mod: tea.ModCtrl},
		{Code: tea.KeyTab, Mod: tea.ModShift},
		{Code: tea.KeyEnter}, {Code: tea.KeyEnter, Mod: tea.ModAlt}, {Code: tea.KeyTab}, {Code: tea.KeyBackspace}, {Code: tea.KeyEscape},
		{Code: tea.KeyUp}, {Code: tea.KeyDown}, {Code: tea.KeyLeft}, {Code: tea.KeyRight, Mod: tea.ModShift}, {Code: tea.KeyBegin},
		{Code: tea.KeyFind}, {Code: tea.KeyInsert}, {Code: tea.KeyDelete}, {Code: tea.KeySelect}, {Code: tea.KeyPgUp}, {Code: tea.KeyPgDown},
		{Code: tea.KeyHome}, {Code: tea.KeyEnd}, {Code: tea.KeyF1}, {Code: tea.KeyF12}, {Code: tea.KeyF63},
		{Code: tea.KeyMenu}, {Code: tea.KeyPause}, {Code: tea.KeyPrintScreen},
	} {
		if !accepted(press.String()) {
			t.Errorf("%q is not accepted", press.String())
		}
	}
}

func TestWhatNoKeyboardSendsIsRefused(t *testing.T) {
	for _, key := range []string{
		"", " ", "  ", "ff", "Enter", "escape", "return", "del", "page-up", "f0", "f64", "f01", "f+1", // no such name
		"ctrl", "ctrl+", "ctrl-c", "^c", "+ctrl", "ctrl+ctrl+a", "alt+ctrl+a", "shift+ctrl+a", "ctl+a", // no such modifiers, or not in order
		"shift+a", "shift+/", "ctrl+A", "alt+G", // shifted characters have other names
		"\t", "\x1b", "\x7f", "\u200b", "\u202e", "\xff", "a\n", "e\u0301", // nothing one can see as one character
	} {
		if accepted(key) {
			t.Errorf("%q is accepted", key)
		}
	}
}
