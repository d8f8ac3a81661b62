package keymap_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"holdfast/keymap"
)

var update = flag.Bool("update", false, "write docs/keys.md anew")

func actionsOf(entries []keymap.Binding) (actions []keymap.Action) {
	for _, e := range entries {
		actions = append(actions, e.Action)
	}
	return actions
}

func TestHelpIsWhatCanBePressed(t *testing.T) {
	m := with(t, map[keymap.Action][]string{keymap.Undo: nil})
	for _, s := range allScopes() {
		var seen []string
		for _, g := range m.Help(s) {
			if g.Title == "" || len(g.Entries) == 0 {
				t.Errorf("%s: an empty group %q", s, g.Title)
			}
			for _, e := range g.Entries {
				for _, key := range e.Keys {
					if a, _ := m.Match(s, key); a != e.Action {
						t.Errorf("%s: the help says that %s is %s, it is %s", s, key, e.Action, a)
					}
					seen = append(seen, key)
				}
			}
		}
		slices.Sort(seen)
		if len(slices.Compact(slices.Clone(seen))) != len(seen) {
			t.Errorf("%s: the help has a key twice: %q", s, seen)
		}
	}
}

func TestHelpStartsWithWhatIsNearest(t *testing.T) {
	var titles []string
	for _, g := range defaults(t).Help(keymap.Detail) {
		titles = append(titles, g.Title)
		if all := actionsOf(g.Entries); slices.Contains(all, keymap.NextView) || slices.Contains(all, keymap.Mark) {
			t.Errorf("%s has an action that is shadowed or elsewhere", g.Title)
		}
	}
	want := []string{"In the detail pane", "Acting on rows", "Views and screen", "Moving", "Anywhere"}
	if !slices.Equal(titles, want) {
		t.Errorf("groups are %q, want %q", titles, want)
	}
	if got := defaults(t).Help("nowhere"); got != nil {
		t.Errorf("an unknown scope has the help %v", got)
	}
}

func TestHelpShowsOnlyTheKeysThatAreLeft(t *testing.T) {
	m := with(t, map[keymap.Action][]string{keymap.Left: {"left", "<"}})
	line := m.Short(keymap.Confirm, keymap.Left)
	if len(line) != 1 || !slices.Equal(line[0].Keys, []string{"<"}) {
		t.Errorf("in a question left is %v, want < alone", line)
	}
}

func TestShortKeepsTheOrderAsked(t *testing.T) {
	m := with(t, map[keymap.Action][]string{keymap.Flush: nil})
	line := m.Short(keymap.Table, keymap.Help, keymap.Flush, keymap.Edit, keymap.Yes, "explode", keymap.Filter)
	if want := []keymap.Action{keymap.Help, keymap.Edit, keymap.Filter}; !slices.Equal(actionsOf(line), want) {
		t.Errorf("the line has %q, want %q", actionsOf(line), want)
	}
}

func TestPaletteHasWhatIsUnbound(t *testing.T) {
	m := with(t, map[keymap.Action][]string{keymap.Flush: nil})
	all := actionsOf(m.Actions(keymap.Table))
	if !slices.Contains(all, keymap.Flush) || slices.Contains(all, keymap.FollowLink) {
		t.Errorf("the palette of a table has %q", all)
	}
}

func TestDocsAreCurrent(t *testing.T) {
	const page = "../docs/keys.md"
	var b bytes.Buffer
	if err := defaults(t).WriteDocs(&b); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(page, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, b.Bytes()) {
		t.Error("docs/keys.md is stale: go test ./keymap -update")
	}
}

func TestDocsStayATable(t *testing.T) {
	m := with(t, map[keymap.Action][]string{keymap.Flush: {"|", "`"}, keymap.Bump: nil})
	var b bytes.Buffer
	if err := m.WriteDocs(&b); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{"| `\\|`, `` ` `` | `flush` |", "| none | `bump` |"} {
		if !strings.Contains(b.String(), row) {
			t.Errorf("no row %s", row)
		}
	}
	broken := errors.New("disk full")
	if err := m.WriteDocs(writer{broken}); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

type writer struct{ err error }

func (w writer) Write([]byte) (int, error) { return 0, w.err }
