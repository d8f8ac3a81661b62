package kind_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/core/kind"
)

// Whatever the schema and the rows: what is packed comes back, and what is packed twice is the same with ==.
func TestRowsComeBackAsTheyWerePacked(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSchema(rt, 60)
		var all, kept []plain
		b := s.Builder(rapid.IntRange(0, 3).Draw(rt, "expected"))
		for range rapid.IntRange(0, 6).Draw(rt, "rows") {
			p := drawRow(rt, s)
			all = append(all, p)
			p.begin(b, s)
			if rapid.IntRange(0, 4).Draw(rt, "dropped") == 0 {
				b.Drop()
				continue
			}
			kept = append(kept, p)
		}
		rows := b.Rows()
		if len(rows) != len(kept) {
			rt.Fatalf("%d rows, want %d", len(rows), len(kept))
		}
		if more := b.Rows(); len(more) != 0 {
			rt.Fatalf("%d rows are still there", len(more))
		}
		for _, p := range all { // the Builder can be used again
			p.begin(b, s)
		}
		if again := b.Rows(); len(again) != len(all) {
			rt.Fatalf("%d rows the second time, want %d", len(again), len(all))
		}
		for i, p := range kept {
			r := rows[i]
			if text := p.differ(s, r); text != "" {
				rt.Fatalf("row %d: %s", i, text)
			}
			b.Copy(r)
			copied := b.Rows()[0]
			if p.pack(s) != r || copied != r || s.At(r.Data()) != r || r.Clone() != r || !kind.Same(r, copied) {
				rt.Fatalf("row %d: packed again it is another", i)
			}
		}
	})
}

// One difference anywhere is a difference of the rows.
func TestRowsThatDifferAreNotEqual(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSchema(rt, 8)
		p := drawRow(rt, s)
		q := p
		q.cells = append([]any(nil), p.cells...)
		switch at := rapid.IntRange(-2, len(p.cells)-1).Draw(rt, "place"); at {
		case -2:
			q.id = anyBytes.Draw(rt, "other id")
		case -1:
			q.problem = drawError(rt)
		default:
			q.cells[at] = drawRow(rt, s).cells[at]
		}
		a, b := p.pack(s), q.pack(s)
		if text := p.differ(s, b); (text == "") != (a == b) {
			rt.Fatalf("equal: %v, but %q", a == b, text)
		}
		if a == b && !kind.Same(a, b) {
			rt.Fatal("equal rows are not the same")
		}
	})
}

