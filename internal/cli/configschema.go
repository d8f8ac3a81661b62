package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"holdfast/core/conn"
	"holdfast/keymap"
	"holdfast/themes"
	"holdfast/tui"
	"holdfast/views"
)

// section is a table of the configuration file. What may stand there, how it is checked and docs/config.md all come from
// these rows.
type section struct {
	name    string // as in the file; NAME or VIEW in it stands for any
	about   string
	entries []entry
	any     kind // of entries whose names are not listed here; no kind: there are none
}

// entry is one setting of a section. One that has the name of a flag sets that, unless something that wins has done so.
type entry struct {
	name    string
	kind    kind
	example string // as TOML
	help    string
}

// kind is what a value may be.
type kind struct {
	name string // in the documentation and in errors: "is not NAME"
	read func(value any) (texts []string, err error)
}

func schema() []section {
	reading := []entry{
		{"read-only", truth(), "true", "refuse every action"},
		{"refresh", interval(), `"1s"`, "time between readings, if the server does not push"},
		{"scan-budget", amount(), "20", "maximum round trips per second while the keyspace is read; 0: no limit"},
	}
	tokens := []entry{{"based-on", oneOf(themes.Names()), `"dark"`, "theme of the colours not set here; by default dark or light, as the terminal's background"}}
	for _, t := range themes.Tokens() {
		tokens = append(tokens, entry{t.Name, colour(), `"#7cc4ff"`, t.Help})
	}
	var columns []entry
	for _, v := range views.All() {
		columns = append(columns, entry{v.Name, titles(v), fmt.Sprintf("[%q]", v.Columns[1].Title), "what " + v.Title + " shows"})
	}
	var prefixes []entry
	usual := conn.DefaultPrefixes()
	for _, p := range prefixFields(&usual) {
		prefixes = append(prefixes, entry{p.name, keyPrefix(), fmt.Sprintf("%q", *p.at), p.help})
	}
	return []section{
		{name: "", about: "At the top of the file, before the first `[`.", entries: append([]entry{
			{"connection", text(), `"prod"`, "default connection, if none is named and no --url is given"},
			{"view", oneOf(strings.Fields(views.Names())), `"overview"`, "the view to start with"},
			{"theme", text(), `"high-contrast"`, "a built-in theme, or one of your own"},
			{"mouse", truth(), "true", "whether the dashboard takes clicks and the wheel; false leaves them to the terminal"},
			{"flush-dir", path(), `"~/flushed"`, "directory for flushed buffers"},
			{"audit-file", path(), `"~/holdfast-audit.jsonl"`, "file that records every action"},
			{"log-file", path(), `"~/holdfast.log"`, "log file of the connection library"},
		}, reading...)},
		{name: "connections.NAME", about: "A server by name: `holdfast --connection NAME`, or \"connect to NAME\" in the palette.", entries: append([]entry{
			{"url", urls(), `"rediss://10.0.0.5:6379/0"`, "the server, or a list of the seeds of a cluster or of sentinels"},
			{"cluster", truth(), "false", "the server is a Redis Cluster"},
			{"sentinel-master", text(), `"main"`, "name of the master, if the servers are sentinels"},
			{"username", text(), `"ops"`, "user to log in as"},
			{"password-file", path(), `"~/.prod-pass"`, "file with the password"},
			{"tls-ca", path(), `"prod-ca.pem"`, "PEM file with the certificates to trust; any tls entry turns TLS on"},
			{"tls-cert", path(), `"me.pem"`, "PEM file with the client certificate"},
			{"tls-key", path(), `"me.key"`, "PEM file with the client key"},
			{"tls-server-name", text(), `"redis.prod.example"`, "name expected in the server's certificate, if it differs from the URL's"},
			{"colour", oneOf(tui.Colours()), `"bad"`, "background of the name in the header"},
		}, reading...)},
		{name: "prefixes", about: "Key prefixes of the kinds of state, if not the defaults. They apply to all connections.", entries: prefixes},
		{name: "connections.NAME.prefixes", about: "The same for one connection; prefixes not set here are as in `[prefixes]`.", entries: prefixes},
		{name: "keys", about: "Keys by action; an empty list unbinds it. The actions and their default keys are in [keys.md](keys.md).",
			any: keyList()},
		{name: "columns", about: "The columns of a view in the order to show them; the others are hidden. The first column of a view always stays first.",
			entries: columns},
		{name: "themes.NAME", about: "A theme of your own. It can also be a file `themes/NAME.toml` beside the configuration file, with the same entries\nat its top.", entries: tokens},
	}
}

// kinds of values.

func text() kind { return kind{"a string", textOf} }

func textOf(v any) ([]string, error) {
	s, ok := v.(string)
	if !ok || s == "" {
		return nil, errors.New(`expected a string`)
	}
	return []string{s}, nil
}

// path is the kind of a path; readConfig leads it on from the folder of the file.
func path() kind { return kind{"a path", textOf} }

func (k kind) isPath() bool { return k.name == path().name }

func truth() kind {
	return kind{"true or false", func(v any) ([]string, error) {
		b, ok := v.(bool)
		if !ok {
			return nil, errors.New("expected true or false")
		}
		return []string{fmt.Sprint(b)}, nil
	}}
}

func amount() kind {
	return kind{"a number", func(v any) ([]string, error) {
		n, ok := v.(int64)
		if !ok || n < 0 || n > 1_000_000 {
			return nil, errors.New("expected a number from 0 to 1000000")
		}
		return []string{fmt.Sprint(n)}, nil
	}}
}

// minRefresh spares the server.
const minRefresh = 100 * time.Millisecond

