package kind

import (
	"fmt"
	"slices"
	"time"
)

// Type is what a column holds. Order, equality and the form in JSON follow from it.
type Type uint8

// The types of columns. The zero value of each takes no room in a row.
const (
	TypeText     Type = iota // any bytes that are meant to be read
	TypeWord                 // text of which a kind has few: each is stored once
	TypeBytes                // any bytes
	TypeInt                  // signed, 64 bits
	TypeUint                 // unsigned, 64 bits
	TypeBool                 //
	TypeTime                 // a moment, to the millisecond; zero: none
	TypeDeadline             // a moment at which the row ends or changes by itself; zero: never
	TypeDuration             // to the millisecond
)

// DeadlineTolerance is how far two readings of one deadline may lie apart: each is made of a time to live and the moment
// at which the answer came.
const DeadlineTolerance = 500 * time.Millisecond

// Schema is the columns of a kind, in the order in which rows hold them. It is complete before the first row is packed;
// from then on it may be used by several goroutines.
type Schema struct {
	columns   []column
	deadline  int  // the first column of TypeDeadline; -1: none
	exact     bool // rows are the same only if they are equal
	sentinels []error
	words     words
}

type column struct {
	name  string
	typ   Type
	aside bool // see Aside
}

// maxColumns is what the head of a row has bits for.
const maxColumns = 60

// NewSchema makes a schema without columns. The errors of its rows match the given sentinels with errors.Is, at most 32, if
// they did before they were packed; transport errors and replies of the server stay what they are.
func NewSchema(sentinels ...error) *Schema {
	if len(sentinels) > 32 {
		panic("kind: more than 32 sentinels")
	}
	return &Schema{deadline: -1, exact: true, sentinels: sentinels}
}

func (s *Schema) add(name string, t Type) Column {
	if len(s.columns) == maxColumns || slices.ContainsFunc(s.columns, func(c column) bool { return c.name == name }) {
		panic(fmt.Sprintf("kind: column %q is one too many", name))
	}
	s.columns = append(s.columns, column{name: name, typ: t})
	if t == TypeDeadline {
		s.exact = false
		if s.deadline < 0 {
			s.deadline = len(s.columns) - 1
		}
	}
	return Column{s, len(s.columns) - 1}
}

// Columns lists the columns in their order.
func (s *Schema) Columns() []Column {
	out := make([]Column, len(s.columns))
	for i := range out {
		out[i] = Column{s, i}
	}
	return out
}

// Column finds a column by its name.
func (s *Schema) Column(name string) (Column, bool) {
	i := slices.IndexFunc(s.columns, func(c column) bool { return c.name == name })
	return Column{s, i}, i >= 0
}

// Aside takes a column out of what Same compares, such as one in which a reading notes when it was made.
func (s *Schema) Aside(c Column) {
	s.columns[c.index].aside, s.exact = true, false
}

// Text adds a column of text.
func (s *Schema) Text(name string) Text { return Text{s.add(name, TypeText)} }

// Word adds a column of text of which the kind has few.
func (s *Schema) Word(name string) Text { return Text{s.add(name, TypeWord)} }

// Bytes adds a column of bytes.
func (s *Schema) Bytes(name string) Bytes { return Bytes{s.add(name, TypeBytes)} }

// Int adds a column of signed numbers.
func (s *Schema) Int(name string) Int { return Int{s.add(name, TypeInt)} }

// Uint adds a column of unsigned numbers.
func (s *Schema) Uint(name string) Uint { return Uint{s.add(name, TypeUint)} }

// Bool adds a column of truth values.
func (s *Schema) Bool(name string) Bool { return Bool{s.add(name, TypeBool)} }

// Time adds a column of moments.
func (s *Schema) Time(name string) Time { return Time{s.add(name, TypeTime)} }

// Deadline adds a column of deadlines on our clock.
func (s *Schema) Deadline(name string) Time { return Time{s.add(name, TypeDeadline)} }

// Duration adds a column of durations.
func (s *Schema) Duration(name string) Duration { return Duration{s.add(name, TypeDuration)} }
