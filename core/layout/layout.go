package layout

import (
	"embed"
	"fmt"
	"path"
	"slices"

	"github.com/redis/go-redis/v9"

	"holdfast/core/kind"
)

//go:embed presets/*.toml
var presets embed.FS

// Spec is one layout as a file declares it, not yet checked against the kinds that there are.
type Spec struct {
	Layout
	File   string // its name
	Preset bool   // embedded in holdfast
	lines  lines
	at     int
}

// Parse reads a layout file. A file that is no TOML, or has an entry that is unknown, is one error of type *Error.
func Parse(name string, text []byte) ([]Spec, error) {
	f, lines, err := decode(name, text)
	if err != nil {
		return nil, err
	}
	var out []Spec
	for i, l := range f.Layouts {
		out = append(out, Spec{Layout: l, File: name, lines: lines, at: i})
	}
	if len(out) == 0 {
		return nil, &Error{File: name, Line: 1, Err: fmt.Errorf("no layout: each begins with [[layout]]")}
	}
	return out, nil
}

// Presets are the embedded layouts, sorted by file and place.
func Presets() []Spec {
	files, err := presets.ReadDir("presets")
	if err != nil {
		panic(err)
	}
	var out []Spec
	for _, f := range files {
		text, err := presets.ReadFile(path.Join("presets", f.Name()))
		if err != nil {
			panic(err)
		}
		specs, err := Parse(f.Name(), text)
		if err != nil {
			panic(err) // a test parses all
		}
		for i := range specs {
			specs[i].Preset = true
		}
		out = append(out, specs...)
	}
	return out
}

// Set is layouts that are in use.
type Set struct {
	c     redis.UniversalClient
	plans []*plan
	views map[kind.Name]*source // of the views that they fill
}

// Compile checks layouts against the kinds of the primitives and joins them: those that fill the view of a kind become
// part of it, others are kinds of their own behind them. Each layout that cannot be used is an error of type *Error, and the
// others are used: of two that claim one key, the first. A preset without keys waits for those of the configuration.
func Compile(c redis.UniversalClient, base []kind.Kind, specs []Spec) (kinds []kind.Kind, set *Set, errs []error) {
	views := map[string]*kind.Schema{string(QueuesName): queueSchema}
	for _, k := range base {
		if _, takes := k.Schema.Column("layout"); takes {
			views[string(k.Name)] = k.Schema
		}
	}
	plain := map[string]bool{}
	for _, k := range base {
		plain[string(k.Name)] = len(k.Source.Keys("x")) > 0 && k.Source.Keys("x")[0] == "x"
	}
	set = &Set{c: c, views: map[kind.Name]*source{}}
	own := map[string]*plan{}
	for _, spec := range specs {
		if spec.Preset && len(spec.Keys) == 0 {
			continue
		}
		p := &plan{Layout: spec.Layout, file: spec.File, preset: spec.Preset}
		comp := compiler{plan: p, lines: spec.lines, at: spec.at, views: views}
		err := comp.compile()
		if err == nil {
			err = distinct(p, set.plans, base, own, views)
		}
		if err != nil {
			errs = append(errs, spec.failure(err))
			continue
		}
		if _, shared := views[p.View]; !shared {
			own[p.View] = p
		} else if isPlain, ofBase := plain[p.View]; ofBase && !isPlain {
			p.behind = p.Name + "/"
		}
		set.plans = append(set.plans, p)
	}
	return set.join(base), set, errs
}

// failure says where in the file something is wrong.
func (s Spec) failure(err error) error {
	line := s.lines.of("layout", s.at)
	if f, is := err.(*fault); is {
		line = s.lines.of(append([]any{"layout", s.at}, f.path...)...)
		err = f.err
	}
	name := s.Name
	if name == "" {
		name = fmt.Sprintf("number %d", s.at+1)
	}
	return &Error{File: s.File, Line: line, Err: fmt.Errorf("layout %s: %w", name, err)}
}

// distinct refuses what another layout or a kind of ours has already.
func distinct(p *plan, others []*plan, base []kind.Kind, own map[string]*plan, views map[string]*kind.Schema) error {
	for _, k := range base {
		for _, glob := range k.Source.Patterns() {
			for i, t := range p.keys {
				if overlap(t.symbols(), globSymbols(glob)) {
					return wrongf([]any{"keys", i}, "%q could match keys of %s (%s): change the template, or the prefix of %s in the configuration", t.text, k.Name, glob, k.Name)
				}
			}
		}
		if _, shared := views[p.View]; !shared && string(k.Name) == p.View {
			return wrongf([]any{"view"}, "the view %s takes no layouts", p.View)
		}
	}
	for _, o := range others {
		if o.Name == p.Name {
			return wrongf([]any{"name"}, "%s has a layout of this name, too", o.file)
		}
		for i, t := range p.keys {
			for _, u := range o.keys {
				if collide(t, u) {
					return wrongf([]any{"keys", i}, "%q and %q of layout %s (%s) could both match one key: turn one of them off, or change the template", t.text, u.text, o.Name, o.file)
				}
			}
		}
	}
	if o := own[p.View]; o != nil {
		return wrongf([]any{"view"}, "the view %s belongs to layout %s (%s)", p.View, o.Name, o.file)
	}
	return nil
}

// join makes the kinds.
func (set *Set) join(base []kind.Kind) []kind.Kind {
	out := slices.Clone(base)
	of := map[string][]*plan{}
	var order []string
	for _, p := range set.plans {
		if of[p.View] == nil {
			order = append(order, p.View)
		}
		of[p.View] = append(of[p.View], p)
	}
	for i, k := range out {
		if list := of[string(k.Name)]; list != nil {
			s := newSource(set.c, k.Source, list)
			set.views[k.Name] = s
			k.Source = s
			k.Documents = documents(s, k.Documents, list)
			out[i] = k
		}
	}
	for _, view := range order {
		if slices.ContainsFunc(base, func(k kind.Kind) bool { return string(k.Name) == view }) {
			continue
		}
		s := newSource(set.c, nil, of[view])
		set.views[kind.Name(view)] = s
		k := kind.Kind{Name: kind.Name(view), Schema: of[view][0].schema, Source: s, Documents: documents(s, nil, of[view])}
		if k.Name == QueuesName {
			k.Follow = followQueue
		}
		out = append(out, k)
	}
	return out
}
