package cli

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"holdfast/core/kind"
	"holdfast/internal/config"
	"holdfast/internal/redistest"
)

// Whatever is wrong in a file, the error is one line that says where and what may stand there.
func TestAWrongConfigurationNamesItsLine(t *testing.T) {
	const dev = "[connections.dev]\nurl = \"redis://h\"\n"
	for text, want := range map[string]string{
		"theme = \n":                   "line 1: ",
		"theme = \"dark\n":             "line 1: ",
		"mouse = true\nmouse = true\n": "line 2: ",
		"\nrefesh = \"1s\"\n":          "line 2: unknown entry refesh: one of connection, view, theme, mouse, flush-dir, audit-file, log-file, read-only, refresh, scan-budget",
		"refresh = 5\n":                `line 1: refresh: expected a duration such as "1s", at least 100ms`,
		"refresh = \"10ms\"\n":         `line 1: refresh: expected a duration such as "1s", at least 100ms`,
		"scan-budget = -1\n":           "line 1: scan-budget: expected a number from 0 to 1000000",
		"read-only = \"yes\"\n":        "line 1: read-only: expected true or false",
		"view = \"nonsense\"\n":        "line 1: view: expected one of overview, buffers, generations, actors, workers, locks, leases, records, kv",
		"theme = \"nonsense\"\n":       `line 1: theme: unknown theme "nonsense": one of dark, light, high-contrast, colour-blind, mono`,
		"flush-dir = 3\n":              "line 1: flush-dir: expected a string",
		"[prefixs]\n":                  "line 1: unknown section [prefixs]: one of [connections.NAME], [prefixes], [connections.NAME.prefixes], [layouts], [connections.NAME.layouts], [keys], [columns], [themes.NAME]",
		"[[keys]]\nflush = []\n":       "line 1: unknown entry keys: one of connection",
		"theme = { text = 1 }\n":       "line 1: unknown section [theme]",

		"connection = \"prod\"\n" + dev:                    `line 1: connection: unknown connection "prod": one of dev`,
		"connection = \"prod\"\n":                          `line 1: connection: unknown connection "prod": `,
		dev + "colour = \"red\"\n":                         "line 3: connections.dev.colour: expected one of accent, good, info, warn, bad",
		dev + "pasword-file = \"x\"\n":                     "line 3: unknown entry connections.dev.pasword-file: one of url, cluster, sentinel-master, username, password-file, tls-ca, tls-cert, tls-key, tls-server-name, colour, read-only, refresh, scan-budget",
		dev + "password = \"s3cr3t\"\n":                    "line 3: unknown entry connections.dev.password: one of url",
		dev + "cluster = true\nsentinel-master = \"m\"\n":  "line 1: connections.dev: cluster or sentinel-master, not both",
		dev + "tls-cert = \"x\"\n":                         "line 1: connections.dev: tls-cert and tls-key go together",
		"\n[connections.dev]\nread-only = true\n":          "line 2: connections.dev: url is missing",
		"[connections.dev]\nurl = \"http://u:s3cr3t@h\"\n": "line 2: connections.dev.url: expected redis://, rediss:// or unix://, or a list of such URLs",
		"[connections.\"a b\"]\nurl = \"redis://h\"\n":     "line 1: connections.a b: expected a name without spaces and quotes",
		"connections = 3\n":                                "line 1: unknown entry connections",

		"[prefixes]\nbuf = \"b:\"\n":                            "line 2: unknown entry prefixes.buf: one of buffer, generation, actor, worker, lock, record, kv",
		"[prefixes]\nbuffer = \"b\"\n":                          `line 2: prefixes.buffer: expected a string that ends in a colon, such as "shop:buf:", without % { } * ? [ ] \`,
		"[prefixes]\nbuffer = \"b*:\"\n":                        "line 2: prefixes.buffer: expected a string that ends in a colon",
		"[prefixes]\nbuffer = \"kv:buf:\"\n":                    `line 1: prefixes: kv "kv:" and buffer "kv:buf:": no prefix may begin with another`,
		dev + "[connections.dev.prefixes]\nlock = \"actor:\"\n": `line 3: connections.dev.prefixes: `,

		"[keys]\nflush = \"F\"\n":              `line 2: keys.flush: expected a list of keys, such as ["F", "ctrl+f"]; an empty one for none`,
		"[keys]\nexplode = [\"x\"]\n":          `line 2: unknown action "explode": one of `,
		"[keys]\nbump = []\nflush = [\"q\"]\n": `line 3: one key for two actions: "q" is both `,
		"[keys]\nflush = [\"ctrl+f\"]\n":       `line 2: flush: "ctrl+f": an action that changes the server cannot have a bare ctrl chord`,

		"[columns]\nlokcs = [\"TTL\"]\n":          "line 2: unknown entry columns.lokcs: one of overview, buffers",
		"[columns]\nlocks = [\"AGE\"]\n":          `line 2: columns.locks: no column "AGE": expected a list of KEY, LAYOUT, HOLDER, ALIVE, HELD, TOKEN, TTL, FENCE`,
		"[columns]\nlocks = \"TTL\"\n":            "line 2: columns.locks: expected a list of KEY, LAYOUT, HOLDER, ALIVE, HELD, TOKEN, TTL, FENCE",
		"[columns]\nlocks = [\"TTL\", \"TTL\"]\n": "line 2: columns.locks: TTL is listed twice",

		"[themes.night]\naccent = \"red\"\n":   "line 2: themes.night.accent: expected a colour: #rgb, #rrggbb, 0 to 255, or default for the terminal's own",
		"[themes.night]\naccent = 256\n":       "line 2: themes.night.accent: expected a colour",
		"[themes.night]\nacent = \"#fff\"\n":   "line 2: unknown entry themes.night.acent: one of based-on, text, muted, accent, good, warn, bad, info, border, mark, ink",
		"[themes.night]\nbased-on = \"day\"\n": "line 2: themes.night.based-on: expected one of dark, light, high-contrast, colour-blind, mono",
		"[themes.dark]\ntext = \"#fff\"\n":     "line 1: themes.dark: a theme of this name is built in; based-on can name it",
	} {
		path := file(t, text)
		for _, args := range [][]string{{"get", "locks"}, nil, {"connections"}} {
			a := holdfast(t, append(args, "--config", path)...)
			if l := a.line(t); a.code != wrongUsage || !strings.HasPrefix(l, "holdfast: cannot start: configuration "+path+": "+want) || strings.Contains(l, "s3cr3t") {
				t.Errorf("%q: exit %d, %q; want %q", text, a.code, l, want)
			}
		}
	}
	if a := holdfast(t, "version", "--config", file(t, "nonsense")); a.code != done {
		t.Errorf("%+v", a)
	}
}

func TestAWrongThemeNamesItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"text = \"#fff\"\nacent = \"#fff\"\n": "night.toml: line 2: unknown entry acent: one of based-on, text, muted",
		"\n\ntext = \"white\"\n":              "night.toml: line 3: text: expected a colour: #rgb",
		"text = #fff\n":                       "night.toml: line 1: ",
		"[text]\nx = 1\n":                     "night.toml: line 1: a theme has no sections: text",
	} {
		path := file(t, "[themes.day]\nbased-on = \"light\"\n")
		folder := filepath.Join(filepath.Dir(path), "themes")
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "night.toml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		a := holdfast(t, "get", "locks", "--config", path)
		if l := a.line(t); a.code != wrongUsage || !strings.Contains(l, want) || !strings.Contains(l, folder) {
			t.Errorf("%q: exit %d, %q; want %q", text, a.code, l, want)
		}
		if err := os.WriteFile(filepath.Join(folder, "night.toml"), []byte("based-on = \"mono\"\ntext = 15\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"night", "day", "mono"} {
			if th, err := c.Themed(name, true); err != nil || th.Name != name {
				t.Errorf("%s: %q, %v", name, th.Name, err)
			}
		}
		if _, err := c.Themed("dusk", true); err == nil || !strings.HasSuffix(err.Error(), "colour-blind, mono, day, night") {
			t.Error(err)
		}
	}
}

// A flag wins over the environment, that over the connection, that over the top of the file.
func TestWhatWins(t *testing.T) {
	path := file(t, `
refresh = "5s"
scan-budget = 5
read-only = true
flush-dir = "flushed"
[connections.dev]
url = ["redis://dev"]
password-file = "pass"
refresh = "4s"
scan-budget = 4
prefixes = { lock = "dev:lock:" }
[prefixes]
actor = "shop:actor:"
`)
	for name, tt := range map[string]struct {
		environ, args []string
		refresh       time.Duration
		budget        int
		urls          string
		readOnly      bool
	}{
		"the top":         {nil, nil, 5 * time.Second, 5, "", true},
		"the connection":  {nil, []string{"--connection", "dev"}, 4 * time.Second, 4, "redis://dev", true},
		"the environment": {[]string{"HOLDFAST_CONNECTION=dev", "HOLDFAST_REFRESH=3s"}, nil, 3 * time.Second, 4, "redis://dev", true},
		"flags": {
			[]string{"HOLDFAST_REFRESH=3s", "HOLDFAST_READ_ONLY=true"}, []string{"--connection", "dev", "--refresh", "2s", "--read-only=false"},
			2 * time.Second, 4, "redis://dev", false,
		},
		"a connection on the command line": {
			[]string{"HOLDFAST_URL=redis://elsewhere", "HOLDFAST_USERNAME=me", "HOLDFAST_PASSWORD_FILE=/mine"}, []string{"--connection", "dev"},
			4 * time.Second, 4, "redis://dev", true,
		},
	} {
		o, err := parse(t.Context(), "", append(tt.args, "--config", path), tt.environ)
		if err != nil || o.refresh != tt.refresh || o.scanBudget != tt.budget || strings.Join(o.urls, " ") != tt.urls || o.readOnly != tt.readOnly {
			t.Errorf("%s: %v, %+v", name, err, o)
		}
		folder, password := filepath.Dir(path), ""
		if tt.urls != "" {
			password = filepath.Join(folder, "pass")
		}
		if o.flushDir != filepath.Join(folder, "flushed") || o.passwordFile != password || o.username != "" {
			t.Errorf("%s: flush to %s, password in %s, user %q", name, o.flushDir, o.passwordFile, o.username)
		}
		want := kind.Prefixes{"actor": "shop:actor:"}
		if tt.urls != "" {
			want["lock"] = "dev:lock:"
		}
		if got := o.conf.PrefixesOf(o.connection); !maps.Equal(got, want) {
			t.Errorf("%s: prefixes %+v", name, got)
		}
	}
}

// The server that one names by hand is never reached with the password of another.
func TestADefaultConnectionCountsOnlyWhereNoServerIsNamed(t *testing.T) {
	path := file(t, "connection = \"dev\"\n[connections.dev]\nurl = \"redis://dev\"\npassword-file = \"/pass\"\nread-only = true\n")
	for name, tt := range map[string]struct {
		environ, args []string
		connection    string
	}{
		"nothing named":            {nil, []string{"get", "locks"}, "dev"},
		"a URL":                    {nil, []string{"get", "locks", "--url", "redis://other"}, ""},
		"a URL in the environment": {[]string{"HOLDFAST_URL=redis://other"}, []string{"get", "locks"}, ""},
		"a source of a replica":    {nil, []string{"replicate", "--from", "redis://other"}, ""},
		"a demo":                   {nil, []string{"demo"}, ""},
	} {
		o, err := parse(t.Context(), "", append(tt.args, "--config", path), tt.environ)
		if err != nil || o.connection != tt.connection || (o.passwordFile != "") != (tt.connection != "") || o.readOnly != (tt.connection != "") {
			t.Errorf("%s: %v, %+v", name, err, o)
		}
	}
	a := holdfast(t, "get", "locks", "--config", path, "--url", "redis://other", "--connection", "dev")
	if a.code != wrongUsage || !strings.Contains(a.errors, "--connection and --url both name a server") {
		t.Errorf("%+v", a)
	}
	a = holdfast(t, "get", "locks", "--config", path, "--connection", "nonsense")
	if l := a.line(t); a.code != wrongUsage || !strings.Contains(l, `unknown connection "nonsense": one of dev`) {
		t.Errorf("%+v", a)
	}
}

// In the dashboard another connection takes the place of the server, however that was named, and of nothing else.
func TestAnotherConnectionTakesNothingOfTheOld(t *testing.T) {
	path := file(t, "[connections.dev]\nurl = \"redis://dev\"\n")
	environ := []string{"HOLDFAST_URL=redis://one redis://two", "HOLDFAST_REFRESH=3s"}
	args := []string{"--config", path, "--cluster", "--username", "me", "--password-file", "/mine", "--tls-ca", "/ca", "--read-only", "--view", "locks"}
	o, err := parse(t.Context(), "", args, environ)
	if err != nil || len(o.urls) != 2 {
		t.Fatal(err, o.urls)
	}
	got, err := o.reconnect(t.Context(), "dev")
	want := options{urls: []string{"redis://dev"}, connection: "dev", readOnly: true, refresh: 3 * time.Second, view: "locks"}
	if err != nil || !reflect.DeepEqual(got.urls, want.urls) || got.connection != want.connection || got.cluster || got.username+got.passwordFile+got.tlsCA != "" ||
		got.readOnly != want.readOnly || got.refresh != want.refresh || got.view != want.view {
		t.Errorf("%v, %+v", err, got)
	}
	if _, err := o.reconnect(t.Context(), "nonsense"); err == nil {
		t.Error("an unknown connection is no error")
	}
}

// Every setting of a file is a flag, and those that go with an address are settings of a connection.
func TestEntriesOfTheConfigurationAreFlags(t *testing.T) {
	const top = "view = 'kv'\nflush-dir = 'd'\naudit-file = 'a'\nlog-file = 'l'\nread-only = true\nrefresh = '1s'\nscan-budget = 1\n"
	const own = "[connections.c]\nurl = 'redis://h'\ncluster = false\nsentinel-master = 'm'\nusername = 'u'\npassword-file = 'p'\n" +
		"tls-ca = 'a'\ntls-cert = 'c'\ntls-key = 'k'\ntls-server-name = 'n'\n"
	c, err := config.Load(t.Context(), file(t, top+own))
	if err != nil {
		t.Fatal(err)
	}
	f, set := newRoot(&options{}).Flags(), map[string]bool{}
	for name := range c.Settings("c") {
		set[name] = true
		if f.Lookup(name) == nil {
			t.Errorf("%s is no flag", name)
		}
	}
	for name := range c.Settings("") {
		if isAddress(name) {
			t.Errorf("%s stands at the top", name)
		}
	}
	f.VisitAll(func(flag *pflag.Flag) {
		if isAddress(flag.Name) && !set[flag.Name] {
			t.Errorf("a connection has no %s", flag.Name)
		}
	})
}

func TestConnectionsInScripts(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.set(t, "dev:gen:ns:k", "7", 0)
	path := file(t, "connection = \"dev\"\n[connections.dev]\nurl = \""+s.flags[1]+"\"\nread-only = true\nprefixes.generation = \"dev:gen:\"\n[connections.other]\nurl = \"redis://h\"\n")
	if got := holdfast(t, "connections", "--config", path).ok(t); got != "dev\nother\n" {
		t.Errorf("%q", got)
	}
	if got := holdfast(t, "get", "generations", "-o", "jsonl", "--config", path).ok(t); !strings.Contains(got, `"key":"k","generation":7`) {
		t.Errorf("%q", got)
	}
	if a := holdfast(t, "bump", "ns", "k", "--config", path); a.code != refused {
		t.Errorf("%+v", a)
	}
	if got := holdfast(t, "bump", "ns", "k", "--config", path, "--read-only=false").ok(t); got != "8\n" || s.value(t, "dev:gen:ns:k") != "8" {
		t.Errorf("%q", got)
	}
}
