//go:build unix

package cli

import (
	"fmt"
	"testing"

	"holdfast/internal/redistest"
)

// What is wrong is underlined, and the blanks behind it are not, also where another view stood before.
func TestBlanksAreNotUnderlined(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.stock(t)
	for i := range 6 {
		s.set(t, fmt.Sprint("actor:bad", i), "not json", 0)
		s.set(t, fmt.Sprint("gen:user:bad", i), "x", 0)
	}
	x := dashboard(t, nil, s.flags...)
	x.shows("[1 Overview]", "LIVE (pushed)")
	for _, step := range [][]string{{"4", "[4 Actors 7]"}, {"1", "[1 Overview]"}, {"3", "[3 Generations 7]"}, {"1", "[1 Overview]"}, {"4", "[4 Actors 7]"}} {
		x.see(step[0], step[1:]...)
		underlined := 0
		for y := range high {
			blanks := 0
			for i := range wide {
				c := x.screen.CellAt(i, y)
				switch {
				case c == nil || c.Style.Underline == 0:
					blanks = 0
				case c.Content == " " || c.Content == "":
					blanks++
				default:
					underlined, blanks = underlined+1, 0
				}
				if blanks > 1 { // one stands between words
					t.Fatalf("after %s, line %d has underlined blanks at %d:\n%s", step[0], y, i, x.text())
				}
			}
		}
		if underlined == 0 {
			t.Errorf("after %s nothing is underlined", step[0])
		}
	}
	x.types("q")
	x.quits()
}
