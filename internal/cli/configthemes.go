package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/core/files"
)

// readThemes reads the themes in a folder: one a file, named by it.
func (c *config) readThemes(ctx context.Context, folder string) error {
	found, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		err = dangling(folder)
	}
	if err != nil {
		return fmt.Errorf("themes: %w", err)
	}
	for _, f := range found {
		path := filepath.Join(folder, f.Name())
		if filepath.Ext(path) != ".toml" {
			continue
		}
		if err := c.readTheme(ctx, path); err != nil {
			return fmt.Errorf("theme %s: %w", path, err)
		}
	}
	return nil
}

func (c *config) readTheme(ctx context.Context, path string) error {
	text, err := files.Read(ctx, path, maxConfig)
	if err != nil {
		return err
	}
	items, err := readItems(text)
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(filepath.Base(path), ".toml")
	if _, twice := c.themes[name]; twice {
		return fmt.Errorf("%s also has a theme of this name", c.path)
	}
	all := schema()
	theme := all[slices.IndexFunc(all, func(s section) bool { return s.name == "themes.NAME" })]
	if err := c.open(item{path: []string{name}, line: 1}, theme, name); err != nil {
		return err
	}
	for _, it := range items {
		if it.table || len(it.path) > 1 {
			return &lineError{it.line, fmt.Errorf("a theme has no sections: %s", strings.Join(it.path, "."))}
		}
		texts, err := theme.check(it)
		if err != nil {
			return err
		}
		c.themes[name] = paint(c.theme(name), it.name(), texts[0])
	}
	return nil
}
