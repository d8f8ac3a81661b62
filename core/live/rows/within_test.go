package rows_test

import (
	"testing"

	"holdfast/core/kind"
	"holdfast/core/live/rows"
)

// A part of a table has the rows whose IDs begin with its prefix, whatever bytes that is of.
func TestWithinTakesAnyPrefix(t *testing.T) {
	schema := kind.NewSchema()
	var all []kind.Row
	for _, id := range []string{"", "a", "a:1", "a:\xff", "a:\xff\xff", "a;", "b", "\xc3", "\xc3\xa9:1", "\xc3\xa9:2", "\xff", "\xffz"} {
		all = append(all, schema.One(id, func(*kind.Builder) {}))
	}
	table := rows.NewTable(schema, all...)
	for prefix, want := range map[string]int{"": 12, "a": 5, "a:": 3, "a:\xff": 2, "\xc3": 3, "\xc3\xa9": 2, "é:": 2, "\xff": 2, "c": 0} {
		if part := table.Within(prefix); part.Len() != want {
			t.Errorf("%q: %d rows, want %d", prefix, part.Len(), want)
		}
	}
}
