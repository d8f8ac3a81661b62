package layout_test

import (
	"errors"
	"strings"
	"testing"

	"holdfast/core/layout"
)

const correct = `[[layout]]
name = "tills"
view = "tills"
keys = ["till:{shop}:{id}"]
type = "hash"
columns = [
  { name = "shop", from = "part", part = "shop" },
  { name = "cash", from = "field", field = "cash", type = "int" },
  { name = "seen", from = "field", field = "seen", type = "time", format = "unix" },
]
`

// Each mistake in a correct layout names its line and what may stand there.
func TestAMistakeNamesLineAndRemedy(t *testing.T) {
	if _, _, errs := compiled(t, correct); len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, m := range []struct {
		name, old, new string
		line           string
		says           string
	}{
		{"an unknown entry of a layout", `type = "hash"`, `typ = "hash"`, "line 5", "did you mean type?"},
		{"an unknown entry of a column", `part = "shop"`, `parts = "shop"`, "line 7", "did you mean part?"},
		{"no TOML", `type = "hash"`, `type = hash`, "line 5", ""},
		{"a value of another type", `columns = [`, "max = \"9\"\ncolumns = [", "line 6", ""},
		{"no name", `name = "tills"`, ``, "line 1", "name is missing"},
		{"a name with a space", `name = "tills"`, `name = "my tills"`, "line 2", "letters, digits and -"},
		{"no view", `view = "tills"`, ``, "line 1", "view is missing"},
		{"no keys", `keys = ["till:{shop}:{id}"]`, `keys = []`, "line 4", "keys is missing"},
		{"an open brace", `till:{shop}:{id}`, `till:{shop:{id}`, "line 4", "letters, digits"},
		{"a brace that nothing opens", `till:{shop}:{id}`, `till:{shop}:id}`, "line 4", "{{ and }}"},
		{"two parts that touch", `{shop}:{id}`, `{shop}{id}`, "line 4", "nothing between them"},
		{"a part without a name", `{shop}:{id}`, `{shop}:{}`, "line 4", "a part needs a name"},
		{"a key that begins with a part", `till:{shop}:{id}`, `{shop}:{id}`, "line 4", "whole-keyspace"},
		{"no type", `type = "hash"`, ``, "line 1", "one of string, hash"},
		{"an unknown type", `type = "hash"`, `type = "hsh"`, "line 5", "did you mean hash?"},
		{"rows that the type has not", `type = "hash"`, "type = \"hash\"\nrows = \"member\"", "line 6", "field is of a hash"},
		{"an unknown source", `from = "part"`, `from = "prt"`, "line 7", "did you mean part?"},
		{"a source that the type has not", `from = "field", field = "cash"`, `from = "value"`, "line 8", "fields or members"},
		{"a part that the key has not", `part = "shop"`, `part = "shp"`, "line 7", "did you mean shop?"},
		{"a second column of a name", `name = "cash"`, `name = "shop"`, "line 8", "a second column"},
		{"an unknown type of a column", `type = "int"`, `type = "integer"`, "line 8", "did you mean int?"},
		{"a time without a format", `type = "time", format = "unix"`, `type = "time"`, "line 9", "format is missing: one of any, iso"},
		{"a format of a duration", `format = "unix"`, `format = "seconds"`, "line 9", "one of any, iso"},
		{"a pattern that is none", `field = "cash"`, `field = "cash", pattern = "("`, "line 8", "missing closing"},
		{"an unknown column in a template", `field = "cash"`, `field = "{chas}"`, "line 8", "neither a part of the key nor a column above"},
		{"a view that takes no layouts", `view = "tills"`, `view = "leases"`, "line 3", "takes no layouts"},
		{"a key that is ours", `till:{shop}:{id}`, `lock:{shop}:{id}`, "line 4", "locks"},
		{"a column that the view has not", `view = "tills"`, `view = "workers"`, "line 7", "one of"},
		{"a release that is none", `type = "hash"`, "type = \"hash\"\nrelease = { how = \"delete\" }", "line 6", "compare-and-delete"},
		{"never without a reason", `type = "hash"`, "type = \"hash\"\nrelease = { how = \"never\" }", "line 6", "because"},
	} {
		t.Run(m.name, func(t *testing.T) {
			text := strings.Replace(correct, m.old, m.new, 1)
			if text == correct {
				t.Fatal("nothing was changed")
			}
			kinds, _, errs := compiled(t, text+strings.ReplaceAll(correct, "till", "desk"))
			if len(errs) != 1 {
				t.Fatalf("errors %v, want one", errs)
			}
			at, is := errors.AsType[*layout.Error](errs[0])
			if !is || at.File != "test.toml" {
				t.Errorf("%v does not name the file", errs[0])
			}
			if says := errs[0].Error(); !strings.Contains(says, m.line+":") || !strings.Contains(says, m.says) {
				t.Errorf("%q, want %s and %q", says, m.line, m.says)
			}
			if rest := len(kinds) > 0 && kinds[len(kinds)-1].Name == "desks"; !rest && kinds != nil {
				t.Error("the other layout of the file does not work")
			}
		})
	}
}

func TestTwoLayoutsThatClaimOneKeyAreAnError(t *testing.T) {
	for _, other := range []string{"till:{shop}:{id...}", "till:north:{id}", "t{a...}:north:7", "t{a...}"} {
		text := correct + strings.NewReplacer(`"tills"`, `"others"`, "till:{shop}:{id}", other, `part = "shop"`, `part = "`+partOf(other)+`"`).Replace(correct)
		_, _, errs := compiled(t, text)
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), "tills") || !strings.Contains(errs[0].Error(), "others") {
			t.Errorf("%s: %v, want one error that names both", other, errs)
		}
	}
	for _, other := range []string{"till:{shop}", "till:{shop}:{id}:x", "tills:{shop}:{id}"} {
		text := correct + strings.NewReplacer(`"tills"`, `"others"`, "till:{shop}:{id}", other).Replace(correct)
		if _, _, errs := compiled(t, text); len(errs) > 0 {
			t.Errorf("%s: %v, want none", other, errs)
		}
	}
}

func partOf(template string) string {
	_, rest, _ := strings.Cut(template, "{")
	name, _, _ := strings.Cut(rest, "}")
	return strings.TrimSuffix(name, "...")
}
