package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"holdfast/core/files"
)

// readThemes reads the themes in a folder: one a file, named by it.
func (f *File) readThemes(ctx context.Context, folder string) error {
	found, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		err = dangling(folder)
	}
	if err != nil {
		return fmt.Errorf("themes: %w", err)
	}
	for _, entry := range found {
		path := filepath.Join(folder, entry.Name())
		if filepath.Ext(path) != ".toml" {
			continue
		}
		if err := f.readTheme(ctx, path); err != nil {
			return fmt.Errorf("theme %s: %w", path, err)
		}
	}
	return nil
}

func (f *File) readTheme(ctx context.Context, path string) error {
	text, err := files.Read(ctx, path, maxConfig)
	if err != nil {
		return err
	}
	colours := map[string]Colour{}
	all := []section{{entries: themeEntries()}}
	where, err := decode(text, &colours, all)
	for _, p := range where { // before what cannot be decoded for the same reason
		if p.table || len(p.path) > 1 {
			return &lineError{p.line, fmt.Errorf("a theme has no sections: %s", strings.Join(p.path, "."))}
		}
	}
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(filepath.Base(path), ".toml")
	if _, twice := f.Themes[name]; twice {
		return fmt.Errorf("%s also has a theme of this name", f.Path)
	}
	if err := checkName(section{name: "themes.NAME"}, name, place{path: []string{name}, table: true, line: 1}); err != nil {
		return err
	}
	for _, p := range where {
		_, _, e, err := find(all, p)
		if err != nil {
			return err
		}
		if err := e.kind.check(colours[p.name()]); err != nil {
			return p.wrong("%w", err)
		}
	}
	if f.Themes == nil {
		f.Themes = map[string]map[string]Colour{}
	}
	f.Themes[name] = colours
	return nil
}
