package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"

	"holdfast/internal/redistest"
)

// What was given and would not count is refused before anything is done. Nobody listens where --url leads: a run that
// gets there ends with another code.
func TestNothingThatIsGivenCountsForNothing(t *testing.T) {
	const url = "redis://127.0.0.1:1"
	get := func(flags ...string) []string { return append([]string{"get", "actors", "--url", url}, flags...) }
	for name, tt := range map[string]struct {
		environ, args []string
		says          string
	}{
		"empty URL":            {nil, []string{"get", "actors", "--url="}, "--url is empty"},
		"empty URL of two":     {nil, get("--url", ""), "--url is empty"},
		"empty config":         {nil, get("--config="), "--config is empty"},
		"empty switch":         {nil, get("--read-only="), "--read-only is empty"},
		"empty short flag":     {nil, get("-o", ""), "--output is empty"},
		"empty variable":       {[]string{"HOLDFAST_CONFIG="}, get(), "HOLDFAST_CONFIG is empty"},
		"empty URL variable":   {[]string{"HOLDFAST_URL= "}, []string{"get", "actors"}, "HOLDFAST_URL is empty"},
		"empty switch, too":    {[]string{"HOLDFAST_READ_ONLY="}, get(), "HOLDFAST_READ_ONLY is empty"},
		"no truth":             {[]string{"HOLDFAST_READ_ONLY=maybe"}, get(), "HOLDFAST_READ_ONLY: "},
		"no truth in a flag":   {nil, get("--read-only=maybe"), "maybe"},
		"no duration":          {[]string{"HOLDFAST_REFRESH=soon"}, get(), "HOLDFAST_REFRESH: "},
		"unknown variable":     {[]string{"HOLDFAST_READONLY=1"}, get(), "HOLDFAST_READONLY: did you mean HOLDFAST_READ_ONLY?"},
		"unknown of two":       {[]string{"HOLDFAST_ZZZ=1", "HOLDFAST_AUDITFILE=x"}, get(), "HOLDFAST_AUDITFILE: did you mean HOLDFAST_AUDIT_FILE?"},
		"a letter too much":    {[]string{"HOLDFAST_URLS=redis://prod"}, []string{"get", "actors"}, "did you mean HOLDFAST_URL?"},
		"no name":              {[]string{"HOLDFAST_=1"}, get(), "unknown environment variable HOLDFAST_:"},
		"unknown, dashboard":   {[]string{"HOLDFAST_VEIW=locks"}, nil, "HOLDFAST_VIEW"},
		"unknown, demo":        {[]string{"HOLDFAST_VEIW=locks"}, []string{"demo"}, "HOLDFAST_VIEW"},
		"two values":           {nil, get("-o", "json", "--output", "csv"), "--output is given twice"},
		"switch on and off":    {nil, get("--read-only", "--read-only=false"), "--read-only is given twice"},
		"two tokens":           {nil, []string{"unlock", "k", "--url", url, "--token", "a", "--token", "b"}, "--token is given twice"},
		"URL of a demo":        {nil, []string{"demo", "--url", url}, "demo does not use --url"},
		"connection of a demo": {nil, []string{"demo", "--connection", "c"}, "demo does not use --connection"},
		"URL of a replica":     {nil, []string{"replicate", "--url", url, "--from", url, "--db", "d", "--to", "t"}, "replicate does not use --url"},
		"view of get":          {nil, get("--view", "locks"), "get does not use --view"},
		"flush folder of get":  {nil, get("--flush-dir", "d"), "get does not use --flush-dir"},
		"trail of backup":      {nil, []string{"backup", "d", "f", "--audit-file", "a"}, "backup does not use --audit-file"},
		"theme of flush":       {nil, []string{"flush", "s", "--theme", "dark"}, "flush does not use --theme"},
		"URL of version":       {nil, []string{"version", "--url", url}, "version does not use --url"},
		"URL of connections":   {nil, []string{"connections", "--url", url}, "connections does not use --url"},
		"home in a flag":       {nil, []string{"flush", "s", "--url", url, "--flush-dir=~/x"}, "--flush-dir: ~/x: ~ is not expanded here"},
		"home of another":      {nil, get("--log-file=~ops/log"), "--log-file: ~ops/log"},
		"home in a variable":   {[]string{"HOLDFAST_PASSWORD_FILE=~/pass"}, get(), "--password-file: ~/pass"},
		"home as a folder":     {nil, []string{"replicate", "--from", url, "--db", "d", "--to=~"}, "--to: ~"},
	} {
		a := holdfastWith(t, tt.environ, tt.args...)
		if l := a.line(t); a.code != wrongUsage || !strings.Contains(strings.Replace(l, "; see holdfast --help", "", 1), tt.says) {
			t.Errorf("%s: exit %d, %q; want %q", name, a.code, l, tt.says)
		}
	}
	for name, args := range map[string][]string{
		"the same twice": get("-o", "json", "--output=json", "--read-only", "--read-only"), "two seeds": get("--cluster", "--url", "redis://127.0.0.1:2"),
		"help": {"--help"}, "a file of that name": get("--log-file", filepath.Join(t.TempDir(), "~log")),
	} {
		if a := holdfastWith(t, nil, args...); a.code != unreachable && a.code != done {
			t.Errorf("%s: exit %d, %q", name, a.code, a.errors)
		}
	}
	for _, verb := range []string{"version", "connections", "--help"} { // which a shell may ask at any time
		if a := holdfastWith(t, []string{"HOLDFAST_NONSENSE=1"}, verb); a.code != done {
			t.Errorf("%s: exit %d, %q", verb, a.code, a.errors)
		}
	}
}

