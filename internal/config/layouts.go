package config

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/core/files"
	"holdfast/core/layout"
	"holdfast/core/suggest"
	"holdfast/views"
)

// Layouts are key templates by the names of layouts. None: the layout is off.
type Layouts map[string][]string

func keyTemplates() valueKind {
	k := valueKind{name: "a list of key templates", expected: `a list of key templates, such as ["mutex:{name}"]; an empty one turns the layout off`}
	k.check = func(value any) error {
		for _, text := range value.([]string) {
			if err := layout.CheckKey(text); err != nil {
				return fmt.Errorf("%q: %w", text, err)
			}
		}
		return nil
	}
	return k
}

// readLayouts reads the layout files in a folder. One that cannot be read declares nothing, and the rest works without it.
func (f *File) readLayouts(ctx context.Context, folder string) error {
	found, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		err = dangling(folder)
	}
	if err != nil {
		return fmt.Errorf("layouts: %w", err)
	}
	for _, entry := range found {
		path := filepath.Join(folder, entry.Name())
		if filepath.Ext(path) != ".toml" {
			continue
		}
		specs, err := ReadLayouts(ctx, path)
		if err != nil {
			f.LayoutErrors = append(f.LayoutErrors, err)
		}
		f.LayoutFiles = append(f.LayoutFiles, specs...)
	}
	return nil
}

// ReadLayouts reads one layout file.
func ReadLayouts(ctx context.Context, path string) ([]layout.Spec, error) {
	text, err := files.Read(ctx, path, maxConfig)
	if err != nil {
		return nil, fmt.Errorf("layouts: %w", err)
	}
	return layout.Parse(path, text)
}

// LayoutsOf are the layouts to use on a connection; on none, with an empty name: the user's own, then the presets.
func (f *File) LayoutsOf(connection string) []layout.Spec {
	set := maps.Clone(f.Layouts)
	if one := f.Connections[connection]; one != nil && len(one.Layouts) > 0 {
		if set == nil {
			set = Layouts{}
		}
		maps.Copy(set, one.Layouts)
	}
	var out []layout.Spec
	for _, spec := range slices.Concat(f.LayoutFiles, layout.Presets()) {
		keys, has := set[spec.Name]
		if has && len(keys) == 0 {
			continue
		}
		if has {
			spec.Keys = keys
		}
		out = append(out, spec)
	}
	return out
}

// Suggest gives layouts the keys that the file says nothing of.
func (f *File) Suggest(keys Layouts) {
	all := maps.Clone(keys)
	maps.Copy(all, f.Layouts)
	f.Layouts = all
}

// checkLayouts looks for layouts that are named and are not there.
func (f *File) checkLayouts() error {
	var known []string
	for _, spec := range slices.Concat(f.LayoutFiles, layout.Presets()) {
		known = append(known, spec.Name)
	}
	for _, p := range f.places {
		if n := len(p.path); p.table || n < 2 || p.path[n-2] != "layouts" || slices.Contains(known, p.name()) {
			continue
		}
		if len(f.LayoutErrors) > 0 { // it may be in a file that cannot be read
			continue
		}
		return p.wrong("unknown layout: one of %s%s", strings.Join(known, ", "), suggest.DidYouMean(p.name(), known))
	}
	return nil
}

// ownView is a view that a layout declares for itself.
type ownView struct {
	name   string
	titles []string // of its columns
}

func (f *File) ownViews() (own []ownView) {
	stand := views.All().Names()
	for _, spec := range slices.Concat(f.LayoutFiles, layout.Presets()) {
		if slices.Contains(stand, spec.View) || spec.View == "" {
			continue
		}
		v := ownView{name: spec.View}
		for _, c := range spec.Columns {
			if !strings.HasPrefix(c.Name, "_") {
				v.titles = append(v.titles, views.OwnTitle(c.Name))
			}
		}
		own = append(own, v)
	}
	return own
}

// ViewNames are the views that there may be on a connection, with those that its layouts add; of no connection, with an
// empty name.
func (f *File) ViewNames(connection string) []string {
	names := views.All().Names()
	for _, spec := range f.LayoutsOf(connection) {
		if spec.View != "" && len(spec.Keys) > 0 && !slices.Contains(names, spec.View) {
			names = append(names, spec.View)
		}
	}
	return names
}
