package tui_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"holdfast/core/record"
)

// marked lists what the screen shows reversed between the title and the status line.
func (d *driver) marked() (out []string) {
	body := strings.Join(strings.Split(d.m.View().Content, "\n")[2:d.height()-3], "\n")
	for _, m := range regexp.MustCompile(`\x1b\[(?:[0-9;]*;)?7(?:;[0-9;]*)?m([^\x1b]*)`).FindAllStringSubmatch(body, -1) {
		if text := strings.TrimSpace(m[1]); !strings.HasPrefix(text, ">") { // the selected link
			out = append(out, text)
		}
	}
	return out
}

func read(t *testing.T, values ...string) *driver {
	t.Helper()
	d := open(t, options{start: "records"}, func(w *world) {
		for i, v := range values {
			w.record("cfg", fmt.Sprint("k", i), v, record.NoLeaseId)
		}
	})
	d.press("enter")
	return d
}

func (d *driver) search(text string) {
	d.press("/")
	d.typed(text)
}

func TestSearchInTheDetail(t *testing.T) {
	d := read(t, `{"first":"Needle","list":[1,2,3],"second":"a needle and a NEEDLE"}`)
	d.search("needle")
	d.shows(" search needle", `"needle" 1 of 3`)
	equal(t, "marks", len(d.marked()), 3)
	d.press("enter")
	for _, step := range []struct{ key, at string }{
		{"n", "2 of 3"}, {"n", "3 of 3"}, {"n", "1 of 3 · continued from the top"}, {"n", "2 of 3"}, {"N", "1 of 3"}, {"N", "3 of 3 · continued from the bottom"},
	} {
		d.press(step.key)
		d.shows(`"needle" ` + step.at)
	}
	d.hides("only databases take new keys") // n belongs to the search
	d.press("esc")
	d.hides(" of 3")
	d.shows("Records cfg:k0")
	equal(t, "marks", len(d.marked()), 0)
	d.press("n")
	d.shows("only databases take new keys") // and is itself again
	d.press("esc")
	d.hides("Raw keys")
}

// It goes through all that the pane says: facts, links, keys.
func TestSearchFindsMoreThanTheContent(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.to("agent-1")
	d.press("enter")
	for _, text := range []string{"locked by", "bytes of memory", "none since", "STATUS_RUNNING"} {
		d.search(text)
		d.shows(fmt.Sprintf(`"%s" 1 of`, text))
		equal(t, text, strings.EqualFold(d.marked()[0], text), true)
		d.press("esc")
	}
}

// The window follows the match, and comes back if the search is dropped while it is typed.
func TestSearchScrolls(t *testing.T) {
	d := read(t, strings.Repeat("hay\n", 500)+"needle\n"+strings.Repeat("hay\n", 500))
	d.press("down", "down")
	d.search("needle")
	d.shows("1 of 1", "needle")
	equal(t, "marks", strings.Join(d.marked(), " "), "needle")
	d.hides("lines 3-20")
	d.press("esc")
	d.shows("lines 3-20")
	d.search("needle")
	d.press("enter", "home", "n")
	equal(t, "marks", strings.Join(d.marked(), " "), "needle")
}

// What is broken over lines, in text and in JSON, is found as one.
func TestSearchAcrossWrappedLines(t *testing.T) {
	long := strings.Repeat("x", 77) + "needle" + strings.Repeat("y", 90)
	words := strings.Repeat("word ", 15) + "over the edge"
	d := read(t, long, `{"a":"`+long+`"}`, words)
	for _, text := range []string{"needle", "needle", "word over"} {
		d.search(text)
		d.shows("1 of 1")
		d.press("enter")
		if got := strings.Join(d.marked(), ""); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(text, " ", "") {
			t.Errorf("marked %q, want %q:\n%s", got, text, d.screen())
		}
		d.press("esc", "esc", "down", "enter")
	}
}

func TestSearchInAHexDump(t *testing.T) {
	d := read(t, "\x00\xff\xfe needle")
	d.search("6e 65 65 64")
	d.shows("1 of 1", "00000000")
}

func TestSearchThatFindsNothing(t *testing.T) {
	d := read(t, "hay")
	d.search("needle")
	d.shows(`"needle" is not in the text`)
	d.press("enter")
	d.shows(`"needle" is not in the text`, "Records cfg:k0")
	d.press("esc")
	d.hides("Raw keys")
}

// A search goes on while the row changes under it.
func TestSearchFollowsItsRow(t *testing.T) {
	d := read(t, "one needle")
	d.search("needle")
	d.press("enter")
	cas(d, "k0", "no such thing")
	d.read()
	d.press("n", "N")
	cas(d, "k0", "needle needle needle")
	d.read()
	d.press("n")
	d.shows(" of 7") // three, and four in what changed
}

// Text from strangers is searched as it is shown, and stays harmless.
func TestSearchInHostileText(t *testing.T) {
	d := open(t, options{start: "records"}, hostile)
	d.press("down", "enter")
	d.search(`\x1b`)
	d.check()
	d.press("enter", "n", "n")
	d.check()
}

// A click elsewhere takes what was typed, as enter does.
func TestClickWhileASearchIsTyped(t *testing.T) {
	d := read(t, "hay needle hay")
	d.press("/")
	d.typed("needle")
	d.clickAt(0, 0)
	d.shows(`"needle" 1 of 1`, "n next")
	d.press("esc", "/")
	d.clickAt(0, 0)
	d.hides("n next")
}
