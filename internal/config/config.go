// Package config reads the configuration file, the themes beside it and the file of filters. What may stand in them are
// the types in this package; docs/config.md is made from these. It knows nothing of flags but their names.
package config

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/core/suggest"
	"holdfast/keymap"
	"holdfast/themes"
)

// File is the configuration file and the themes beside it. An entry with the name of a flag sets that, unless something
// that wins has done so.
type File struct {
	Connection string `toml:"connection" kind:"text" example:"prod" help:"default connection, if none is named and no --url is given"`
	View       string `toml:"view" kind:"view" example:"overview" help:"the view to start with"`
	Theme      string `toml:"theme" kind:"text" example:"high-contrast" help:"a built-in theme, or one of your own"`
	Mouse      bool   `toml:"mouse" kind:"bool" example:"true" help:"whether the dashboard takes clicks and the wheel; false leaves them to the terminal"`
	FlushDir   string `toml:"flush-dir" kind:"path" example:"~/flushed" help:"directory for flushed buffers"`
	AuditFile  string `toml:"audit-file" kind:"path" example:"~/holdfast-audit.jsonl" help:"file that records every action"`
	LogFile    string `toml:"log-file" kind:"path" example:"~/holdfast.log" help:"log file of the connection library"`
	Reading

	Connections map[string]*Connection       `toml:"connections"`
	Prefixes    kind.Prefixes                `toml:"prefixes"`
	Keys        map[keymap.Action][]string   `toml:"keys"`
	Columns     map[string][]string          `toml:"columns"` // titles by view
	Themes      map[string]map[string]Colour `toml:"themes"`
	Layouts     Layouts                      `toml:"layouts"`

	Path         string        `toml:"-"` // where it was read from
	LayoutFiles  []layout.Spec `toml:"-"` // what the files beside it declare
	LayoutErrors []error       `toml:"-"` // why some of those files declare nothing
	places       places
}

// Connection is a server that has a name.
type Connection struct {
	URL            URLs   `toml:"url" kind:"urls" example:"rediss://10.0.0.5:6379/0" help:"the server, or a list of the seeds of a cluster or of sentinels"`
	Cluster        bool   `toml:"cluster" kind:"bool" example:"false" help:"the server is a Redis Cluster"`
	SentinelMaster string `toml:"sentinel-master" kind:"text" example:"main" help:"name of the master, if the servers are sentinels"`
	Username       string `toml:"username" kind:"text" example:"ops" help:"user to log in as"`
	PasswordFile   string `toml:"password-file" kind:"path" example:"~/.prod-pass" help:"file with the password"`
	TLSCA          string `toml:"tls-ca" kind:"path" example:"prod-ca.pem" help:"PEM file with the certificates to trust; any tls entry turns TLS on"`
	TLSCert        string `toml:"tls-cert" kind:"path" example:"me.pem" help:"PEM file with the client certificate"`
	TLSKey         string `toml:"tls-key" kind:"path" example:"me.key" help:"PEM file with the client key"`
	TLSServerName  string `toml:"tls-server-name" kind:"text" example:"redis.prod.example" help:"name expected in the server's certificate, if it differs from the URL's"`
	Colour         string `toml:"colour" kind:"connection colour" example:"bad" help:"background of the name in the header"`
	Reading

	Prefixes kind.Prefixes `toml:"prefixes"`
	Layouts  Layouts       `toml:"layouts"`
}

// Reading is how a server is read, and whether it is changed.
type Reading struct {
	ReadOnly   bool   `toml:"read-only" kind:"bool" example:"true" help:"refuse every action"`
	Refresh    string `toml:"refresh" kind:"duration" example:"1s" help:"time between readings, if the server does not push"`
	ScanBudget int64  `toml:"scan-budget" kind:"number" example:"20" help:"maximum round trips per second while the keyspace is read; 0: no limit"`
}

// URLs is one URL or a list of them.
type URLs []string

// UnmarshalText takes the one; the list needs no help.
func (u *URLs) UnmarshalText(text []byte) error {
	*u = URLs{string(text)}
	return nil
}

// Colour is a string or a number, and in a theme also the name of another theme.
type Colour string

// UnmarshalText takes the number; a string needs no help.
func (c *Colour) UnmarshalText(text []byte) error {
	*c = Colour(text)
	return nil
}

// Names are those of the connections.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.Connections)) }

// Unknown says that there is no connection of a name, and which there are.
func (f *File) Unknown(name string) error {
	if len(f.Connections) == 0 {
		return fmt.Errorf("unknown connection %q: %s has none", name, f.Path)
	}
	return fmt.Errorf("unknown connection %q: one of %s%s", name, strings.Join(f.Names(), ", "), suggest.DidYouMean(name, f.Names()))
}

// Settings are the values of flags by their names: those of a connection, which may be empty, then those of the top. The
// first of a name counts.
func (f *File) Settings(connection string) iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		for _, table := range [][]string{{"connections", connection}, {}} {
			for _, p := range f.places {
				if p.table || p.name() == "connection" || !slices.Equal(p.path[:len(p.path)-1], table) {
					continue
				}
				if !yield(p.name(), textsOf(valueAt(f, p.path))) {
					return
				}
			}
		}
	}
}

// PrefixesOf are those of a connection; of none, with an empty name.
func (f *File) PrefixesOf(connection string) kind.Prefixes {
	p := maps.Clone(f.Prefixes)
	if one := f.Connections[connection]; one != nil && len(one.Prefixes) > 0 {
		if p == nil {
			p = kind.Prefixes{}
		}
		maps.Copy(p, one.Prefixes)
	}
	return p
}

// ColourOf is the background that the name of a connection has in the header; empty: the usual one.
func (f *File) ColourOf(connection string) string {
	if one := f.Connections[connection]; one != nil {
		return one.Colour
	}
	return ""
}

// Themed finds a theme by its name: one that is built in, or one of the user's own.
func (f *File) Themed(name string, isDark bool) (themes.Theme, error) {
	if own, ok := f.Themes[name]; ok {
		u := themes.User{Name: name, Colours: map[string]string{}}
		for token, colour := range own {
			u.Colours[token] = string(colour)
		}
		u.BasedOn = u.Colours[basedOn]
		return u.Theme(isDark), nil
	}
	t, err := themes.Named(name, isDark)
	if err != nil {
		err = fmt.Errorf("unknown theme %q: one of %s%s", name, strings.Join(f.ThemeNames(), ", "), suggest.DidYouMean(name, f.ThemeNames()))
	}
	return t, err
}

// ThemeNames are the themes that Themed finds.
func (f *File) ThemeNames() []string {
	return slices.Concat(themes.Names(), slices.Sorted(maps.Keys(f.Themes)))
}
