package kind

import (
	"encoding/binary"
	"slices"
)

// Builder packs rows. Each is begun with Row; what the handles of columns set belongs to the row that was begun last, and is
// copied when the next one begins. All rows share one piece of memory. A Builder belongs to one goroutine.
type Builder struct {
	schema  *Schema
	out     []byte
	ends    []int
	id      string
	open    bool
	bits    uint64
	values  []value
	parts   []string  // of the texts of values
	unknown []unknown // in the order of columns
	bad     error
	scratch []byte
}

type value struct {
	number   uint64 // of a word: its number plus one, or 0 where text is the word
	text     string
	from, to int // the parts that follow text
}

// unknown is why a column is not known.
type unknown struct {
	index int
	why   error
}

// Builder makes a Builder of about so many rows.
func (s *Schema) Builder(rows int) *Builder {
	return &Builder{schema: s, values: make([]value, len(s.columns)), ends: make([]int, 0, rows), out: make([]byte, 0, rows*64)}
}

// One packs one row, which fill sets.
func (s *Schema) One(id string, fill func(*Builder)) Row {
	b := s.Builder(1)
	b.Row(id)
	fill(b)
	return b.Rows()[0]
}

// Row begins a row.
func (b *Builder) Row(id string) {
	b.end()
	b.id, b.open, b.bits, b.parts, b.unknown, b.bad = id, true, 0, b.parts[:0], b.unknown[:0], nil
}

// Copy begins a row that says what r says, which is of the same schema.
func (b *Builder) Copy(r Row) {
	b.Row(r.ID())
	b.bad = r.Problem()
	for i, c := range b.schema.Columns() {
		c.Unknown(b, c.Err(r))
		if _, set := r.packed(i); !set {
			continue
		}
		switch c.Type() {
		case TypeText, TypeWord, TypeBytes:
			c.setText(b, c.text(r))
		default:
			b.set(c, value{number: c.number(r)}, true)
		}
	}
}

// Bad makes the row unreadable; nil changes nothing.
func (b *Builder) Bad(err error) {
	if err != nil {
		b.bad = err
	}
}

// Drop forgets the row that was begun.
func (b *Builder) Drop() { b.open = false }

// own is the place of a column of this schema.
func (b *Builder) own(c Column) int {
	if c.schema != b.schema {
		panic("kind: column " + c.Name() + " is of another schema")
	}
	return c.index
}

func (b *Builder) set(c Column, v value, nonzero bool) {
	index := b.own(c)
	if !nonzero {
		b.bits &^= 1 << index
		return
	}
	b.bits |= 1 << index
	b.values[index] = v
}

func (b *Builder) setUnknown(c Column, why error) {
	index := b.own(c)
	i, found := slices.BinarySearchFunc(b.unknown, index, func(u unknown, index int) int { return u.index - index })
	if !found {
		b.unknown = slices.Insert(b.unknown, i, unknown{index: index})
	}
	b.unknown[i].why = why
}

// setParts sets a text that is given in parts.
func (b *Builder) setParts(c Column, parts []string) {
	switch {
	case textLen("", parts) == 0:
		b.set(c, value{}, false)
	case c.Type() == TypeWord:
		b.scratch = b.scratch[:0]
		for _, p := range parts {
			b.scratch = append(b.scratch, p...)
		}
		if n, ok := b.schema.words.known(b.scratch); ok {
			b.set(c, value{number: n + 1}, true)
			return
		}
		c.setText(b, string(b.scratch))
	default:
		from := len(b.parts)
		b.parts = append(b.parts, parts...)
		b.set(c, value{from: from, to: len(b.parts)}, true)
	}
}

func textLen(text string, parts []string) int {
	n := len(text)
	for _, p := range parts {
		n += len(p)
	}
	return n
}

// end packs the row that was begun.
func (b *Builder) end() {
	if !b.open {
		return
	}
	b.open = false
	for _, u := range b.unknown {
		b.bits &^= 1 << u.index
	}
	head := b.bits << firstBit
	if b.bad != nil {
		head |= bitBad
	}
	if len(b.unknown) > 0 {
		head |= bitUnknown
	}
	b.out = binary.AppendUvarint(b.out, head)
	b.out = appendText(b.out, b.id)
	if b.bad != nil {
		b.out = b.appendError(b.out, b.bad, false)
	}
	for i, c := range b.schema.columns {
		if b.bits>>i&1 == 0 {
			continue
		}
		switch v := b.values[i]; c.typ {
		case TypeBool:
		case TypeText, TypeBytes:
			b.out = appendText(b.out, v.text, b.parts[v.from:v.to]...)
		case TypeWord:
			if v.number > 0 {
				b.out = binary.AppendUvarint(b.out, v.number)
			} else {
				b.out = b.schema.words.append(b.out, v.text)
			}
		default:
			b.out = binary.AppendUvarint(b.out, v.number)
		}
	}
	for _, u := range b.unknown {
		b.out = binary.AppendUvarint(b.out, uint64(u.index))
		b.out = b.appendError(b.out, u.why, true)
	}
	b.ends = append(b.ends, len(b.out))
}

// appendError packs an error with its length.
func (b *Builder) appendError(out []byte, err error, repeats bool) []byte {
	b.scratch = b.schema.packError(b.scratch[:0], err, repeats)
	out = binary.AppendUvarint(out, uint64(len(b.scratch)))
	return append(out, b.scratch...)
}

// Rows are all rows that were begun and not dropped. The Builder is empty again.
func (b *Builder) Rows() []Row {
	b.end()
	all := string(b.out)
	rows := make([]Row, len(b.ends))
	from := 0
	for i, end := range b.ends {
		rows[i] = Row{b.schema, all[from:end]}
		from = end
	}
	b.out, b.ends = b.out[:0], slices.Clip(b.ends[:0])
	return rows
}

// appendText packs a text, and the parts that follow it, with the length of all.
func appendText(out []byte, s string, parts ...string) []byte {
	out = binary.AppendUvarint(out, uint64(textLen(s, parts)))
	out = append(out, s...)
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}
