package table

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"holdfast/core/live"
	"holdfast/internal/text/texttest"
	"holdfast/tui/view"
	"holdfast/tui/view/viewtest"
)

func TestFilter(t *testing.T) {
	rows := viewtest.Rows{
		viewtest.Row("agent-1", 7, "Running"),
		viewtest.Row("agent-2", 12, "suspended"),
		viewtest.Row("bad", 0, "", errors.New("not valid JSON")),
		viewtest.Row("évil", 12, "\x1b[31m"),
		viewtest.Row("lock:a:b", 0, "run away"),
	}
	v := viewtest.View(func() live.Rows { return rows.Table() })
	all := []string{"agent-1", "agent-2", "bad", "évil", "lock:a:b"}
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", all},
		{"   ", all},
		{"agent", all[:2]},
		{"AGENT", all[:2]},
		{"at2", []string{"agent-2"}},                       // fuzzy: letters in order within one cell
		{"2at", nil},                                       // not in this order
		{"run", []string{"agent-1", "lock:a:b"}},           // in any cell
		{"run 7", []string{"agent-1"}},                     // both words
		{"!run", []string{"agent-2", "bad", "évil"}},       // inverse: contains, not fuzzy
		{"!rnn", all},                                      // not fuzzy
		{"~^agent-[12]$", all[:2]},                         // regular expression
		{"~RUN", []string{"agent-1", "lock:a:b"}},          // without regard to case
		{"!~^agent", []string{"bad", "évil", all[4]}},      // inverse regular expression
		{"n:12", []string{"agent-2", "évil"}},              // one column
		{"N:12 word:sus", []string{"agent-2"}},             // without regard to case
		{"n:!12", []string{"agent-1", "bad", all[4]}},      // inverse within a column
		{"!n:12", []string{"agent-1", "bad", all[4]}},      // either way round
		{"n:~^1", []string{"agent-2", "évil"}},             // regular expression within a column
		{"id:bad", []string{"bad"}},                        // a row that cannot be read has its name
		{"valid", []string{"bad"}},                         // and what is wrong with it
		{"valdi", nil},                                     // in whole words
		{"unreadable", []string{"bad"}},                    //
		{"~not.*json", []string{"bad"}},                    //
		{"word:valid", nil},                                // that is in no column
		{"lock:a", []string{"lock:a:b"}},                   // no such column: just text
		{`\x1b`, []string{"évil"}},                         // as it is shown
		{"É", []string{"évil"}},                            // letters beyond ASCII
		{"n:", all}, {"!", all}, {"~", all}, {"n:!~", all}, // still being typed
		{"n:12 !", []string{"agent-2", "évil"}},
	} {
		f, err := ParseFilter(c.text, v.Columns)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		var got []string
		for _, r := range rows {
			if f.keeps(r, v.Columns, view.Clock{}) {
				got = append(got, r.ID())
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q keeps %q, want %q", c.text, got, c.want)
		}
	}
	for _, text := range []string{"~[", "n:~(", "!~*", "ok ~["} {
		if _, err := ParseFilter(text, v.Columns); err == nil {
			t.Errorf("%q is a filter", text)
		}
	}
}

// Rows that cannot be read stand last, whichever way and by whatever column the others are sorted.
func TestUnreadableRowsComeLast(t *testing.T) {
	rows := viewtest.Rows{viewtest.Row("a", 2, ""), viewtest.Row("b", 0, "", errors.New("not valid JSON")), viewtest.Row("c", 1, ""), viewtest.Row("d", 0, "", errors.New("gone")), viewtest.Row("e", 2, "")}
	v := viewtest.View(func() live.Rows { return rows.Table() })
	for _, c := range []struct {
		column     int
		descending bool
		want       string
	}{{0, false, "acebd"}, {0, true, "ecabd"}, {1, false, "caebd"}, {1, true, "aecbd"}} {
		a := arrange(context.Background(), v, &live.Snapshot{}, order{Column: c.column, Descending: c.descending}, view.Clock{}, &Arranged{})
		got := ""
		for i := range a.Len() {
			got += a.At(i).ID()
		}
		if got != c.want {
			t.Errorf("column %d, descending %v: %s, want %s", c.column, c.descending, got, c.want)
		}
	}
}

// fuzzy finds any subsequence, and nothing that is none.
func TestFuzzyIsSubsequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("abcABCäÄ日-"))).Draw(t, "text")
		word := rapid.StringOf(rapid.SampledFrom([]rune("abcä日-"))).Draw(t, "word")
		want := true
		left := []rune(strings.ToLower(text))
		for _, r := range word {
			i := slices.Index(left, r)
			if i < 0 {
				want = false
				break
			}
			left = left[i+1:]
		}
		if got := fuzzy([]rune(word), text); got != want {
			t.Fatalf("%q in %q: %v, want %v", word, text, got, want)
		}
	})
}

// Any text is a filter or an error, and no filter fails on any row.
func TestFilterTakesAnything(t *testing.T) {
	v := viewtest.View(nil)
	rapid.Check(t, func(t *rapid.T) {
		f, err := ParseFilter(texttest.Strangers().Draw(t, "filter"), v.Columns)
		if err == nil {
			f.keeps(viewtest.Row(texttest.Strangers().Draw(t, "id"), 0, texttest.Strangers().Draw(t, "word")), v.Columns, view.Clock{})
		}
	})
}
