package config

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// file writes a configuration file for one test.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	f, err := Load(t.Context(), file(t, "\uFEFF[keys]\nflush = [\"F\"]\nquit = []\n"))
	if err != nil || len(f.Keys) != 2 || f.Keys["flush"][0] != "F" || !f.Mouse {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := Load(t.Context(), filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that was asked for and is missing is no error")
	}
}

// Whatever names something that does not exist, the error names the file, the line and the right word that is nearest.
func TestAWrongWordNamesTheNearest(t *testing.T) {
	const dev = "[connections.dev]\nurl = \"redis://h\"\n"
	for text, want := range map[string]string{
		"\nrefesh = \"1s\"\n":                     "line 2: unknown entry refesh: one of connection, view, theme, mouse, flush-dir, audit-file, log-file, read-only, refresh, scan-budget; did you mean refresh?",
		"Theme = \"dark\"\n":                      "line 1: unknown entry Theme: one of connection, view, theme, mouse, flush-dir, audit-file, log-file, read-only, refresh, scan-budget; did you mean theme?",
		"view = \"lock\"\n":                       "; did you mean locks?",
		"theme = \"drak\"\n":                      "one of dark, light, high-contrast, colour-blind, mono; did you mean dark?",
		"[prefixs]\n":                             "; did you mean prefixes?",
		"[connections.dev.prefix]\nlock = 'x:'\n": "line 1: unknown section [connections.dev.prefix]: one of [connections.NAME], [prefixes], [connections.NAME.prefixes], [layouts], [connections.NAME.layouts], [keys], [columns], [themes.NAME]; did you mean connections.dev.prefixes?",
		dev + "pasword-file = \"x\"\n":            "; did you mean password-file?",
		dev + "colour = \"wran\"\n":               "line 3: connections.dev.colour: expected one of accent, good, info, warn, bad; did you mean warn?",
		dev + "prefixes = { lokc = 'x:' }\n":      "line 3: unknown entry connections.dev.prefixes.lokc: one of buffer, generation, actor, worker, lock, record, kv; did you mean lock?",
		"connection = \"dve\"\n" + dev:            "line 1: connection: unknown connection \"dve\": one of dev; did you mean dev?",
		"[prefixes]\n\nbuf = \"b:\"\n":            "line 3: unknown entry prefixes.buf: one of buffer, generation, actor, worker, lock, record, kv; did you mean buffer?",
		"[columns]\nlokcs = [\"TTL\"]\n":          "; did you mean locks?",
		"columns.locks = [\"token\"]\n":           "line 1: columns.locks: no column \"token\": expected a list of KEY, LAYOUT, HOLDER, ALIVE, HELD, TOKEN, TTL, FENCE; did you mean TOKEN?",
		"columns.locks = [\"AGE\"]\n":             "no column \"AGE\": expected a list of KEY, LAYOUT, HOLDER, ALIVE, HELD, TOKEN, TTL, FENCE\n",
		"[themes.night]\nacent = \"#fff\"\n":      "; did you mean accent?",
		"[themes.night]\nbased-on = \"lihgt\"\n":  "; did you mean light?",
	} {
		path := file(t, text)
		_, err := Load(t.Context(), path)
		if err == nil || !strings.HasPrefix(err.Error(), "configuration "+path+": line ") || !strings.HasSuffix(err.Error()+"\n", strings.TrimSuffix(want, "\n")+"\n") {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}

func TestAValueOfAnotherTypeIsNamedByItsEntry(t *testing.T) {
	for text, want := range map[string]string{
		"flush-dir = [\n  \"a\",\n]\n":                                  "line 1: flush-dir: expected a string",
		"[columns]\nlocks = [\n  # two\n  \"TTL\",\n  3,\n]\n":          "line 2: columns.locks: expected a list of KEY, LAYOUT, HOLDER, ALIVE, HELD, TOKEN, TTL, FENCE",
		"[themes.a]\ntext = 1979-05-27\n":                               "line 2: themes.a.text: expected a colour",
		"[themes.a]\ntext = true\n":                                     "line 2: themes.a.text: expected a colour",
		"mouse = 1\n":                                                   "line 1: mouse: expected true or false",
		"scan-budget = 1.5\n":                                           "line 1: scan-budget: expected a number from 0 to 1000000",
		"[connections.dev]\nurl = 3\n":                                  "line 2: connections.dev.url: expected redis://",
		"[connections.dev]\nprefixes = 3\n":                             "line 2: unknown entry connections.dev.prefixes: one of url",
		"connections.dev = { url = 'redis://h', prefixes.lock = 3 }\n":  "line 1: connections.dev.prefixes.lock: expected a string that ends in a colon",
		"[connections.dev]\nurl = 'redis://h'\n[[connections.dev.x]]\n": "line 3: unknown entry connections.dev.x: one of url",
	} {
		if _, err := Load(t.Context(), file(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}

func TestSettings(t *testing.T) {
	f, err := Load(t.Context(), file(t, `
view = "kv"
refresh = "5s"
mouse = false
read-only = true
[connections.dev]
url = ["redis://a", "redis://b"]
refresh = "4s"
scan-budget = 7
`))
	if err != nil || f.Mouse {
		t.Fatal(err, f.Mouse)
	}
	got := map[string]string{}
	for name, values := range f.Settings("dev") {
		if _, twice := got[name]; !twice {
			got[name] = strings.Join(values, " ")
		}
	}
	want := map[string]string{"url": "redis://a redis://b", "refresh": "4s", "scan-budget": "7", "view": "kv", "mouse": "false", "read-only": "true"}
	if !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if names := slices.Sorted(maps.Keys(maps.Collect(f.Settings("")))); !slices.Equal(names, []string{"mouse", "read-only", "refresh", "view"}) {
		t.Errorf("%v", names)
	}
}
