package operate

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Conflict is an edit that came too late for its document, seen from three sides. Nothing was written.
type Conflict struct {
	Now       Document // what is there now; a new edit starts from its version
	Was, Mine string   // what was opened and what was to be saved, in the form of Now.Text()
	Members   []Member // what either side changed, where all three are JSON objects; else nil
	Merged    string   // Now.Text() with what only the operator changed, where members tell; else Now.Text() itself
}

// Member is one member of a JSON object that either side changed since it was opened. An empty value: there is none.
type Member struct {
	Path              []string // the names that lead to it
	Was, Theirs, Mine string   // as JSON
}

// Overlaps tells whether both sides changed it, and not to the same.
func (m Member) Overlaps() bool { return m.Was != m.Theirs && m.Was != m.Mine && m.Theirs != m.Mine }

// Compare sets what was opened beside the edit that was refused and what is there now.
func Compare(opened Document, late Action, now Document) Conflict {
	var c Conflict
	c.Now, c.Mine = now.Beside(late)
	c.Was, c.Merged = c.Now.show(opened.Body), c.Now.Text()
	was, ok1 := object(opened.Body)
	theirs, ok2 := object(now.Body)
	mine, ok3 := object(late.body)
	if !ok1 || !ok2 || !ok3 {
		return c
	}
	merged := c.merge(nil, was, theirs, mine)
	if c.Now.form() == indented { // else its layout is somebody's, and would be lost
		c.Merged = c.Now.show(merged)
	}
	return c
}

// members of a JSON object in their order; names and values as they are spelled, without white space.
type members []struct {
	name  string // decoded
	quote []byte // as spelled
	value []byte
}

// object reads an object; ok is false for anything else, and for one that names a member twice.
func object(text []byte) (list members, ok bool) {
	var compact bytes.Buffer
	if json.Compact(&compact, text) != nil {
		return nil, false
	}
	text = compact.Bytes()
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		from := d.InputOffset()
		t, err := d.Token()
		name, isName := t.(string)
		quote := bytes.TrimLeft(text[from:d.InputOffset()], ",")
		var value json.RawMessage
		if err != nil || !isName || d.Decode(&value) != nil {
			return nil, false
		}
		if _, twice := list.get(name); twice {
			return nil, false
		}
		list = append(list, struct {
			name  string
			quote []byte
			value []byte
		}{name, quote, value})
	}
	return list, true
}

func (m members) get(name string) (value []byte, ok bool) {
	for _, one := range m {
		if one.name == name {
			return one.value, true
		}
	}
	return nil, false
}

// merge makes an object of theirs and of what only mine changed, and notes each change. Where both changed the same
// member theirs stays: Members has the other.
func (c *Conflict) merge(path []string, was, theirs, mine members) []byte {
	out := []byte("{")
	put := func(quote, value []byte) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, quote...), ':'), value...)
	}
	for _, one := range theirs {
		before, _ := was.get(one.name)
		wish, _ := mine.get(one.name)
		if value := c.settle(slices.Concat(path, []string{one.name}), before, one.value, wish); value != nil {
			put(one.quote, value)
		}
	}
	for _, one := range mine {
		if _, there := theirs.get(one.name); there {
			continue
		}
		before, _ := was.get(one.name)
		if value := c.settle(slices.Concat(path, []string{one.name}), before, nil, one.value); value != nil {
			put(one.quote, value)
		}
	}
	for _, one := range was { // gone on both sides
		if _, there := theirs.get(one.name); there {
			continue
		}
		if _, there := mine.get(one.name); !there {
			c.settle(slices.Concat(path, []string{one.name}), one.value, nil, nil)
		}
	}
	return append(out, '}')
}

// settle is what becomes of one member; nil where there is none.
func (c *Conflict) settle(path []string, was, theirs, mine []byte) []byte {
	if bytes.Equal(was, theirs) && bytes.Equal(was, mine) {
		return theirs
	}
	w, ok1 := object(was)
	t, ok2 := object(theirs)
	m, ok3 := object(mine)
	if ok1 && ok2 && ok3 {
		return c.merge(path, w, t, m)
	}
	c.Members = append(c.Members, Member{path, string(was), string(theirs), string(mine)})
	if bytes.Equal(was, theirs) {
		return mine
	}
	return theirs
}
