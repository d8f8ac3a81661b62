package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/adrg/xdg"

	"holdfast/core/conn"
	"holdfast/core/files"
	"holdfast/keymap"
	"holdfast/themes"
	"holdfast/tui"
)

// loadConfig reads the file that was asked for, or the usual one if it exists. It is all read and checked, or an error.
func loadConfig(ctx context.Context, path string) (config, error) {
	c := config{
		path: path, top: settings{}, connections: map[string]*connection{}, keys: map[keymap.Action][]string{},
		columns: map[string][]string{}, themes: map[string]themes.User{},
	}
	if path == "" {
		c.path = filepath.Join(xdg.ConfigHome, "holdfast", "config.toml")
	}
	text, err := files.Read(ctx, c.path, maxConfig)
	if path == "" && errors.Is(err, fs.ErrNotExist) {
		err = dangling(c.path)
	}
	if err != nil {
		return c, fmt.Errorf("configuration: %w", err)
	}
	if err := c.read(text); err != nil {
		return c, fmt.Errorf("configuration %s: %w", c.path, err)
	}
	if err := c.readThemes(ctx, filepath.Join(filepath.Dir(c.path), "themes")); err != nil {
		return c, err
	}
	if err := c.checkNames(); err != nil {
		return c, fmt.Errorf("configuration %s: %w", c.path, err)
	}
	return c, nil
}

// maxConfig is far above what a configuration file or a theme holds.
const maxConfig = 1 << 20

// dangling says which link on the way to a missing file leads nowhere; nil if nobody has put anything there.
func dangling(path string) error {
	for ; ; path = filepath.Dir(path) {
		if _, err := os.Lstat(path); err == nil {
			_, err = os.Stat(path)
			return err
		}
		if path == filepath.Dir(path) {
			return nil
		}
	}
}

func (c *config) read(text []byte) (err error) {
	if c.items, err = readItems(text); err != nil {
		return err
	}
	all := schema()
	for _, it := range c.items {
		s, name, err := place(all, it)
		if err == nil && it.table {
			err = c.open(it, s, name)
		} else if err == nil {
			err = c.set(it, s, name)
		}
		if err != nil {
			return err
		}
	}
	return c.check()
}

// place finds the section that an entry belongs to, or that a table is, and what stands for NAME in it.
func place(all []section, it item) (s section, name string, err error) {
	table := it.path
	if !it.table {
		table = it.path[:len(it.path)-1]
	}
	var names []string
	for _, s := range all {
		if name, ok := s.is(table); ok {
			return s, name, nil
		}
		if s.name != "" {
			names = append(names, "["+s.name+"]")
		}
	}
	if it.table && len(table) == 1 && slices.ContainsFunc(all, func(s section) bool { return strings.HasPrefix(s.name, table[0]+".") }) {
		return section{}, "", nil // such as an empty [connections]
	}
	return s, "", &lineError{it.line, fmt.Errorf("unknown section [%s]: one of %s", strings.Join(table, "."), strings.Join(names, ", "))}
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

// open notes that there is something of a name, also if nothing is said of it.
func (c *config) open(it item, s section, name string) error {
	switch {
	case name == "":
	case name != tui.Clean(name) || strings.ContainsAny(name, " '\"\\$`"):
		return it.wrong("expected a name without spaces and quotes")
	case s.name == "themes.NAME":
		if slices.Contains(themes.Names(), name) {
			return it.wrong("a theme of this name is built in; based-on can name it")
		}
		c.theme(name)
	default:
		c.connection(name)
	}
	return nil
}

// set takes in one entry.
func (c *config) set(it item, s section, name string) error {
	texts, err := s.check(it)
	if err == nil {
		err = c.open(item{path: it.path[:len(it.path)-1], line: it.line}, s, name)
	}
	if err != nil {
		return err
	}
	if s.kindOf(it.name()).isPath() {
		path, err := absolute(filepath.Dir(c.path), texts[0])
		if err != nil {
			return it.wrong("%w", err)
		}
		texts = []string{path}
	}
	switch s.name {
	case "":
		c.top[it.name()] = texts
	case "connections.NAME":
		c.connection(name).settings[it.name()] = texts
	case "connections.NAME.prefixes":
		setPrefix(&c.connection(name).prefixes, it.name(), texts[0])
	case "prefixes":
		setPrefix(&c.prefixes, it.name(), texts[0])
	case "keys":
		c.keys[keymap.Action(it.name())] = texts
	case "columns":
		c.columns[it.name()] = texts
	case "themes.NAME":
		c.themes[name] = paint(c.theme(name), it.name(), texts[0])
	}
	return nil
}

func paint(u themes.User, name, value string) themes.User {
	if name == "based-on" {
		u.BasedOn = value
	} else {
		u.Colours[name] = value
	}
	return u
}

func setPrefix(p *conn.Prefixes, name, value string) {
	for _, f := range prefixFields(p) {
		if f.name == name {
			*f.at = value
		}
	}
}

func (s section) kindOf(name string) kind {
	for _, e := range s.entries {
		if e.name == name {
			return e.kind
		}
	}
	return s.any
}

// check says what is wrong with an entry by itself.
func (s section) check(it item) ([]string, error) {
	k := s.kindOf(it.name())
	if k.read == nil {
		var names []string
		for _, e := range s.entries {
			names = append(names, e.name)
		}
		return nil, &lineError{it.line, fmt.Errorf("unknown entry %s: one of %s", strings.Join(it.path, "."), strings.Join(names, ", "))}
	}
	texts, err := k.read(it.value)
	if err != nil {
		return nil, it.wrong("%w", err)
	}
	return texts, nil
}

// check says what is wrong with entries together.
func (c *config) check() error {
	if err := checkKeys(c.items, c.keys); err != nil {
		return err
	}
	if err := checkPrefixes(c.prefixes); err != nil {
		return c.at("prefixes").wrong("%w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(c.connections)) {
		one := c.connections[name]
		here := c.first("connections", name)
		switch {
		case one.one("cluster") == "true" && one.one("sentinel-master") != "":
			return here.wrong("cluster or sentinel-master, not both")
		case (one.one("tls-cert") == "") != (one.one("tls-key") == ""):
			return here.wrong("tls-cert and tls-key go together")
		case one.one("url") == "":
			return here.wrong("url is missing")
		}
		if err := checkPrefixes(c.prefixesOf(name)); err != nil {
			return c.first("connections", name, "prefixes").wrong("%w", err)
		}
	}
	return nil
}

// first is the first item of a table.
func (c *config) first(table ...string) item {
	for _, it := range c.items {
		if len(it.path) >= len(table) && slices.Equal(it.path[:len(table)], table) {
			return item{path: table, line: it.line}
		}
	}
	return item{path: table, line: 1}
}

// checkNames looks for what is named and is not there.
func (c *config) checkNames() error {
	if name := c.top.one("connection"); name != "" && c.connections[name] == nil {
		return c.at("connection").wrong("%w", c.unknown(name))
	}
	if name := c.top.one("theme"); name != "" {
		if _, err := c.themed(name, true); err != nil {
			return c.at("theme").wrong("%w", err)
		}
	}
	return nil
}
