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
