package layout

import (
	"slices"
	"strconv"
	"strings"

	"holdfast/core/kind"
)

// LinkTo leads from a row to one of another view, which need not be there.
type LinkTo struct {
	Label string
	View  kind.Name
	ID    string
}

// HolderLabel is the label of the link that leads from a lock to its holder.
const HolderLabel = "holder"

// maxLinks is how many rows one row leads to.
const maxLinks = 20

// Links are where a row of a layout leads to. A column that holds several values, separated by commas, leads to a row each.
func (s *Set) Links(view kind.Name, row kind.Row) (out []LinkTo) {
	if s == nil || row.Bad() {
		return nil
	}
	p, d := s.find(view, row.ID())
	if p == nil {
		return nil
	}
	for _, l := range p.links {
		for _, id := range p.leadsTo(l, d, row) {
			if len(out) < maxLinks {
				out = append(out, LinkTo{l.Label, kind.Name(l.View), id})
			}
		}
	}
	return out
}

// Holder is the row of whoever holds a lock, where its layout says which it is.
func (s *Set) Holder(view kind.Name, row kind.Row) (LinkTo, bool) {
	if s == nil || row.Bad() {
		return LinkTo{}, false
	}
	p, d := s.find(view, row.ID())
	if p == nil {
		return LinkTo{}, false
	}
	for _, l := range p.links {
		if l.Label != HolderLabel {
			continue
		}
		if ids := p.leadsTo(l, d, row); len(ids) > 0 {
			return LinkTo{l.Label, kind.Name(l.View), ids[0]}, true
		}
	}
	return LinkTo{}, false
}

// LeadFrom tells whether rows of one view can lead to rows of another.
func (s *Set) LeadFrom(view, to kind.Name) bool {
	return s != nil && slices.ContainsFunc(s.plans, func(p *plan) bool {
		return p.View == string(view) && slices.ContainsFunc(p.links, func(l link) bool { return l.View == string(to) })
	})
}

// CanLead tells whether rows of one view can lead to a row of another.
func (s *Set) CanLead(view, to kind.Name, id string) bool {
	return s != nil && slices.ContainsFunc(s.plans, func(p *plan) bool {
		return p.View == string(view) && slices.ContainsFunc(p.links, func(l link) bool {
			return l.View == string(to) && strings.HasPrefix(id, l.row.prefix())
		})
	})
}

// leadsTo are the IDs that a link makes of a row.
func (p *plan) leadsTo(l link, d *draft, row kind.Row) (ids []string) {
	several, values := "", []string{""}
	for _, name := range l.row.parts() {
		if value := p.shown(name, d, row); several == "" && p.isColumn(name) && strings.Contains(value, ",") {
			several, values = name, strings.Split(value, ",")
		}
	}
	for _, one := range values {
		id, ok := l.row.fill(func(name string) (string, bool) {
			if name == several {
				return strings.TrimSpace(one), true
			}
			return p.shown(name, d, row), true
		})
		if ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (p *plan) isColumn(name string) bool {
	return slices.ContainsFunc(p.columns, func(c column) bool { return c.Name == name })
}

// shown is a part of a row's key, or what a column of it says; empty where that is nothing, or not known.
func (p *plan) shown(name string, d *draft, row kind.Row) string {
	at := slices.IndexFunc(p.columns, func(c column) bool { return c.Name == name && !c.hidden })
	if at < 0 {
		value, _ := p.lookup(d)(name)
		return value
	}
	switch v := p.columns[at].handle.Value(row).(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	}
	return ""
}
