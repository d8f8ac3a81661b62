package anykey

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// MarshalJSON writes a page as a screen shows it: a hash as an object, in the order in which it was read; a list and a set as
// arrays; a sorted set and a stream as arrays of objects. What is no UTF-8 becomes {"base64": "..."}; what is cut ends in an
// ellipsis and its size.
func (p Page) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	switch p.Type {
	case "string":
		b.Write(textOf(Text{p.Value, int64(len(p.Value))}))
	case "hash":
		object(&b, len(p.Elements), func(i int) (Text, []byte) { return p.Elements[i].Name, textOf(p.Elements[i].Value) })
	case "stream":
		b.WriteString(`{"entries":`)
		array(&b, len(p.Elements), func(i int) {
			e := p.Elements[i]
			b.WriteString(`{"id":`)
			b.Write(textOf(e.Name))
			b.WriteString(`,"fields":`)
			object(&b, len(e.Fields)/2, func(i int) (Text, []byte) { return e.Fields[2*i], textOf(e.Fields[2*i+1]) })
			b.WriteByte('}')
		})
		p.writeGroups(&b)
		b.WriteByte('}')
	case "zset":
		array(&b, len(p.Elements), func(i int) {
			b.WriteString(`{"member":`)
			b.Write(textOf(p.Elements[i].Name))
			b.WriteString(`,"score":`)
			b.Write(textOf(p.Elements[i].Value))
			b.WriteByte('}')
		})
	default:
		array(&b, len(p.Elements), func(i int) {
			one := p.Elements[i].Value
			if p.Type == "set" {
				one = p.Elements[i].Name
			}
			b.Write(textOf(one))
		})
	}
	return b.Bytes(), nil
}

// FieldsJSON is the fields of an entry of a stream as an object.
func (e Element) FieldsJSON() []byte {
	var b bytes.Buffer
	object(&b, len(e.Fields)/2, func(i int) (Text, []byte) { return e.Fields[2*i], textOf(e.Fields[2*i+1]) })
	return b.Bytes()
}

func array(b *bytes.Buffer, n int, each func(i int)) {
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		each(i)
	}
	b.WriteByte(']')
}

func object(b *bytes.Buffer, n int, each func(i int) (Text, []byte)) {
	b.WriteByte('{')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		name, value := each(i)
		text := shown(name)
		if !utf8.ValidString(text) {
			text = "base64:" + base64.StdEncoding.EncodeToString([]byte(text)) // a name can be no object
		}
		b.Write(quoted(text))
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
}

// shown is a text, and that there is more of it.
func shown(t Text) string {
	if !t.Cut() {
		return t.Begin
	}
	begin := t.Begin
	for cut := 0; cut < utf8.UTFMax && !utf8.ValidString(begin) && len(begin) > 0; cut++ { // in the middle of a character
		begin = begin[:len(begin)-1]
	}
	if !utf8.ValidString(begin) {
		return t.Begin
	}
	return fmt.Sprintf("%s… (%d bytes)", begin, t.Bytes)
}

func textOf(t Text) []byte {
	s := shown(t)
	if utf8.ValidString(s) {
		return quoted(s)
	}
	return fmt.Appendf(nil, `{"base64":"%s"}`, base64.StdEncoding.EncodeToString([]byte(s)))
}

func quoted(s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a text can be
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// writeGroups adds the consumer groups of a stream, each with what is not known of it and why.
func (p Page) writeGroups(b *bytes.Buffer) {
	if p.NoGroups != nil {
		b.WriteString(`,"groups":`)
		b.Write(notKnown(p.NoGroups))
		return
	}
	if len(p.Groups) == 0 {
		return
	}
	b.WriteString(`,"groups":`)
	array(b, len(p.Groups), func(i int) {
		g := p.Groups[i]
		b.WriteString(`{"group":`)
		b.Write(textOf(Text{g.Name, int64(len(g.Name))}))
		b.WriteString(`,"lag":`)
		if g.NoLag != nil {
			b.Write(notKnown(g.NoLag))
		} else {
			fmt.Fprint(b, g.Lag)
		}
		fmt.Fprintf(b, `,"pending":%d,"last_delivered":%s`, g.Pending, quoted(g.Last))
		if g.Read >= 0 {
			fmt.Fprintf(b, `,"entries_read":%d`, g.Read)
		}
		b.WriteString(`,"consumers":`)
		if g.NoConsumers != nil {
			b.Write(notKnown(g.NoConsumers))
		} else {
			array(b, len(g.Consumers), func(i int) {
				c := g.Consumers[i]
				fmt.Fprintf(b, `{"consumer":%s,"pending":%d,"idle_ms":%d}`, textOf(Text{c.Name, int64(len(c.Name))}), c.Pending, c.IdleMS)
			})
		}
		b.WriteString(`,"pending_entries":`)
		if g.NoEntries != nil {
			b.Write(notKnown(g.NoEntries))
		} else {
			array(b, len(g.Entries), func(i int) {
				e := g.Entries[i]
				fmt.Fprintf(b, `{"id":%s,"consumer":%s,"idle_ms":%d,"deliveries":%d}`, quoted(e.ID), textOf(Text{e.Consumer, int64(len(e.Consumer))}), e.IdleMS, e.Deliveries)
			})
		}
		b.WriteByte('}')
	})
}

func notKnown(why error) []byte { return quoted("not known: " + why.Error()) }
