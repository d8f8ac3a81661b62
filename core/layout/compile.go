package layout

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"holdfast/core/kind"
	"holdfast/core/suggest"
)

// plan is one layout, checked and made ready to read rows.
type plan struct {
	Layout
	file   string
	preset bool
	keys   []*template
	match  *regexp.Regexp
	// valueTells: a column reads the whole string, so that nobody needs to ask for the type.
	valueTells bool
	firstTrip  int    // 0 where types, or the sizes of fields, are asked for
	spread     bool   // rows are fields or members of the first key
	behind     string // what stands before the key in the ID of a row
	schema     *kind.Schema
	layout     kind.Text // the column LAYOUT
	readAt     kind.Time // notes when a row was read; of no schema: the view does not ask
	columns    []column
	reads      bool // columns read keys besides those in keys
	trips      int  // that the columns take
	links      []link
	publish    *template
	message    *template
	drop       *template // of Bump.Delete
	whole      int       // the column that shows the stored text as it is; -1: none
}

// column is one column of a plan.
type column struct {
	Column
	handle  kind.Column
	hidden  bool // for later columns alone
	same    int  // 1 + the column above whose command answers this one, too; 0: none
	trip    int  // in which its command is sent, from 1; 0: it needs none
	key     *template
	field   *template
	member  *template
	text    *template
	pointer []string
	pattern *regexp.Regexp
	group   int
	add     time.Duration
}

type link struct {
	Link
	row *template
}

const (
	usualMax = 1000
	mostMax  = 10_000
)

var (
	redisTypes  = []string{"string", "hash", "list", "set", "zset", "stream"}
	sources     = []string{"part", "key", "value", "field", "member", "score", "length", "ttl", "first", "last", "first-score", "last-score", "contains", "exists", "text", "sum"}
	columnTypes = []string{"text", "int", "bytes", "bool", "time", "deadline", "duration", "status"}
	rowKinds    = []string{"key", "field", "member"}
	releases    = []string{"compare-and-delete", "delete-field", "remove-member", "never"}
	tones       = []string{"good", "warn", "bad"}
)

// oneOf refuses a word that is none of a few.
func oneOf(word string, words []string) error {
	if slices.Contains(words, word) {
		return nil
	}
	return fmt.Errorf("%q is unknown: one of %s%s", word, strings.Join(words, ", "), suggest.DidYouMean(word, words))
}

// unknownEntry says what may stand where something unknown stands.
func unknownEntry(key []string) error {
	var names []string
	switch {
	case len(key) <= 1:
		names = entries(File{})
	case len(key) == 2:
		names = entries(Layout{})
	case key[1] == "columns":
		names = entries(Column{})
	case key[1] == "links":
		names = entries(Link{})
	case key[1] == "release":
		names = entries(Release{})
	case key[1] == "bump":
		names = entries(Bump{})
	}
	name := key[len(key)-1]
	return fmt.Errorf("unknown entry %q: one of %s%s", name, strings.Join(names, ", "), suggest.DidYouMean(name, names))
}

func wrongValue(err *toml.DecodeError) error {
	return errors.New(strings.TrimPrefix(err.Error(), "toml: "))
}

// compiler checks one layout.
type compiler struct {
	*plan
	lines lines
	at    int // its number in the file
	views map[string]*kind.Schema
}

// fault is what is wrong with an entry.
type fault struct {
	path []any
	err  error
}

func (f *fault) Error() string { return f.err.Error() }

func wrong(err error, path ...any) error {
	if err == nil {
		return nil
	}
	return &fault{path, err}
}

func wrongf(path []any, format string, args ...any) error {
	return &fault{path, fmt.Errorf(format, args...)}
}

