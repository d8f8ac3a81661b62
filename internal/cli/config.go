package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast/core/conn"
	"holdfast/keymap"
	"holdfast/themes"
)

// config is the configuration file and the themes beside it.
type config struct {
	path        string
	top         settings
	connections map[string]*connection
	prefixes    conn.Prefixes
	keys        map[keymap.Action][]string
	columns     map[string][]string // titles by view
	themes      map[string]themes.User
	items       []item // as they stand in the file
}

// settings are values of flags by their names.
type settings map[string][]string

// one is a setting that holds one value; empty: it is not set.
func (s settings) one(name string) string { return strings.Join(s[name], " ") }

// connection is a server that has a name.
type connection struct {
	settings
	prefixes conn.Prefixes
}

func (c *config) connection(name string) *connection {
	if c.connections[name] == nil {
		c.connections[name] = &connection{settings: settings{}}
	}
	return c.connections[name]
}

func (c *config) theme(name string) themes.User {
	u, ok := c.themes[name]
	if !ok {
		u = themes.User{Name: name, Colours: map[string]string{}}
		c.themes[name] = u
	}
	return u
}

// at is the entry, or table, of a path.
func (c *config) at(path ...string) item {
	i := slices.IndexFunc(c.items, func(it item) bool { return slices.Equal(it.path, path) })
	if i < 0 {
		return item{path: path, line: 1}
	}
	return c.items[i]
}

// unknown says that there is no connection of a name, and which there are.
func (c *config) unknown(name string) error {
	if len(c.connections) == 0 {
		return fmt.Errorf("unknown connection %q: %s has none", name, c.path)
	}
	return fmt.Errorf("unknown connection %q: one of %s", name, strings.Join(c.names(), ", "))
}

// names are those of the connections.
func (c *config) names() []string { return slices.Sorted(maps.Keys(c.connections)) }

// prefixesOf are those of a connection; of none, with an empty name.
func (c *config) prefixesOf(name string) conn.Prefixes {
	p := c.prefixes
	if one := c.connections[name]; one != nil {
		own := one.prefixes
		for _, f := range prefixFields(&own) {
			if *f.at != "" {
				setPrefix(&p, f.name, *f.at)
			}
		}
	}
	return p
}

// themed finds a theme by its name: one that is built in, or one of the user's own.
func (c *config) themed(name string, isDark bool) (themes.Theme, error) {
	if u, ok := c.themes[name]; ok {
		return u.Theme(isDark), nil
	}
	t, err := themes.Named(name, isDark)
	if own := slices.Sorted(maps.Keys(c.themes)); err != nil && len(own) > 0 {
		err = fmt.Errorf("%w, %s", err, strings.Join(own, ", "))
	}
	return t, err
}
