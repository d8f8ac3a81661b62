package print_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/core/live"
	"holdfast/internal/print"
)

var formats = []print.Format{print.Table, print.JSON, print.JSONL, print.CSV}

// stream prints pages of rows.
func stream(t *testing.T, f print.Format, fields []string, pages ...[]print.Row) string {
	t.Helper()
	var b strings.Builder
	out, err := print.Printer{Format: f, Out: &b}.Begin(fields...)
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range pages {
		if err := out.Rows(slices.Values(rows)); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.End(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func row(values ...any) print.Row { return print.Row{Values: values} }

func TestFormatsOfAStream(t *testing.T) {
	fields := []string{"key", "n", "at"}
	moment := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.FixedZone("", 3600))
	rows := []print.Row{
		row("a", int64(-1), moment),
		row([]byte("\xff"), errors.New("NOPERM"), time.Time{}),
		{Key: "bad", Problem: errors.New("not a number")},
		row("=1+1\x1b[2J", 1500*time.Millisecond, nil),
	}
	for f, want := range map[print.Format]string{
		print.Table: "KEY          N     AT\n" +
			"a            -1    2026-01-02T02:04:05.006Z\n" +
			"base64:/w==  ?     \n" +
			"bad          error: not a number\n" +
			`=1+1\x1b[2J  1500  ` + "\n",
		print.JSON: `[
  {"key":"a","n":-1,"at":"2026-01-02T02:04:05.006Z"},
  {"key":{"base64":"/w=="},"n":null,"at":null,"unknown":"NOPERM"},
  {"key":"bad","error":"not a number"},
  {"key":"=1+1\u001b[2J","n":1500,"at":null}
]
`,
		print.JSONL: `{"key":"a","n":-1,"at":"2026-01-02T02:04:05.006Z"}
{"key":{"base64":"/w=="},"n":null,"at":null,"unknown":"NOPERM"}
{"key":"bad","error":"not a number"}
{"key":"=1+1\u001b[2J","n":1500,"at":null}
`,
		print.CSV: `key,n,at,error
a,-1,2026-01-02T02:04:05.006Z,
base64:/w==,,,NOPERM
bad,,,not a number
'=1+1` + "\x1b" + `[2J,1500,,
`,
	} {
		if got := stream(t, f, fields, rows); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", f, got, want)
		}
	}
}

// In how many pieces rows come changes nothing but the widths of a table.
func TestPagesAreOneStream(t *testing.T) {
	fields := []string{"key", "value"}
	rows := []print.Row{row("a", "1"), row("bb", "2"), row("ccc", "3")}
	for _, f := range formats {
		whole := stream(t, f, fields, rows)
		paged := stream(t, f, fields, rows[:1], nil, rows[1:])
		if f == print.Table {
			whole, paged = strings.Join(strings.Fields(whole), " "), strings.Join(strings.Fields(paged), " ")
		}
		if whole != paged {
			t.Errorf("%s: %q in pages, %q at once", f, paged, whole)
		}
		if none, empty := stream(t, f, fields), stream(t, f, fields, nil); none != empty {
			t.Errorf("%s: %q without pages, %q with one of no rows", f, none, empty)
		}
	}
}

// Nothing is written of a stream that fails before its first rows, and one whose reader is gone ends.
func TestAStreamThatFails(t *testing.T) {
	for _, f := range formats {
		var b strings.Builder
		if _, err := (print.Printer{Format: f, Out: &b}).Begin("key"); err != nil || b.Len() > 0 {
			t.Errorf("%s: %q, %v", f, &b, err)
		}
		out, err := print.Printer{Format: f, Out: gone{}}.Begin("key")
		if err != nil {
			t.Fatal(err)
		}
		passes, given := 0, 0
		err = out.Rows(func(yield func(print.Row) bool) {
			for passes++; yield(row(strings.Repeat("x", 100))); given++ {
				if given%100_000 == 99_999 && f == print.Table { // it looks at all of them first
					return
				}
			}
		})
		if !errors.Is(err, io.ErrClosedPipe) || given > 150_000 {
			t.Errorf("%s: %v after %d rows", f, err, given)
		}
	}
}

type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// However many rows there are, no more memory is held for them.
func TestAStreamHoldsNoRows(t *testing.T) {
	const many, spare = 200_000, 1 << 20
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for _, f := range formats {
		out, err := print.Printer{Format: f, Out: io.Discard}.Begin("key", "n")
		if err != nil {
			t.Fatal(err)
		}
		var start, most uint64
		err = out.Rows(func(yield func(print.Row) bool) {
			for i := range many {
				if i == many/10 {
					start = inUse()
				}
				if i == many-1 {
					most = max(most, inUse())
				}
				if !yield(row(fmt.Sprintf("key %d", i), int64(i))) {
					return
				}
			}
		})
		if err != nil || most > start+spare {
			t.Errorf("%s: %d bytes more in use at row %d, %v", f, most-start, many, err)
		}
	}
}

func TestWhole(t *testing.T) {
	d := live.Detail{
		Body: []byte(`{"a":1}`), Keys: []live.RawKey{{Name: "k", Type: "string"}},
		Related: []live.Related{{Key: "r", Body: []byte("x")}, {Key: "s", Problem: errors.New("gone")}},
	}
	noType := live.Detail{Body: []byte("v"), Keys: []live.RawKey{{Name: "k", Problem: errors.New("NOPERM type")}}}
	for _, test := range []struct {
		format print.Format
		row    print.Row
		d      live.Detail
		unread error
		want   string
	}{
		{print.JSON, row("a", int64(1)), d, nil, `{"id":"a","n":1,"content":{"a":1},"raw_keys":["k"],"related":[{"key":"r","content":"x"},{"key":"s","error":"gone"}]}` + "\n"},
		{print.JSONL, row("a", int64(1)), noType, nil, `{"id":"a","n":1,"unknown":"NOPERM type","content":"v","raw_keys":null}` + "\n"},
		{print.JSON, row("a", errors.New("why")), noType, errors.New("why"), `{"id":"a","n":null,"unknown":"why; NOPERM type","content":null,"raw_keys":null}` + "\n"},
		{print.JSON, print.Row{Key: "raw", Problem: errors.New("too large")}, live.Detail{Body: []byte("v")}, nil, `{"key":"raw","content":"v","raw_keys":[]}` + "\n"},
		{print.Table, row("a", int64(1)), d, nil, "id       a\nn        1\nraw key  k string\n\n{\"a\":1}\n\nr\nx\n\ns\nunreadable: gone\n"},
		{print.Table, row("a", int64(1)), noType, errors.New("no"), "id       a\nn        1\nunknown  no; NOPERM type\nraw key  k ?\n\n?\n"},
		{print.CSV, row("a", int64(1)), d, nil, "id,a\nn,1\ncontent,\"{\"\"a\"\":1}\"\n"},
	} {
		var b strings.Builder
		err := print.Printer{Format: test.format, Out: &b}.Whole([]string{"id", "n"}, test.row, test.d, test.unread)
		if err != nil || b.String() != test.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", test.format, err, &b, test.want)
		}
	}
}

func TestUnknownFormats(t *testing.T) {
	if _, err := print.ParseFormat("yaml"); err == nil || !strings.Contains(err.Error(), "table json jsonl csv") {
		t.Error(err)
	}
}
