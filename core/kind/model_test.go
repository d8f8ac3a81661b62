package kind_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"pgregory.net/rapid"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// A plain model of rows, against which the packed ones are held: schemas and rows are drawn at random.

var (
	errBroken = errors.New("broken")
	errLong   = errors.New("too long")
)

// plain is a row as a map of what was set.
type plain struct {
	id      string
	problem error
	cells   []any // a value for each column; an error where it is not known
}

var types = []kind.Type{
	kind.TypeText, kind.TypeWord, kind.TypeBytes, kind.TypeInt, kind.TypeUint, kind.TypeBool, kind.TypeTime, kind.TypeDeadline, kind.TypeDuration,
}

// drawSchema makes a schema of up to n columns.
func drawSchema(rt *rapid.T, n int) *kind.Schema {
	s := kind.NewSchema(errBroken, errLong)
	for i, t := range rapid.SliceOfN(rapid.SampledFrom(types), 0, n).Draw(rt, "columns") {
		add(s, fmt.Sprint("c", i), t)
	}
	return s
}

func add(s *kind.Schema, name string, t kind.Type) kind.Column {
	switch t {
	case kind.TypeText:
		return s.Text(name).Column
	case kind.TypeWord:
		return s.Word(name).Column
	case kind.TypeBytes:
		return s.Bytes(name).Column
	case kind.TypeInt:
		return s.Int(name).Column
	case kind.TypeUint:
		return s.Uint(name).Column
	case kind.TypeBool:
		return s.Bool(name).Column
	case kind.TypeTime:
		return s.Time(name).Column
	case kind.TypeDeadline:
		return s.Deadline(name).Column
	default:
		return s.Duration(name).Column
	}
}

// anyBytes are texts of any bytes, many of them alike, zeros among them.
var anyBytes = rapid.Custom(func(rt *rapid.T) string {
	if rapid.IntRange(0, 9).Draw(rt, "long") == 0 {
		return string(rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(rt, "bytes"))
	}
	return rapid.StringOfN(rapid.SampledFrom([]rune{0, 1, 'a', 'b', 0xff, 'ä'}), 0, 4, -1).Draw(rt, "text")
})

// millis are moments to the millisecond, as far as a time.Time tells them.
var millis = rapid.Custom(func(rt *rapid.T) time.Time {
	ms := rapid.OneOf(rapid.Int64Range(-5, 5), rapid.Int64Range(-1<<45, 1<<45), rapid.Just(time.Time{}.UnixMilli()+1)).Draw(rt, "ms")
	return time.UnixMilli(ms).UTC()
})

// drawValue draws a value as Column.Value gives it; the zero value often.
func drawValue(rt *rapid.T, t kind.Type) any {
	zero := rapid.IntRange(0, 3).Draw(rt, "zero") == 0
	switch t {
	case kind.TypeBytes:
		if v := anyBytes.Draw(rt, "value"); !zero && v != "" {
			return []byte(v)
		}
		return []byte(nil)
	case kind.TypeInt:
		return pick(zero, 0, rapid.OneOf(rapid.Int64Range(-300, 300), rapid.Int64()).Draw(rt, "value"))
	case kind.TypeUint:
		return pick(zero, 0, rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64()).Draw(rt, "value"))
	case kind.TypeBool:
		return !zero && rapid.Bool().Draw(rt, "value")
	case kind.TypeTime, kind.TypeDeadline:
		return pick(zero, time.Time{}, millis.Draw(rt, "value"))
	case kind.TypeDuration:
		ms := rapid.Int64Range(math.MinInt64/1_000_000, math.MaxInt64/1_000_000).Draw(rt, "value")
		return pick(zero, 0, time.Duration(ms)*time.Millisecond)
	}
	return pick(zero, "", anyBytes.Draw(rt, "value"))
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// drawError draws an error as readers note it.
func drawError(rt *rapid.T) error {
	err := rapid.SampledFrom([]error{errBroken, errLong, errors.New("odd"), errors.New(""), reply("NOPERM no right")}).Draw(rt, "error")
	if rapid.Bool().Draw(rt, "wrapped") {
		err = fmt.Errorf("%w: %s", err, anyBytes.Draw(rt, "more"))
	}
	return pick(rapid.Bool().Draw(rt, "of an operation"), err, conn.Fail("kind: test", anyBytes.Draw(rt, "key"), err))
}

