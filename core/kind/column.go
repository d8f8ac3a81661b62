package kind

import "time"

// Column is one column of a schema, whatever its type. The typed handles hold one.
type Column struct {
	schema *Schema
	index  int
}

// Name is what the column is called in `holdfast get`, and in layouts.
func (c Column) Name() string { return c.schema.columns[c.index].name }

// Schema is what the column belongs to.
func (c Column) Schema() *Schema { return c.schema }

// Type is what it holds.
func (c Column) Type() Type { return c.schema.columns[c.index].typ }

// IsAside tells a column that was taken Aside: a note of the reader, which nobody else fills.
func (c Column) IsAside() bool { return c.schema.columns[c.index].aside }

// Err is why the value is not known in a row; nil where it is.
func (c Column) Err(r Row) error {
	if r.schema != c.schema {
		return nil
	}
	return r.unknown(c.index)
}

// Unknown notes why the value of the row that is being built is not known, whatever it is set to; nil changes nothing.
func (c Column) Unknown(b *Builder, why error) {
	if why != nil {
		b.setUnknown(c, why)
	}
}

// Value is the value in a row: a string, []byte, int64, uint64, bool, time.Time or time.Duration; an error where it is not known.
func (c Column) Value(r Row) any {
	if err := c.Err(r); err != nil {
		return err
	}
	switch c.Type() {
	case TypeBytes:
		return Bytes{c}.Of(r)
	case TypeInt:
		return Int{c}.Of(r)
	case TypeUint:
		return Uint{c}.Of(r)
	case TypeBool:
		return Bool{c}.Of(r)
	case TypeTime, TypeDeadline:
		return Time{c}.Of(r)
	case TypeDuration:
		return Duration{c}.Of(r)
	}
	return Text{c}.Of(r)
}

// text is the packed value as text.
func (c Column) text(r Row) string {
	if r.schema != c.schema {
		return ""
	}
	raw, ok := r.packed(c.index)
	if !ok {
		return ""
	}
	if c.Type() == TypeWord {
		text, _ := c.schema.words.cut(raw)
		return text
	}
	text, _ := cutText(raw)
	return text
}

// number is the packed value as a number.
func (c Column) number(r Row) uint64 {
	if r.schema != c.schema {
		return 0
	}
	raw, ok := r.packed(c.index)
	if !ok {
		return 0
	}
	n, _ := uvarint(raw)
	return n
}

func (c Column) setText(b *Builder, v string) { b.set(c, value{text: v}, v != "") }

func (c Column) setNumber(b *Builder, n uint64) { b.set(c, value{number: n}, n != 0) }

// The typed handles of columns. Of gives the value in a row, the zero value where it is not known; Set gives the row that is
// being built its value.
type (
	// Text is a column of TypeText or TypeWord.
	Text struct{ Column }
	// Bytes is a column of TypeBytes.
	Bytes struct{ Column }
	// Int is a column of TypeInt.
	Int struct{ Column }
	// Uint is a column of TypeUint.
	Uint struct{ Column }
	// Bool is a column of TypeBool.
	Bool struct{ Column }
	// Time is a column of TypeTime or TypeDeadline.
	Time struct{ Column }
	// Duration is a column of TypeDuration.
	Duration struct{ Column }
)

// Of is the text in a row. It shares the memory of the row.
func (c Text) Of(r Row) string { return c.text(r) }

// Set sets the text.
func (c Text) Set(b *Builder, v string) { c.setText(b, v) }

// SetParts sets the text that the parts make together; nothing is allocated for it.
func (c Text) SetParts(b *Builder, parts ...string) { b.setParts(c.Column, parts) }

// Of is the value in a row, a copy.
func (c Bytes) Of(r Row) []byte {
	if text := c.text(r); text != "" {
		return []byte(text)
	}
	return nil
}

// Text is the value in a row as a string, without a copy.
func (c Bytes) Text(r Row) string { return c.text(r) }

// Set sets the value.
func (c Bytes) Set(b *Builder, v []byte) { c.setText(b, string(v)) }

// SetText sets the value that a string holds, without a copy.
func (c Bytes) SetText(b *Builder, v string) { c.setText(b, v) }

// Of is the number in a row.
func (c Int) Of(r Row) int64 { return unzigzag(c.number(r)) }

// Set sets the number.
func (c Int) Set(b *Builder, v int64) { c.setNumber(b, zigzag(v)) }

// Of is the number in a row.
func (c Uint) Of(r Row) uint64 { return c.number(r) }

// Set sets the number.
func (c Uint) Set(b *Builder, v uint64) { c.setNumber(b, v) }

// Of is the value in a row.
func (c Bool) Of(r Row) bool {
	if r.schema != c.schema {
		return false
	}
	_, set := r.packed(c.index)
	return set
}

// Set sets the value.
func (c Bool) Set(b *Builder, v bool) { b.set(c.Column, value{}, v) }

// Of is the moment in a row, in UTC; the zero Time where there is none.
func (c Time) Of(r Row) time.Time {
	n := c.number(r)
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(unzigzag(n - 1)).UTC()
}

// Set sets the moment, cut to milliseconds.
func (c Time) Set(b *Builder, v time.Time) {
	if v.IsZero() {
		c.setNumber(b, 0)
		return
	}
	c.setNumber(b, zigzag(v.UnixMilli())+1)
}

// Of is the duration in a row.
func (c Duration) Of(r Row) time.Duration {
	return time.Duration(unzigzag(c.number(r))) * time.Millisecond
}

// Set sets the duration, cut to milliseconds.
func (c Duration) Set(b *Builder, v time.Duration) { c.setNumber(b, zigzag(v.Milliseconds())) }

func zigzag(n int64) uint64 { return uint64(n<<1) ^ uint64(n>>63) }

func unzigzag(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }
