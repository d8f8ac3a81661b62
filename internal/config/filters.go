package config

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/adrg/xdg"
	"github.com/pelletier/go-toml/v2"

	"holdfast/core/files"
	"holdfast/tui"
)

// Filters is the file that keeps the last filters of each view from one run to the next, newest first. They may name what
// is nobody else's business: only its owner reads it.
type Filters struct {
	Path string
	mu   sync.Mutex
}

// NewFilters is the file in the user's state folder.
func NewFilters() *Filters {
	return &Filters{Path: filepath.Join(xdg.StateHome, "holdfast", "filters.toml")}
}

// maxFilters is far above what the dashboard writes into it.
const maxFilters = 4 << 20

// Load reads the filters by view; none if there is no file yet.
func (f *Filters) Load() (map[string][]string, error) {
	info, err := os.Stat(f.Path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a file of filters", f.Path)
	}
	text, err := files.Read(context.Background(), f.Path, maxFilters)
	if err != nil {
		return nil, err
	}
	var all map[string][]string
	if err := toml.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, tomlError(err))
	}
	return all, nil
}

// Save puts the filters of a view before those that another dashboard kept meanwhile. The file is replaced as a whole; a
// broken one makes way, and a link stays one: what it leads to is replaced.
func (f *Filters) Save(view string, newest []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	all, _ := f.Load()
	if all == nil {
		all = map[string][]string{}
	}
	kept := slices.Clone(newest)
	for _, text := range all[view] {
		if !slices.Contains(kept, text) {
			kept = append(kept, text)
		}
	}
	all[view] = kept[:min(len(kept), tui.MaxFilters)]
	path, err := target(f.Path)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".filters.*.tmp") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // by then it has another name, or failed
	_, err = temp.WriteString(spelled(all))
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// bareKey is what TOML takes for a name without quotes.
var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// spelled is the file's text, with what a terminal acts on or hides as TOML's escapes: somebody will read it with cat.
func spelled(all map[string][]string) string {
	var b strings.Builder
	for _, view := range slices.Sorted(maps.Keys(all)) {
		filters := make([]string, len(all[view]))
		for i, text := range all[view] {
			filters[i] = files.ShowTOML(text)
		}
		if !bareKey.MatchString(view) {
			view = files.ShowTOML(view)
		}
		fmt.Fprintf(&b, "%s = [%s]\n", view, strings.Join(filters, ", "))
	}
	return b.String()
}

// target is where a name leads, through links, whether or not a file is there.
func target(path string) (string, error) {
	for range 40 { // as many as Linux follows
		to, err := os.Readlink(path)
		if err != nil {
			return path, nil
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return "", fmt.Errorf("%s: too many links", path)
}

// Wait waits for a save that runs, so that the end of the command cuts none short.
func (f *Filters) Wait() {
	f.mu.Lock()
	defer f.mu.Unlock()
}

// tomlError puts the place of the mistake into one line.
func tomlError(err error) error {
	if decode, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, column := decode.Position()
		return fmt.Errorf("line %d, column %d: %w", line, column, decode)
	}
	return err
}
