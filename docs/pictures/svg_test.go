//go:build linux

package main

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/vt"

	"holdfast/docs/rig"
)

// A picture is text in runs: where it stands, what it looks like, and nothing that breaks the document.
func TestPicture(t *testing.T) {
	x := &rig.Terminal{Wide: 12, High: 2, Screen: vt.NewEmulator(12, 2)}
	if _, err := x.Screen.Write([]byte("  a<b \x1b[1;38;2;1;2;3mbold\x1b[0m\r\n\x1b[7mback\x1b[0m")); err != nil {
		t.Fatal(err)
	}
	got := svg(x)
	for _, want := range []string{
		`<text x="28.9" y="24.8" textLength="25.3" xml:space="preserve">a&lt;b</text>`,
		`<text x="62.6" y="24.8" textLength="33.7" xml:space="preserve" fill="#010203" font-weight="bold">bold</text>`,
		`<rect x="12.0" y="28.4" width="33.7" height="16.4" fill="#e6e6e6"/>`,
		`fill="#0d1117">back</text>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// What the tour promises holds before it is run.
func TestStepsAreShort(t *testing.T) {
	for _, s := range story() {
		if len(s.keys) > maxPresses {
			t.Errorf("%s takes %d key presses", s.title, len(s.keys))
		}
	}
}