func TestTypesAtTheirLimits(t *testing.T) {
	s := kind.NewSchema()
	text, word, raw := s.Text("text"), s.Word("word"), s.Bytes("raw")
	whole, count, yes := s.Int("whole"), s.Uint("count"), s.Bool("yes")
	at, end, took := s.Time("at"), s.Deadline("end"), s.Duration("took")
	for _, c := range []struct {
		name string
		fill func(b *kind.Builder)
		ok   func(r kind.Row) bool
	}{
		{"nothing set", func(*kind.Builder) {}, func(r kind.Row) bool {
			return text.Of(r) == "" && word.Of(r) == "" && raw.Of(r) == nil && whole.Of(r) == 0 && count.Of(r) == 0 && !yes.Of(r) &&
				at.Of(r).IsZero() && end.Of(r).IsZero() && r.Deadline().IsZero() && took.Of(r) == 0
		}},
		{"set and taken back", func(b *kind.Builder) {
			text.SetParts(b, "x", "y")
			text.SetParts(b, "", "")
			word.SetParts(b, "x", "y")
			word.SetParts(b)
			yes.Set(b, true)
			yes.Set(b, false)
			at.Set(b, time.Unix(1, 0))
			at.Set(b, time.Time{})
		}, func(r kind.Row) bool { return text.Of(r) == "" && word.Of(r) == "" && !yes.Of(r) && at.Of(r).IsZero() }},
		{"in parts, the last of them counts", func(b *kind.Builder) {
			for _, end := range []string{"1", "2"} {
				text.SetParts(b, "a", "", "b", end)
				word.SetParts(b, "", "c", end)
			}
			word.Set(b, "d")
		}, func(r kind.Row) bool { return text.Of(r) == "ab2" && word.Of(r) == "d" }},
		{"smallest", func(b *kind.Builder) { whole.Set(b, math.MinInt64); took.Set(b, math.MinInt64) }, func(r kind.Row) bool {
			return whole.Of(r) == math.MinInt64 && took.Of(r) == time.Duration(math.MinInt64).Truncate(time.Millisecond)
		}},
		{"largest", func(b *kind.Builder) { whole.Set(b, math.MaxInt64); count.Set(b, math.MaxUint64); yes.Set(b, true) }, func(r kind.Row) bool {
			return whole.Of(r) == math.MaxInt64 && count.Of(r) == math.MaxUint64 && yes.Of(r)
		}},
		{"long texts of any bytes", func(b *kind.Builder) {
			text.Set(b, strings.Repeat("\x00\xff", 40_000))
			word.Set(b, strings.Repeat("w", 40_000))
			raw.Set(b, []byte{0})
		}, func(r kind.Row) bool {
			return text.Of(r) == strings.Repeat("\x00\xff", 40_000) && word.Of(r) == strings.Repeat("w", 40_000) && raw.Text(r) == "\x00"
		}},
		{"times are cut to milliseconds, in UTC", func(b *kind.Builder) {
			at.Set(b, time.Unix(-1, 999_999_999).In(time.FixedZone("", 3600)))
			end.Set(b, time.Unix(0, 0))
			took.Set(b, 1999*time.Microsecond)
		}, func(r kind.Row) bool {
			return at.Of(r) == time.Unix(-1, 999_000_000).UTC() && end.Of(r) == time.Unix(0, 0).UTC() && r.Deadline() == end.Of(r) && took.Of(r) == time.Millisecond
		}},
	} {
		if r := s.One("id", c.fill); !c.ok(r) {
			t.Errorf("%s: %q", c.name, r.Data())
		}
	}
}