// compile checks a layout and makes it ready. Its error says what may stand where something wrong stands.
func (c *compiler) compile() error {
	for _, step := range []func() error{c.checkHead, c.checkKeys, c.chooseSchema, c.compileColumns, c.compileLinks, c.checkActions} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*$`)

func (c *compiler) checkHead() error {
	switch {
	case c.Name == "":
		return wrongf([]any{"name"}, "name is missing: letters, digits and -")
	case !nameForm.MatchString(c.Name):
		return wrongf([]any{"name"}, "%q is no name: letters, digits and - only", c.Name)
	case c.View == "":
		return wrongf([]any{"view"}, "view is missing: one of %s, or a new name", strings.Join(slices.Sorted(maps.Keys(c.views)), ", "))
	case !nameForm.MatchString(c.View):
		return wrongf([]any{"view"}, "%q is no name of a view: letters, digits and - only", c.View)
	case len(c.Keys) == 0:
		return wrongf([]any{"keys"}, `keys is missing: templates such as "rq:worker:{name}"`)
	}
	if c.Rows == "" {
		c.Rows = "key"
	}
	if err := oneOf(c.Rows, rowKinds); err != nil {
		return wrong(err, "rows")
	}
	c.spread = c.Rows != "key"
	if c.Type == "" {
		return wrongf([]any{"type"}, "type is missing: one of %s", strings.Join(redisTypes, ", "))
	}
	if err := oneOf(c.Type, redisTypes); err != nil {
		return wrong(err, "type")
	}
	if c.Rows == "field" && c.Type != "hash" || c.Rows == "member" && !slices.Contains([]string{"set", "list", "zset"}, c.Type) {
		return wrongf([]any{"rows"}, "a %s has no rows of this kind: field is of a hash, member of a set, list or zset", c.Type)
	}
	if c.Max == 0 {
		c.Max = usualMax
	}
	if c.Max < 1 || c.Max > mostMax {
		return wrongf([]any{"max"}, "%d is out of bounds: 1 to %d", c.Max, mostMax)
	}
	if c.Match != "" {
		var err error
		if c.match, err = regexp.Compile(c.Match); err != nil {
			return wrong(err, "match")
		}
		if c.Type != "string" {
			return wrongf([]any{"match"}, "only a string can be matched, this is a %s", c.Type)
		}
	}
	return nil
}

func (c *compiler) checkKeys() error {
	for i, text := range c.Keys {
		t, err := parseTemplate(text)
		if err != nil {
			return wrongf([]any{"keys", i}, "%q: %w", text, err)
		}
		if t.prefix() == "" && !c.Everything {
			return wrongf([]any{"keys", i}, "%q begins with a part, so that every key of the server has to be looked at and every change is sent: begin with a literal, or write whole-keyspace = true", text)
		}
		if i > 0 && !sameParts(t, c.keys[0]) {
			return wrongf([]any{"keys", i}, "%q has other parts than the first key: all keys of a row have the same", text)
		}
		t.except = c.Except
		c.keys = append(c.keys, t)
	}
	for i, a := range c.keys {
		for j, b := range c.keys[:i] {
			if collide(a, b) {
				return wrongf([]any{"keys", i}, "%q and %q could both match one key", a.text, c.keys[j].text)
			}
		}
	}
	if c.spread && len(c.keys) > 1 {
		return wrongf([]any{"keys", 1}, "rows that are a %s have one key", c.Rows)
	}
	return nil
}

func sameParts(a, b *template) bool {
	x, y := a.parts(), b.parts()
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// chooseSchema finds the schema of the view, or makes that of a view of its own.
func (c *compiler) chooseSchema() error {
	schema, stands := c.views[c.View]
	if stands {
		c.schema = schema
		handle, _ := schema.Column("layout")
		c.layout = kind.Text{Column: handle}
		if seen, notes := schema.Column(SeenColumn); notes {
			c.readAt = kind.Time{Column: seen}
		}
		return nil
	}
	c.schema = kind.NewSchema(errSentinels...)
	c.layout = c.schema.Word("layout")
	for i, col := range c.Columns {
		if strings.HasPrefix(col.Name, "_") {
			continue
		}
		if err := c.addColumn(col); err != nil {
			return wrong(err, "columns", i, "type")
		}
	}
	return nil
}

func (c *compiler) addColumn(col Column) error {
	if _, twice := c.schema.Column(col.Name); twice || col.Name == "" {
		return nil // said later, with the others
	}
	switch col.Type {
	case "", "text":
		c.schema.Text(col.Name)
	case "status":
		c.schema.Word(col.Name)
	case "int":
		c.schema.Int(col.Name)
	case "bytes":
		c.schema.Bytes(col.Name)
	case "bool":
		c.schema.Bool(col.Name)
	case "time":
		c.schema.Time(col.Name)
	case "deadline":
		c.schema.Deadline(col.Name)
	case "duration":
		c.schema.Duration(col.Name)
	default:
		return oneOf(col.Type, columnTypes)
	}
	return nil
}

// names are the columns that a layout of the view may fill.
func (c *compiler) names() (out []string) {
	for _, h := range c.schema.Columns() {
		if h.Name() != "layout" && !h.IsAside() {
			out = append(out, h.Name())
		}
	}
	return out
}

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

func (c *compiler) compileLinks() error {
	names := append(c.keys[0].parts(), "key", "member")
	for _, col := range c.columns {
		if !col.hidden { // rows hold the others alone
			names = append(names, col.Name)
		}
	}
	for i, l := range c.Layout.Links {
		if l.Label == "" || l.View == "" || l.Row == "" {
			return wrongf([]any{"links", i}, "a link needs label, view and row")
		}
		t, err := c.template(l.Row, names)
		if err != nil {
			return wrong(err, "links", i, "row")
		}
		c.links = append(c.links, link{l, t})
	}
	return nil
}

// template reads a template of known names.
func (c *compiler) template(text string, names []string) (*template, error) {
	t, err := parseTemplate(text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	for _, p := range t.parts() {
		if !slices.Contains(names, p) {
			return nil, fmt.Errorf("%q: {%s} is neither a part of the key nor a column: one of %s%s", text, p, strings.Join(names, ", "), suggest.DidYouMean(p, names))
		}
	}
	return t, nil
}