// Whatever stands where a configuration belongs is read, or told of.
func TestAConfigurationThatIsThereIsNotPassedOver(t *testing.T) {
	s := redistest.Start(t)
	link := func(t *testing.T, to, at string) {
		t.Helper()
		if err := os.Symlink(to, at); err != nil {
			t.Fatal(err)
		}
	}
	for name, make := range map[string]func(t *testing.T, home string){
		"a folder": func(t *testing.T, home string) {
			if err := os.MkdirAll(filepath.Join(home, "holdfast", "config.toml"), 0o700); err != nil {
				t.Fatal(err)
			}
		},
		"a link to nothing": func(t *testing.T, home string) {
			if err := os.Mkdir(filepath.Join(home, "holdfast"), 0o700); err != nil {
				t.Fatal(err)
			}
			link(t, "none", filepath.Join(home, "holdfast", "config.toml"))
		},
		"a link to itself": func(t *testing.T, home string) {
			if err := os.Mkdir(filepath.Join(home, "holdfast"), 0o700); err != nil {
				t.Fatal(err)
			}
			link(t, "config.toml", filepath.Join(home, "holdfast", "config.toml"))
		},
		"its folder a link to nothing": func(t *testing.T, home string) { link(t, "none", filepath.Join(home, "holdfast")) },
		"its folder a file": func(t *testing.T, home string) {
			if err := os.WriteFile(filepath.Join(home, "holdfast"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"its themes a link to nothing": func(t *testing.T, home string) {
			if err := os.Mkdir(filepath.Join(home, "holdfast"), 0o700); err != nil {
				t.Fatal(err)
			}
			link(t, "none", filepath.Join(home, "holdfast", "themes"))
		},
		"a folder in place of a theme": func(t *testing.T, home string) {
			if err := os.MkdirAll(filepath.Join(home, "holdfast", "themes", "night.toml"), 0o700); err != nil {
				t.Fatal(err)
			}
		},
	} {
		home := t.TempDir()
		make(t, home)
		t.Setenv("XDG_CONFIG_HOME", home)
		xdg.Reload()
		a := holdfast(t, "get", "actors", "--url", s.URL())
		if l := a.line(t); a.code != wrongUsage || !strings.Contains(l, filepath.Join(home, "holdfast")) {
			t.Errorf("%s: exit %d, %q", name, a.code, l)
		}
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	xdg.Reload()
	holdfast(t, "get", "actors", "--url", s.URL()).ok(t)
	for text, says := range map[string]string{"flush-dir = \"~ops/x\"\n": "line 1: flush-dir: ~ops is not a known home", "flush-dir = \"\"\n": "line 1"} {
		if l := holdfast(t, "get", "actors", "--config", file(t, text)).line(t); !strings.Contains(l, says) {
			t.Errorf("%q", l)
		}
	}
}
