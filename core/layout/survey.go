package layout

import (
	"context"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Survey is what a bounded look at the keys of a server shows of layouts.
type Survey struct {
	Keys  int  // that were looked at
	Whole bool // these are all there are
	Found map[string]*Found
	Near  []string // keys that begin as those of a layout and are none of any, the first few
}

// Found is what a survey found of one layout.
type Found struct {
	Keys int
	IDs  []string // of rows and collections, the first few
}

const (
	surveyPages    = 100 // of SCAN, on all masters together
	surveyCount    = 1000
	surveyExamples = 20
)

// Survey walks through as much of the keyspace as it may, at most surveyPages pages, and asks besides for the keys that have
// a fixed name. trip is called before each page, such as to wait.
func (s *Set) Survey(ctx context.Context, c redis.UniversalClient, trip func()) (Survey, error) {
	out := Survey{Whole: true, Found: map[string]*Found{}}
	all := newSource(c, nil, s.plans)
	var fixed []string
	for _, p := range s.plans {
		out.Found[p.Name] = &Found{}
		for _, t := range p.keys {
			if len(t.parts()) == 0 {
				fixed = append(fixed, t.prefix())
			}
		}
	}
	seen := map[string]bool{}
	take := func(key string) {
		if seen[key] {
			return
		}
		seen[key] = true
		p, parts := all.planOf(key)
		if p == nil {
			if len(out.Near) < surveyExamples && s.begins(key) {
				out.Near = append(out.Near, key)
			}
			return
		}
		f := out.Found[p.Name]
		f.Keys++
		if id := p.identify(parts); len(f.IDs) < surveyExamples && !slices.Contains(f.IDs, id) {
			f.IDs = append(f.IDs, id)
		}
	}
	nodes, err := conn.Masters(ctx, c)
	if err != nil {
		return out, err
	}
	share := max(1, surveyPages/max(1, len(nodes)))
	for _, node := range nodes {
		walk := conn.NewWalk(node, "*", surveyCount)
		for n := 0; !walk.Done(); n++ {
			if n == share {
				out.Whole = false
				break
			}
			trip()
			page, err := walk.Next(ctx)
			if err != nil {
				return out, err
			}
			for _, key := range page {
				take(key)
			}
		}
	}
	out.Keys = len(seen)
	gone, err := conn.Gone(ctx, c, fixed)
	for _, key := range fixed {
		if err == nil && !gone[key] {
			take(key)
		}
	}
	return out, err
}

// begins tells whether a key begins as those of a layout do.
func (s *Set) begins(key string) bool {
	return slices.ContainsFunc(s.plans, func(p *plan) bool {
		return slices.ContainsFunc(p.keys, func(t *template) bool { return t.prefix() != "" && strings.HasPrefix(key, t.prefix()) })
	})
}

// Read reads rows of one layout by the IDs that a survey found.
func (s *Set) Read(ctx context.Context, c redis.UniversalClient, name string, ids []string) (rows []Read, err error) {
	for _, p := range s.plans {
		if p.Name != name {
			continue
		}
		packed, err := p.read(ctx, c, ids)
		for _, r := range packed {
			one := Read{ID: r.ID(), Problem: r.Problem()}
			for i := range p.columns {
				if col := &p.columns[i]; !col.hidden {
					one.Columns = append(one.Columns, Value{col.Name, col.handle.Value(r)})
				}
			}
			rows = append(rows, one)
		}
		return rows, err
	}
	return nil, nil
}

// Read is one row as a check of a layout shows it.
type Read struct {
	ID      string
	Problem error
	Columns []Value
}

// Value is a column of a row: see kind.Column.Value.
type Value struct {
	Name  string
	Value any
}
