package layout

import (
	"cmp"
	"strings"

	"holdfast/core/kind"
)

// Own is a view of a layout's own.
type Own struct {
	Name    kind.Name
	Title   string
	Layout  string // its name
	About   string
	Keys    []string // templates
	Columns []OwnColumn
}

// OwnColumn is a column of such a view.
type OwnColumn struct {
	kind.Column
	Status bool              // its values are few, and may have tones
	Tones  map[string]string // good, warn or bad, by value
}

// Own lists the views of layouts' own, in the order of their layouts.
func (s *Set) Own() (out []Own) {
	if s == nil {
		return nil
	}
	for _, p := range s.plans {
		if p.View == string(QueuesName) || s.views[kind.Name(p.View)].base != nil {
			continue
		}
		o := Own{Name: kind.Name(p.View), Title: cmp.Or(p.Title, capital(p.View)), Layout: p.Name, About: p.About, Keys: p.Layout.Keys}
		for _, c := range p.columns {
			if !c.hidden {
				o.Columns = append(o.Columns, OwnColumn{c.handle, c.Column.Type == "status", c.Tones})
			}
		}
		out = append(out, o)
	}
	return out
}

// Fills tells whether a view has rows of layouts.
func (s *Set) Fills(view kind.Name) bool { return s != nil && s.views[view] != nil }

func capital(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
