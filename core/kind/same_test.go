package kind_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

func TestSame(t *testing.T) {
	s := kind.NewSchema(errBroken, errLong)
	text, end, later := s.Text("text"), s.Deadline("end"), s.Deadline("later")
	for _, name := range []string{"a", "b", "c", "d"} { // so that note has a bit in the second byte of the head
		s.Bool(name)
	}
	note, long := s.Int("note"), s.Text("long")
	s.Aside(note.Column)
	s.Aside(long.Column)
	at := time.UnixMilli(1_700_000_000_123)
	type fill = func(b *kind.Builder)
	nothing := func(*kind.Builder) {}
	ends := func(end kind.Time, at time.Time) fill { return func(b *kind.Builder) { end.Set(b, at) } }
	for _, tt := range []struct {
		name string
		a, b fill
		same bool
	}{
		{"nothing differs", nothing, nothing, true},
		{"a text", nothing, func(b *kind.Builder) { text.Set(b, "x") }, false},
		{"another text", func(b *kind.Builder) { text.Set(b, "y") }, func(b *kind.Builder) { text.Set(b, "x") }, false},
		{"a deadline by the tolerance", ends(end, at), ends(end, at.Add(kind.DeadlineTolerance)), true},
		{"a deadline by more", ends(end, at), ends(end, at.Add(kind.DeadlineTolerance+time.Millisecond)), false},
		{"the second deadline by the tolerance", ends(later, at), ends(later, at.Add(-kind.DeadlineTolerance)), true},
		{"the second deadline by more", ends(later, at), ends(later, at.Add(time.Second)), false},
		{"a deadline around the epoch", ends(end, time.UnixMilli(-1)), ends(end, time.UnixMilli(1)), true},
		{"a deadline that comes or goes", ends(end, at), nothing, false},
		{"one deadline instead of the other", ends(end, at), ends(later, at), false},
		{"a deadline and a text", func(b *kind.Builder) { end.Set(b, at); text.Set(b, "x") }, ends(end, at.Add(time.Millisecond)), false},
		{"what was taken aside", func(b *kind.Builder) { note.Set(b, 1) }, func(b *kind.Builder) { note.Set(b, 1<<60) }, true},
		{"whether what was taken aside is set", nothing, func(b *kind.Builder) { note.Set(b, 1); long.Set(b, "x") }, true},
		{"why what was taken aside is not known", func(b *kind.Builder) { note.Unknown(b, errBroken) }, func(b *kind.Builder) { note.Unknown(b, errLong) }, true},
		{"whether what was taken aside is known", nothing, func(b *kind.Builder) { note.Unknown(b, errBroken); long.Unknown(b, errLong) }, true},
		{"why a text is not known", func(b *kind.Builder) { text.Unknown(b, errBroken) }, func(b *kind.Builder) { text.Unknown(b, errLong) }, false},
		{"the same reason, made anew", func(b *kind.Builder) { text.Unknown(b, errors.New("odd")); end.Set(b, at) },
			func(b *kind.Builder) { text.Unknown(b, errors.New("odd")); end.Set(b, at.Add(1e6)) }, true},
		{"whether a text is known", nothing, func(b *kind.Builder) { text.Unknown(b, errBroken) }, false},
		{"one reason less, beside one aside", func(b *kind.Builder) { text.Unknown(b, errLong); note.Unknown(b, errLong) }, func(b *kind.Builder) { note.Unknown(b, errLong) }, false},
		{"a reason of another column", func(b *kind.Builder) { text.Unknown(b, errLong) }, func(b *kind.Builder) { end.Unknown(b, errLong) }, false},
		{"a deadline that is not known any more", ends(end, at), func(b *kind.Builder) { end.Unknown(b, errLong) }, false},
		{"a problem", nothing, func(b *kind.Builder) { b.Bad(errBroken) }, false},
		{"another problem", func(b *kind.Builder) { b.Bad(errBroken) }, func(b *kind.Builder) { b.Bad(errLong) }, false},
		{"the same problem, made anew, and what is aside", func(b *kind.Builder) { b.Bad(conn.Fail("op", "key", errors.New("odd"))); note.Set(b, 5) },
			func(b *kind.Builder) { b.Bad(conn.Fail("op", "key", errors.New("odd"))) }, true},
	} {
		a, b := s.One("id", tt.a), s.One("id", tt.b)
		if kind.Same(a, b) != tt.same || kind.Same(b, a) != tt.same {
			t.Errorf("%s: same %v and %v, want %v", tt.name, kind.Same(a, b), kind.Same(b, a), tt.same)
		}
		if kind.Same(a, s.One("other", tt.b)) {
			t.Errorf("%s: the same under another ID", tt.name)
		}
	}
	if twin := kind.NewSchema(); kind.Same(kind.NewSchema().One("id", nothing), twin.One("id", nothing)) {
		t.Error("rows of two schemas are the same")
	}
}

// Same is what a comparison value by value says, whatever the schema.
func TestSameIsThatOfTheValues(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSchema(rt, 12)
		aside := map[int]bool{}
		for i, c := range s.Columns() {
			if rapid.IntRange(0, 3).Draw(rt, "aside") == 0 {
				s.Aside(c)
				aside[i] = true
			}
		}
		p := drawRow(rt, s)
		q := plain{p.id, p.problem, append([]any(nil), p.cells...)}
		for i, c := range s.Columns() {
			switch at, is := p.cells[i].(time.Time); {
			case is && !at.IsZero() && c.Type() == kind.TypeDeadline && rapid.Bool().Draw(rt, "moved"):
				q.cells[i] = at.Add(time.Duration(rapid.Int64Range(-600, 600).Draw(rt, "by")) * time.Millisecond)
			case aside[i] && rapid.Bool().Draw(rt, "another"), rapid.IntRange(0, 15).Draw(rt, "differs") == 0:
				q.cells[i] = drawRow(rt, s).cells[i]
			}
		}
		want := true
		for i, c := range s.Columns() {
			switch x, y := p.cells[i], q.cells[i]; {
			case aside[i]:
			case isError(x) || isError(y):
				want = want && isError(x) && isError(y) && sameError(x.(error), y.(error))
			case c.Type() == kind.TypeDeadline:
				x, y := x.(time.Time), y.(time.Time)
				want = want && x.IsZero() == y.IsZero() && x.Sub(y).Abs() <= kind.DeadlineTolerance
			default:
				want = want && sameValue(x, y)
			}
		}
		if a, b := p.pack(s), q.pack(s); kind.Same(a, b) != want || kind.Same(b, a) != want {
			rt.Fatalf("same %v and %v, want %v", kind.Same(a, b), kind.Same(b, a), want)
		}
	})
}

func isError(v any) bool {
	_, is := v.(error)
	return is
}
