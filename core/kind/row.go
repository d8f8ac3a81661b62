package kind

import (
	"fmt"
	"strings"
	"time"
)

// Row is one row, packed: bytes under a schema. It never changes, and two rows that say the same are equal with ==, apart
// from what Same leaves aside. The zero Row is none.
//
// The bytes are, in this order: a head, an unsigned varint whose bits tell whether the row has a problem, whether parts of
// it are not known, and which columns are set; the ID with its length; the problem with its length; the values that are
// set, numbers as varints and texts with their lengths; and why others are not known.
type Row struct {
	schema *Schema
	data   string
}

const (
	bitBad     = 1 << 0
	bitUnknown = 1 << 1
	firstBit   = 2 // of the columns
)

// String spells out what the row says, for messages.
func (r Row) String() string {
	if r.None() {
		return "no row"
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%q", r.ID())
	if err := r.Problem(); err != nil {
		fmt.Fprintf(&out, " unreadable: %v", err)
	}
	for _, c := range r.schema.Columns() {
		switch v := c.Value(r).(type) {
		case error:
			fmt.Fprintf(&out, " %s not known: %v", c.Name(), v)
		case string, []byte:
			fmt.Fprintf(&out, " %s=%q", c.Name(), v)
		default:
			fmt.Fprintf(&out, " %s=%v", c.Name(), v)
		}
	}
	return out.String()
}

// None tells the zero Row.
func (r Row) None() bool { return r.schema == nil }

// Schema is what the row's columns are.
func (r Row) Schema() *Schema { return r.schema }

// Data is the row packed: under the same schema, At makes the row of it again.
func (r Row) Data() string { return r.data }

// At is a row of packed data.
func (s *Schema) At(data string) Row { return Row{s, data} }

// Clone is the row in memory of its own, which keeps none of the rows beside it.
func (r Row) Clone() Row { return Row{r.schema, strings.Clone(r.data)} }

// ID is unique in the kind and stays as long as the state lives.
func (r Row) ID() string {
	if r.schema == nil {
		return ""
	}
	return IDOf(r.data)
}

// IDOf is the ID of packed data.
func IDOf(data string) string {
	_, rest := uvarint(data)
	id, _ := cutText(rest)
	return id
}

// Problem is why the row is unreadable; nil for a good one.
func (r Row) Problem() error {
	if packed := r.problem(); packed != "" {
		return r.schema.unpackError(packed)
	}
	return nil
}

// problem is the packed problem.
func (r Row) problem() string {
	if !r.Bad() {
		return ""
	}
	_, rest := uvarint(r.data)
	packed, _ := cutText(skipText(rest))
	return packed
}

// Bad tells whether the row has a Problem.
func (r Row) Bad() bool { return r.data != "" && r.data[0]&bitBad != 0 }

// Partial tells whether some of its columns are not known.
func (r Row) Partial() bool { return r.data != "" && r.data[0]&bitUnknown != 0 }

// Deadline is when the row ends or changes by itself, on our clock; zero: never.
func (r Row) Deadline() time.Time {
	if r.schema == nil || r.schema.deadline < 0 {
		return time.Time{}
	}
	return Time{Column{r.schema, r.schema.deadline}}.Of(r)
}

// values are the packed values of a row, with what the head says.
func (r Row) values() (head uint64, rest string) {
	head, rest = uvarint(r.data)
	rest = skipText(rest)
	if head&bitBad != 0 {
		rest = skipText(rest)
	}
	return head, rest
}

// packed is where the packed value of a column begins, if it is set.
func (r Row) packed(index int) (raw string, set bool) {
	head, rest := r.values()
	bits := head >> firstBit
	if bits>>index&1 == 0 {
		return "", false
	}
	for i := 0; i < index; i++ {
		if bits>>i&1 != 0 {
			rest = skip(r.schema.columns[i].typ, rest)
		}
	}
	return rest, true
}

// unknown is why a column is not known.
func (r Row) unknown(index int) error {
	if r.data == "" || r.data[0]&bitUnknown == 0 {
		return nil
	}
	head, rest := r.values()
	for i, bits := 0, head>>firstBit; bits != 0; i, bits = i+1, bits>>1 {
		if bits&1 != 0 {
			rest = skip(r.schema.columns[i].typ, rest)
		}
	}
	for rest != "" {
		var at uint64
		var why string
		at, rest = uvarint(rest)
		why, rest = cutText(rest)
		if int(at) == index {
			return r.schema.unpackError(why)
		}
	}
	return nil
}

// skip is what follows a packed value.
func skip(t Type, raw string) string {
	switch t {
	case TypeBool:
		return raw
	case TypeText, TypeBytes:
		return skipText(raw)
	case TypeWord:
		n, rest := uvarint(raw)
		if n > 0 {
			return rest
		}
		return skipText(rest)
	}
	_, rest := uvarint(raw)
	return rest
}

func skipText(raw string) string {
	n, rest := uvarint(raw)
	return rest[n:]
}

// cut takes a packed value off the front.
func cut(t Type, raw string) (value, rest string) {
	rest = skip(t, raw)
	return raw[:len(raw)-len(rest)], rest
}

// cutText takes a text off the front.
func cutText(raw string) (text, rest string) {
	n, rest := uvarint(raw)
	return rest[:n], rest[n:]
}

// uvarint takes an unsigned varint off the front.
func uvarint(s string) (n uint64, rest string) {
	if len(s) > 0 && s[0] < 0x80 {
		return uint64(s[0]), s[1:]
	}
	for i, shift := 0, 0; i < len(s); i, shift = i+1, shift+7 {
		b := s[i]
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n, s[i+1:]
		}
	}
	return n, ""
}

// Same tells whether two readings of a row mean the same: deadlines may differ by DeadlineTolerance, and columns that were
// taken Aside by anything.
func Same(a, b Row) bool {
	if a == b {
		return true
	}
	if a.schema != b.schema || a.schema == nil || a.schema.exact {
		return false
	}
	headA, restA := a.values()
	headB, restB := b.values()
	if (headA^headB)&bitBad != 0 || a.ID() != b.ID() || a.problem() != b.problem() {
		return false
	}
	for i, c := range a.schema.columns {
		setA, setB := headA>>(firstBit+i)&1 != 0, headB>>(firstBit+i)&1 != 0
		var oneA, oneB string
		if setA {
			oneA, restA = cut(c.typ, restA)
		}
		if setB {
			oneB, restB = cut(c.typ, restB)
		}
		switch {
		case c.aside || setA == setB && oneA == oneB:
		case c.typ != TypeDeadline || !setA || !setB:
			return false
		default:
			deadline := Time{Column{a.schema, i}}
			if deadline.Of(a).Sub(deadline.Of(b)).Abs() > DeadlineTolerance {
				return false
			}
		}
	}
	return a.schema.sameUnknown(restA, restB)
}

// sameUnknown compares why columns are not known.
func (s *Schema) sameUnknown(a, b string) bool {
	next := func(rest *string) (one string) {
		for one == "" && *rest != "" {
			at, after := uvarint(*rest)
			after = skipText(after)
			if !s.columns[at].aside {
				one = (*rest)[:len(*rest)-len(after)]
			}
			*rest = after
		}
		return one
	}
	for a != b {
		if next(&a) != next(&b) {
			return false
		}
	}
	return true
}