func interval() kind {
	return kind{"a duration", func(v any) ([]string, error) {
		s, _ := v.(string)
		if d, err := time.ParseDuration(s); err != nil || d < minRefresh {
			return nil, fmt.Errorf(`expected a duration such as "1s", at least %v`, minRefresh)
		}
		return []string{s}, nil
	}}
}

func oneOf(words []string) kind {
	return kind{"one of `" + strings.Join(words, "`, `") + "`", func(v any) ([]string, error) {
		s, _ := v.(string)
		if !slices.Contains(words, s) {
			return nil, fmt.Errorf("expected one of %s", strings.Join(words, ", "))
		}
		return []string{s}, nil
	}}
}

func keyList() kind {
	return kind{"a list of keys", func(v any) ([]string, error) {
		l, ok := v.([]string)
		if !ok {
			return nil, errors.New(`expected a list of keys, such as ["F", "ctrl+f"]; an empty one for none`)
		}
		return l, nil
	}}
}

func titles(v views.View) kind {
	var known []string
	for _, c := range v.Columns {
		known = append(known, c.Title)
	}
	return kind{"a list of `" + strings.Join(known, "`, `") + "`", func(value any) ([]string, error) {
		l, ok := value.([]string)
		if !ok || len(l) == 0 {
			return nil, fmt.Errorf("expected a list of %s", strings.Join(known, ", "))
		}
		for i, title := range l {
			if !slices.Contains(known, title) {
				return nil, fmt.Errorf("no column %q: expected a list of %s", title, strings.Join(known, ", "))
			}
			if slices.Contains(l[:i], title) {
				return nil, fmt.Errorf("%s is listed twice", title)
			}
		}
		return l, nil
	}}
}

// urls says nothing of what stands there: it may hold a password.
func urls() kind {
	return kind{"a URL or a list of them", func(v any) ([]string, error) {
		l, ok := v.([]string)
		if s, one := v.(string); one {
			l, ok = []string{s}, true
		}
		known := func(u string) bool {
			return strings.HasPrefix(u, "redis://") || strings.HasPrefix(u, "rediss://") || strings.HasPrefix(u, "unix://")
		}
		if !ok || len(l) == 0 || slices.ContainsFunc(l, func(u string) bool { return !known(u) }) {
			return nil, errors.New("expected redis://, rediss:// or unix://, or a list of such URLs")
		}
		return l, nil
	}}
}

func colour() kind {
	return kind{"a colour: `#rgb`, `#rrggbb`, `0` to `255`, or `default` for the terminal's own", func(v any) ([]string, error) {
		s, ok := v.(string)
		if n, number := v.(int64); number {
			s, ok = fmt.Sprint(n), true
		}
		if _, err := themes.Colour(s); !ok || err != nil {
			return nil, themes.ErrColour
		}
		return []string{s}, nil
	}}
}

func keyPrefix() kind {
	return kind{"a prefix that ends in a colon", func(v any) ([]string, error) {
		s, _ := v.(string)
		body, ends := strings.CutSuffix(s, ":")
		for part := range strings.SplitSeq(body, ":") {
			if part == "" || conn.Escape(part) != part {
				ends = false
			}
		}
		if !ends {
			return nil, errors.New(`expected a string that ends in a colon, such as "shop:buf:", without % { } * ? [ ] \`)
		}
		return []string{s}, nil
	}}
}

// prefixField is one of the prefixes by its name in the file.
type prefixField struct {
	name, help string
	at         *string
}

func prefixFields(p *conn.Prefixes) []prefixField {
	return []prefixField{
		{"buffer", "write buffers", &p.Buffer}, {"generation", "generation counters", &p.Generation}, {"actor", "actors", &p.Actor},
		{"worker", "workers", &p.Worker}, {"lock", "locks", &p.Lock}, {"record", "records and leases", &p.Record}, {"kv", "key-value databases", &p.KV},
	}
}

// checkPrefixes refuses those of which a key could have two.
func checkPrefixes(p conn.Prefixes) error {
	usual := conn.DefaultPrefixes()
	all, defaults := prefixFields(&p), prefixFields(&usual)
	for i := range all {
		*all[i].at = cmp.Or(*all[i].at, *defaults[i].at)
	}
	for _, a := range all {
		for _, b := range all {
			if a.name != b.name && strings.HasPrefix(*a.at, *b.at) {
				return fmt.Errorf("%s %q and %s %q: no prefix may begin with another", b.name, *b.at, a.name, *a.at)
			}
		}
	}
	return nil
}

// absolute leads from what stands in a file to a path: ~ is the home, others begin in the folder of the file.
func absolute(folder, p string) (string, error) {
	user, rest, _ := strings.Cut(p, "/")
	switch {
	case user == "~":
		home, err := os.UserHomeDir()
		return filepath.Join(home, rest), err
	case strings.HasPrefix(user, "~") && user != p:
		return "", fmt.Errorf("%s is not a known home directory: write the whole path, or ./%s", user, user)
	case filepath.IsAbs(p):
		return p, nil
	}
	return filepath.Join(folder, p), nil
}

// checkKeys finds the line of what the key map refuses.
func checkKeys(items []item, keys map[keymap.Action][]string) error {
	_, err := keymap.New(keys)
	wrong, ok := errors.AsType[*keymap.OverrideError](err)
	if !ok {
		return err
	}
	for _, it := range items {
		if it.path[0] == "keys" && !it.table && slices.Contains(wrong.Actions, keymap.Action(it.name())) {
			return &lineError{it.line, wrong}
		}
	}
	return wrong
}
