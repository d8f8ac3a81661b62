package layout

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"holdfast/core/kind"
	"holdfast/core/suggest"
)

// The columns of a layout: what each needs, when it is asked for, and how its value is made.

func (c *compiler) compileColumns() error {
	if len(c.Layout.Columns) == 0 {
		return wrongf([]any{"columns"}, "columns is missing: what the rows say, of %s", strings.Join(c.names(), ", "))
	}
	known := map[string]int{"key": 0} // the trip after which each part and column is known
	for _, part := range c.keys[0].parts() {
		known[part] = 0
	}
	if c.spread {
		known["member"] = 0
	}
	_, own := c.views[c.View]
	seen := map[string]bool{}
	for i, spec := range c.Layout.Columns {
		here := []any{"columns", i}
		col := column{Column: spec}
		switch {
		case spec.Name == "":
			return wrongf(here, "a column without a name")
		case seen[spec.Name]:
			return wrongf(append(here, "name"), "a second column %s", spec.Name)
		case strings.HasPrefix(spec.Name, "_"):
			col.hidden = true
		default:
			handle, ok := c.schema.Column(spec.Name)
			if !ok || spec.Name == "layout" || handle.IsAside() {
				return wrongf(append(here, "name"), "the view %s has no column %q: one of %s%s; a name that begins with _ is for other columns to use", c.View, spec.Name, strings.Join(c.names(), ", "), suggest.DidYouMean(spec.Name, c.names()))
			}
			if own && spec.Type != "" {
				return wrongf(append(here, "type"), "the view %s says the types of its columns", c.View)
			}
			col.handle = handle
		}
		seen[spec.Name] = true
		if err := c.compileColumn(&col, here, known); err != nil {
			return err
		}
		known[spec.Name] = col.trip
		c.trips = max(c.trips, col.trip)
		c.reads = c.reads || col.key != nil && !slices.ContainsFunc(c.keys, func(t *template) bool { return t.text == col.key.text })
		col.same = 1 + slices.IndexFunc(c.columns, col.asksLike)
		c.columns = append(c.columns, col)
	}
	owns := func(from string) bool {
		return slices.ContainsFunc(c.columns, func(col column) bool { return col.From == from && col.key == nil })
	}
	c.valueTells = c.Type == "string" && !c.spread && len(c.keys) == 1 && owns("value")
	sizes := slices.ContainsFunc(c.columns, func(col column) bool { return col.From == "field" && col.trip == 1 })
	if c.trips > 0 && !sizes && (c.valueTells || c.spread) {
		c.firstTrip = 1
	}
	return nil
}

func (c *compiler) compileColumn(col *column, here []any, known map[string]int) (err error) {
	if col.From == "" {
		return wrongf(here, "column %s: from is missing: one of %s", col.Name, strings.Join(sources, ", "))
	}
	if err := oneOf(col.From, sources); err != nil {
		return wrong(err, append(here, "from")...)
	}
	after := 0
	refer := func(entry, text string) *template {
		if text == "" || err != nil {
			return nil
		}
		t, wrongForm := parseTemplate(text)
		if wrongForm != nil {
			err = wrongf(append(here, entry), "%q: %w", text, wrongForm)
			return nil
		}
		for _, p := range t.parts() {
			trip, ok := known[p]
			if !ok {
				names := slices.Sorted(maps.Keys(known))
				err = wrongf(append(here, entry), "%q: {%s} is neither a part of the key nor a column above: one of %s%s", text, p, strings.Join(names, ", "), suggest.DidYouMean(p, names))
				return nil
			}
			after = max(after, trip)
		}
		return t
	}
	col.key, col.field = refer("key", col.Key), refer("field", col.Field)
	col.member, col.text = refer("member", col.Member), refer("text", col.Column.Text)
	if err != nil {
		return err
	}
	for i, name := range col.Sum {
		var names []string
		for _, above := range c.columns {
			names = append(names, above.Name)
		}
		if !slices.Contains(names, name) {
			return wrongf(append(here, "sum", i), "%q is no column above: one of %s%s", name, strings.Join(names, ", "), suggest.DidYouMean(name, names))
		}
		after = max(after, known[name])
	}
	if err := c.checkSource(col, here); err != nil {
		return err
	}
	if col.trip = after; sends(col, c.plan) {
		col.trip++
	}
	if most := 3; col.trip > most {
		return wrongf(here, "column %s needs a trip to the server after %d others: a row takes at most %d", col.Name, col.trip-1, most)
	}
	return c.compileValue(col, here)
}

// asksLike tells whether another column is made of the same answer.
func (c *column) asksLike(o column) bool {
	return c.From == o.From && c.Key == o.Key && c.Of == o.Of && c.Field == o.Field && c.Member == o.Member
}

// sends tells whether a column needs a command of its own.
func sends(col *column, p *plan) bool {
	switch col.From {
	case "part", "key", "text", "member", "sum":
		return false
	case "value", "score":
		return !p.spread || col.key != nil || col.member != nil
	}
	return true
}

