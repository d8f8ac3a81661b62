package config

import (
	"fmt"
	"reflect"
	"strings"

	"holdfast/core/suggest"
	"holdfast/themes"
	"holdfast/views"
)

// section is a table of the configuration file. What may stand there, how it is checked and docs/config.md all come from
// these rows.
type section struct {
	name    string // as in the file; NAME in it stands for any
	about   string
	entries []entry
	any     valueKind // of entries whose names are not listed here; no kind: there are none
}

// entry is one setting of a section.
type entry struct {
	name    string
	kind    valueKind
	example string // as TOML
	help    string
}

// basedOn is the one entry of a theme that is no colour.
const basedOn = "based-on"

// schema is those of the program, with the views that layouts add.
func schema(own ...ownView) []section {
	var columns []entry
	starts := views.All().Names()
	for _, v := range views.All() {
		var known []string
		for _, c := range v.Columns {
			known = append(known, c.Title)
		}
		columns = append(columns, entry{v.Name, titles(known), fmt.Sprintf("[%q]", known[1]), "what " + v.Title + " shows"})
	}
	for _, v := range own {
		columns = append(columns, entry{name: v.name, kind: titles(v.titles)})
		starts = append(starts, v.name)
	}
	prefixes := prefixEntries()
	return []section{
		{name: "", about: "At the top of the file, before the first `[`.", entries: entriesOf(reflect.TypeFor[File](), starts)},
		{name: "connections.NAME", about: "A server by name: `holdfast --connection NAME`, or \"connect to NAME\" in the palette.",
			entries: entriesOf(reflect.TypeFor[Connection](), starts)},
		{name: "prefixes", about: "Key prefixes of the kinds of state, if not the defaults. They apply to all connections.", entries: prefixes},
		{name: "connections.NAME.prefixes", about: "The same for one connection; prefixes not set here are as in `[prefixes]`.", entries: prefixes},
		{name: "layouts", about: "Where the state of other libraries lies, by the names of [layouts](layouts.md): key templates in place of the layout's own, or an\nempty list to turn it off. Files `layouts/*.toml` beside the configuration file add layouts.", any: keyTemplates()},
		{name: "connections.NAME.layouts", about: "The same for one connection; layouts not set here are as in `[layouts]`.", any: keyTemplates()},
		{name: "keys", about: "Keys by action; an empty list unbinds it. The actions and their default keys are in [keys.md](keys.md).", any: keyList()},
		{name: "columns", about: "The columns of a view in the order to show them; the others are hidden. The first column of a view always stays first.",
			entries: columns},
		{name: "themes.NAME", about: "A theme of your own. It can also be a file `themes/NAME.toml` beside the configuration file, with the same entries\nat its top.",
			entries: themeEntries()},
	}
}

// entriesOf are the fields of a struct that have a kind.
func entriesOf(t reflect.Type, views []string) (entries []entry) {
	known := kinds(views)
	for _, f := range reflect.VisibleFields(t) {
		k, ok := known[f.Tag.Get("kind")]
		if !ok {
			continue
		}
		example := f.Tag.Get("example")
		if f.Type.Kind() == reflect.String || f.Type.Kind() == reflect.Slice {
			example = `"` + example + `"`
		}
		entries = append(entries, entry{f.Tag.Get("toml"), k, example, f.Tag.Get("help")})
	}
	return entries
}

func themeEntries() []entry {
	entries := []entry{{basedOn, oneOf(themes.Names()), `"dark"`, "theme of the colours not set here; by default dark or light, as the terminal's background"}}
	for _, t := range themes.Tokens() {
		entries = append(entries, entry{t.Name, colour(), `"#7cc4ff"`, t.Help})
	}
	return entries
}

// find is the section of an entry or of a table, what stands for NAME in it, and the entry.
func find(all []section, p place) (s section, name string, e entry, err error) {
	table := p.path
	if !p.table {
		table = p.path[:len(p.path)-1]
	}
	for _, s := range all {
		name, ok := s.is(table)
		switch {
		case !ok:
			continue
		case p.table:
			return s, name, e, nil
		}
		for _, e := range s.entries {
			if e.name == p.name() {
				return s, name, e, nil
			}
		}
		if s.any.name != "" {
			return s, name, entry{name: p.name(), kind: s.any}, nil
		}
		return s, name, e, s.unknownEntry(p)
	}
	return s, "", e, unknownSection(all, table, p)
}

func (s section) unknownEntry(p place) error {
	var names []string
	for _, e := range s.entries {
		names = append(names, e.name)
	}
	return &lineError{p.line, fmt.Errorf("unknown entry %s: one of %s%s", strings.Join(p.path, "."), strings.Join(names, ", "), suggest.DidYouMean(p.name(), names))}
}

func unknownSection(all []section, table []string, p place) error {
	var names, alike []string
	for _, s := range all {
		if s.name == "" {
			continue
		}
		names = append(names, "["+s.name+"]")
		parts := strings.Split(s.name, ".")
		for i := range parts {
			if parts[i] == "NAME" && i < len(table) {
				parts[i] = table[i]
			}
		}
		alike = append(alike, strings.Join(parts, "."))
	}
	name := strings.Join(table, ".")
	return &lineError{p.line, fmt.Errorf("unknown section [%s]: one of %s%s", name, strings.Join(names, ", "), suggest.DidYouMean(name, alike))}
}

// is tells whether a table is this section, and what stands for NAME in its name.
func (s section) is(table []string) (name string, ok bool) {
	if s.name == "" {
		return "", len(table) == 0
	}
	parts := strings.Split(s.name, ".")
	if len(parts) != len(table) {
		return "", false
	}
	for i, p := range parts {
		if p == "NAME" {
			name = table[i]
		} else if p != table[i] {
			return "", false
		}
	}
	return name, true
}