func drawRow(rt *rapid.T, s *kind.Schema) plain {
	p := plain{id: anyBytes.Draw(rt, "id")}
	if rapid.IntRange(0, 4).Draw(rt, "bad") == 0 {
		p.problem = drawError(rt)
	}
	for _, c := range s.Columns() {
		if rapid.IntRange(0, 4).Draw(rt, "unknown") == 0 {
			p.cells = append(p.cells, drawError(rt))
		} else {
			p.cells = append(p.cells, drawValue(rt, c.Type()))
		}
	}
	return p
}

// begin begins the row in b.
func (p plain) begin(b *kind.Builder, s *kind.Schema) {
	b.Row(p.id)
	b.Bad(p.problem)
	for i, c := range s.Columns() {
		set(b, c, p.cells[i])
	}
}

// pack packs the row alone.
func (p plain) pack(s *kind.Schema) kind.Row {
	b := s.Builder(1)
	p.begin(b, s)
	return b.Rows()[0]
}

func set(b *kind.Builder, c kind.Column, v any) {
	switch v := v.(type) {
	case error:
		c.Unknown(b, v)
	case string:
		if at := len(v) / 2; at%2 == 1 {
			kind.Text{Column: c}.SetParts(b, v[:at], "", v[at:])
			return
		}
		kind.Text{Column: c}.Set(b, v)
	case []byte:
		kind.Bytes{Column: c}.Set(b, v)
	case int64:
		kind.Int{Column: c}.Set(b, v)
	case uint64:
		kind.Uint{Column: c}.Set(b, v)
	case bool:
		kind.Bool{Column: c}.Set(b, v)
	case time.Time:
		kind.Time{Column: c}.Set(b, v)
	case time.Duration:
		kind.Duration{Column: c}.Set(b, v)
	default:
		panic(fmt.Sprintf("%T", v))
	}
}

// differ tells the first thing in which a row is not the plain one; empty: it is.
func (p plain) differ(s *kind.Schema, r kind.Row) string {
	switch {
	case r.None() || r.Schema() != s:
		return "no row of the schema"
	case r.ID() != p.id || kind.IDOf(r.Data()) != p.id:
		return fmt.Sprintf("ID %q, want %q", r.ID(), p.id)
	case r.Bad() != (p.problem != nil) || !sameError(r.Problem(), p.problem):
		return fmt.Sprintf("problem %v, want %v", r.Problem(), p.problem)
	}
	for i, c := range s.Columns() {
		got, want := c.Value(r), p.cells[i]
		why, unknown := want.(error)
		switch {
		case unknown:
			if err, is := got.(error); !is || !sameError(err, why) || !sameError(c.Err(r), why) {
				return fmt.Sprintf("%s is %v, want the error %v", c.Name(), got, why)
			}
		case c.Err(r) != nil || !sameValue(got, want):
			return fmt.Sprintf("%s is %#v (%v), want %#v", c.Name(), got, c.Err(r), want)
		}
	}
	return ""
}

func sameValue(a, b any) bool {
	if a, is := a.([]byte); is {
		return slices.Equal(a, b.([]byte))
	}
	return a == b
}

func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	op, isOp := a.(*conn.OpError)
	want, wantsOp := b.(*conn.OpError)
	return a.Error() == b.Error() && errors.Is(a, errBroken) == errors.Is(b, errBroken) && errors.Is(a, errLong) == errors.Is(b, errLong) &&
		conn.Refused(a) == conn.Refused(b) && isOp == wantsOp && (!isOp || op.Op == want.Op && op.Key == want.Key)
}