// checkSource checks what a source needs.
func (c *compiler) checkSource(col *column, here []any) error {
	need := func(entry, value, what string) error {
		if value == "" {
			return wrongf(here, "column %s: from = %q needs %s, %s", col.Name, col.From, entry, what)
		}
		return nil
	}
	typ := c.Type
	if col.key != nil {
		typ = col.Of
	}
	if col.Of != "" {
		if err := oneOf(col.Of, redisTypes); err != nil {
			return wrong(err, append(here, "of")...)
		}
	}
	among := func(types ...string) error {
		if typ == "" {
			return wrongf(here, "column %s: from = %q with a key needs of, the type of that key: one of %s", col.Name, col.From, strings.Join(types, ", "))
		}
		if !slices.Contains(types, typ) {
			return wrongf(append(here, "from"), "column %s: a %s has no %s", col.Name, typ, col.From)
		}
		return nil
	}
	switch col.From {
	case "part":
		parts := c.keys[0].parts()
		if err := need("part", col.Part, "one of "+strings.Join(parts, ", ")); err != nil {
			return err
		}
		if !slices.Contains(parts, col.Part) {
			return wrongf(append(here, "part"), "the key has no part %q: one of %s%s", col.Part, strings.Join(parts, ", "), suggest.DidYouMean(col.Part, parts))
		}
	case "field":
		if col.key == nil && c.Type != "hash" {
			return wrongf(append(here, "from"), "column %s: a %s has no field", col.Name, c.Type)
		}
		return need("field", col.Field, "the name of a hash field")
	case "text":
		return need("text", col.Column.Text, "the text")
	case "sum":
		return need("sum", strings.Join(col.Sum, ""), "the names of columns above")
	case "member":
		if !c.spread {
			return wrongf(append(here, "from"), `column %s: only rows = "field" or "member" have one`, col.Name)
		}
	case "value":
		if col.key == nil && !c.spread && c.Type != "string" {
			return wrongf(append(here, "from"), "column %s: only a string has one value; a %s has fields or members", col.Name, c.Type)
		}
		if col.key == nil && c.Rows == "member" {
			return wrongf(append(here, "from"), "column %s: a member is all there is; take from = \"member\"", col.Name)
		}
	case "score":
		if col.key == nil && c.Type != "zset" {
			return wrongf(append(here, "from"), "column %s: only members of a zset have a score", col.Name)
		}
		if !(c.Rows == "member" && col.key == nil) {
			return need("member", col.Member, "whose score it is")
		}
	case "contains":
		if err := among("set", "zset", "hash"); err != nil {
			return err
		}
		return need("member", col.Member, "what is looked for")
	case "length":
		return among(redisTypes...)
	case "first", "last":
		return among("list", "zset")
	case "first-score", "last-score":
		return among("zset")
	}
	return nil
}

// compileValue checks how the value is made of what is read.
func (c *compiler) compileValue(col *column, here []any) (err error) {
	for i, name := range col.Decode {
		if err := oneOf(name, slices.Sorted(maps.Keys(decoders))); err != nil {
			return wrong(err, append(here, "decode", i)...)
		}
	}
	if p := col.Pointer; p != "" {
		if p[0] != '/' {
			return wrongf(append(here, "pointer"), "%q is no JSON Pointer: it begins with /", p)
		}
		for _, step := range strings.Split(p[1:], "/") {
			col.pointer = append(col.pointer, strings.NewReplacer("~1", "/", "~0", "~").Replace(step))
		}
	}
	if col.Pattern != "" {
		if col.pattern, err = regexp.Compile(col.Pattern); err != nil {
			return wrong(err, append(here, "pattern")...)
		}
		if col.group = max(col.pattern.SubexpIndex(strings.TrimPrefix(col.Name, "_")), 0); col.group == 0 && col.pattern.NumSubexp() > 0 {
			col.group = 1
		}
	}
	for value, tone := range col.Tones {
		if err := oneOf(tone, tones); err != nil {
			return wrong(err, append(here, "tones", value)...)
		}
	}
	if col.Add != "" {
		if col.add, err = time.ParseDuration(col.Add); err != nil {
			return wrongf(append(here, "add"), "%q is no duration, such as 60s", col.Add)
		}
	}
	if col.hidden {
		return nil
	}
	return c.checkFormat(col, here)
}

// checkFormat demands a format where the type of a column needs one.
func (c *compiler) checkFormat(col *column, here []any) error {
	typ := col.handle.Type()
	isTime := typ == kind.TypeTime || typ == kind.TypeDeadline
	span := typ == kind.TypeDuration
	if col.From == "ttl" {
		if typ != kind.TypeDeadline && !span {
			return wrongf(append(here, "from"), "column %s: a time to live is a deadline or a duration", col.Name)
		}
		if col.Format != "" {
			return wrongf(append(here, "format"), "column %s: a time to live needs no format", col.Name)
		}
		col.Format = "ms"
		return nil
	}
	var fit []string
	for name, f := range formats {
		if isTime && !f.span || span && f.span {
			fit = append(fit, name)
		}
	}
	slices.Sort(fit)
	switch {
	case !isTime && !span && col.Format != "":
		return wrongf(append(here, "format"), "column %s is neither a time nor a duration: it has no format", col.Name)
	case !isTime && col.Add != "":
		return wrongf(append(here, "add"), "column %s is not a time: nothing can be added", col.Name)
	case len(fit) > 0 && col.Format == "":
		return wrongf(here, "column %s: format is missing: one of %s", col.Name, strings.Join(fit, ", "))
	case len(fit) > 0:
		return wrong(oneOf(col.Format, fit), append(here, "format")...)
	}
	return nil
}