// A text that is given in parts is that which is given whole.
func TestPartsOfATextAreOneText(t *testing.T) {
	s := kind.NewSchema()
	text, word := s.Text("text"), s.Word("word")
	whole := func(v string) kind.Row { return s.One("id", func(b *kind.Builder) { text.Set(b, v); word.Set(b, v) }) }
	long := strings.Repeat("x", 1000)
	for _, parts := range [][]string{nil, {""}, {"a"}, {"a", "", "b"}, {"a", "b"}, {"", "ab"}, {"new", "word"}, {long, "a", long}} {
		r := s.One("id", func(b *kind.Builder) {
			text.SetParts(b, "taken", "back")
			text.SetParts(b, parts...)
			word.SetParts(b, "taken", "back")
			word.SetParts(b, parts...)
		})
		if v := strings.Join(parts, ""); r != whole(v) || text.Of(r) != v || word.Of(r) != v {
			t.Errorf("%q is %v", parts, r)
		}
	}
	b := s.Builder(2)
	b.Row("1")
	text.SetParts(b, "a", "b")
	b.Row("2")
	text.SetParts(b, "c", "d")
	word.SetParts(b, "a", "b")
	text.Set(b, "e")
	if rows := b.Rows(); text.Of(rows[0]) != "ab" || text.Of(rows[1]) != "e" || word.Of(rows[1]) != "ab" {
		t.Error(rows)
	}
	if n := testing.AllocsPerRun(100, func() { b.Row("id"); text.SetParts(b, "a", long); word.SetParts(b, "a", "b"); b.Drop() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestRowsSpellThemselvesOut(t *testing.T) {
	s := kind.NewSchema(errBroken)
	text, n, end := s.Text("text"), s.Int("n"), s.Deadline("end")
	r := s.One("a\n", func(b *kind.Builder) {
		b.Bad(errBroken)
		text.Set(b, "\x1b[31m")
		n.Unknown(b, errBroken)
		end.Set(b, time.UnixMilli(5))
	})
	if got, want := r.String(), `"a\n" unreadable: broken text="\x1b[31m" n not known: broken end=1970-01-01 00:00:00.005 +0000 UTC`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := (kind.Row{}).String(); got != "no row" {
		t.Error(got)
	}
}

// What is given out is not what is packed, and what was given in may change once the row is packed.
func TestRowsShareNoMemoryThatChanges(t *testing.T) {
	s := kind.NewSchema()
	raw := s.Bytes("raw")
	value := []byte("abc")
	r := s.One("id", func(b *kind.Builder) { raw.Set(b, value) })
	value[0] = 'x'
	raw.Of(r)[1] = 'x'
	if raw.Text(r) != "abc" {
		t.Errorf("the row turned into %q", raw.Text(r))
	}
}

// A column that is not known has no value, whatever it is set to, and of several reasons the last counts.
func TestUnknownColumns(t *testing.T) {
	s := kind.NewSchema(errBroken, errLong)
	n, text := s.Int("n"), s.Text("text")
	r := s.One("id", func(b *kind.Builder) {
		text.Unknown(b, errLong)
		text.Unknown(b, nil)
		n.Set(b, 1)
		n.Unknown(b, errLong)
		n.Unknown(b, errBroken)
		n.Set(b, 2)
	})
	if n.Of(r) != 0 || text.Of(r) != "" || !sameError(n.Err(r), errBroken) || !sameError(text.Err(r), errLong) {
		t.Errorf("n %d, %v; text %q, %v", n.Of(r), n.Err(r), text.Of(r), text.Err(r))
	}
	if other := s.One("id", func(b *kind.Builder) { n.Unknown(b, errBroken); text.Unknown(b, errLong) }); other != r {
		t.Error("the order in which columns turned out unknown makes another row")
	}
	b := s.Builder(1)
	b.Copy(r)
	n.Set(b, 3)
	if r := b.Rows()[0]; n.Of(r) != 0 || n.Err(r) == nil {
		t.Errorf("a copy knows %d, %v", n.Of(r), n.Err(r))
	}
}

func TestHandlesAreOfOneSchema(t *testing.T) {
	one, other := kind.NewSchema(), kind.NewSchema()
	text, n, yes := one.Text("a"), one.Int("b"), one.Bool("c")
	foreign := other.Text("a")
	r := other.One("id", func(b *kind.Builder) { foreign.Set(b, "x") })
	if text.Of(r) != "" || n.Of(r) != 0 || yes.Of(r) || n.Err(r) != nil || text.Of(kind.Row{}) != "" || yes.Of(kind.Row{}) {
		t.Error("a handle found something in a row of another schema")
	}
	for what, use := range map[string]func(b *kind.Builder){
		"set":     func(b *kind.Builder) { foreign.Set(b, "x") },
		"unknown": func(b *kind.Builder) { foreign.Unknown(b, errBroken) },
	} {
		if !panics(func() { one.One("id", use) }) {
			t.Errorf("%s: a handle of another schema was taken", what)
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

func TestNoRow(t *testing.T) {
	var none kind.Row
	if !none.None() || none.ID() != "" || none.Problem() != nil || none.Bad() || !none.Deadline().IsZero() || none.Schema() != nil || !none.Clone().None() {
		t.Errorf("%+v", none)
	}
	r := kind.NewSchema().One("", func(*kind.Builder) {})
	if r.None() || r.ID() != "" || kind.Same(r, none) || kind.Same(none, r) || !kind.Same(none, none) {
		t.Errorf("a row without anything: %+v", r)
	}
}

func TestSchemas(t *testing.T) {
	s := kind.NewSchema()
	for i := range 60 {
		s.Bool(fmt.Sprint(i))
	}
	r := s.One("id", func(b *kind.Builder) { kind.Bool{Column: s.Columns()[59]}.Set(b, true) })
	for i, c := range s.Columns() {
		if found, ok := s.Column(c.Name()); !ok || found != c || c.Type() != kind.TypeBool || c.Schema() != s || (kind.Bool{Column: c}).Of(r) != (i == 59) {
			t.Errorf("column %d: %+v", i, c)
		}
	}
	if _, ok := s.Column("none"); ok {
		t.Error("found a column that is not there")
	}
	if !panics(func() { s.Bool("one too many") }) || !panics(func() { two := kind.NewSchema(); two.Int("a"); two.Text("a") }) {
		t.Error("took a column too many, or a name twice")
	}
	if !panics(func() { kind.NewSchema(make([]error, 33)...) }) {
		t.Error("took more sentinels than there are bits for")
	}
}
