package text

import (
	"testing"

	"pgregory.net/rapid"
)

// Fold never moves a byte, whatever the letters.
func TestFoldKeepsPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Clean(rapid.String().Draw(t, "text"))
		if len(Fold(s)) != len(s) {
			t.Fatalf("%q became %q", s, Fold(s))
		}
	})
	if got := Fold("ABCÄÖ"); got != "abcäö" {
		t.Errorf("folded %q", got)
	}
}
