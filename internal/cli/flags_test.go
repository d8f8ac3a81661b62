package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"holdfast/internal/redistest"
)

func TestWrongUsageSaysWhatIsWrongInOneLine(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for name, tt := range map[string]struct {
		args []string
		says string
	}{
		"verb":               {[]string{"explode"}, `unknown verb "explode"`},
		"flag":               {[]string{"get", "actors", "--explode"}, "unknown flag: --explode"},
		"short flag":         {[]string{"get", "actors", "-x"}, "unknown shorthand flag"},
		"no value":           {[]string{"get", "actors", "--url"}, "--url"},
		"no duration":        {[]string{"lock", "k", "--ttl", "soon"}, "soon"},
		"view":               {[]string{"get", "nonsense"}, `unknown view "nonsense": one of overview buffers`},
		"view of edit":       {[]string{"edit", "nonsense", "k", "--file", "-"}, `unknown view "nonsense"`},
		"view without rows":  {[]string{"get", "overview", "x"}, "overview"},
		"kind without edit":  {[]string{"edit", "buffers", "x", "--file", missing}, "buffers cannot be edited"},
		"format":             {[]string{"get", "actors", "-o", "yaml"}, `unknown format "yaml"`},
		"no arguments":       {[]string{"get"}, "0 arguments for: holdfast get VIEW [KEY]"},
		"too many":           {[]string{"get", "actors", "a", "b"}, "3 arguments"},
		"bump without key":   {[]string{"bump", "ns"}, "1 arguments for: holdfast bump NAMESPACE KEY"},
		"arguments of none":  {[]string{"version", "x"}, "version"},
		"lock without ttl":   {[]string{"lock", "k"}, "--ttl"},
		"lock for no time":   {[]string{"lock", "k", "--ttl", "-1s"}, "--ttl"},
		"unlock, no token":   {[]string{"unlock", "k"}, "--token"},
		"edit, no file":      {[]string{"edit", "actors", "a"}, "--file"},
		"flag of another":    {[]string{"get", "actors", "--ttl", "1s"}, "--ttl belongs to the verb lock"},
		"flag of no verb":    {[]string{"-o", "json"}, "--output belongs to the verb check or get or layouts"},
		"backup, no file":    {[]string{"backup", "db"}, "1 arguments for: holdfast backup DB FILE"},
		"restore, no file":   {[]string{"restore", "db"}, "1 arguments for: holdfast restore DB FILE"},
		"replace of backup":  {[]string{"backup", "db", "f", "--replace"}, "--replace belongs to the verb replicate or restore"},
		"replicate nothing":  {[]string{"replicate", "--from", "redis://h", "--to", missing}, "--db is missing"},
		"replicate from":     {[]string{"replicate", "--db", "db", "--to", missing}, "--from is missing"},
		"replicate to":       {[]string{"replicate", "--db", "db", "--from", "redis://h"}, "--to is missing"},
		"replicate scheme":   {[]string{"replicate", "--db", "db", "--from", "h:6379", "--to", missing}, "expected redis://"},
		"pair, no file":      {[]string{"edit", "kv", "db:k"}, "--file"},
		"two deployments":    {[]string{"get", "actors", "--cluster", "--sentinel-master", "m"}, "not both"},
		"scheme":             {[]string{"get", "actors", "--url", "http://h"}, "expected redis://"},
		"no scheme":          {[]string{"get", "actors", "--url", "h:6379"}, "expected redis://"},
		"database":           {[]string{"get", "actors", "--url", "redis://h/main"}, "database"},
		"several singles":    {[]string{"get", "actors", "--url", "redis://a", "--url", "redis://b"}, "--cluster"},
		"cluster's database": {[]string{"get", "actors", "--url", "redis://a/1", "--cluster"}, "database 0"},
		"too fast":           {[]string{"get", "actors", "--refresh", "1ms"}, "--refresh"},
		"too little memory":  {[]string{"get", "actors", "--max-memory", "1MiB"}, "--max-memory"},
		"no size":            {[]string{"get", "actors", "--max-memory", "lots"}, "--max-memory"},
		"less than nothing":  {[]string{"get", "actors", "--scan-budget", "-1"}, "--scan-budget"},
		"start view":         {[]string{"--view", "nonsense"}, `unknown view "nonsense"`},
		"theme":              {[]string{"--theme", "nonsense"}, "nonsense"},
	} {
		a := holdfast(t, tt.args...)
		where := "; see holdfast --help\n"
		if verb := tt.args[0]; !strings.HasPrefix(verb, "-") && verb != "explode" {
			where = "; see holdfast " + verb + " --help\n"
		}
		if l := a.line(t); a.code != wrongUsage || !strings.Contains(l, tt.says) || !strings.HasSuffix(l, where) {
			t.Errorf("%s: exit %d, %q; want %q", name, a.code, l, tt.says)
		}
	}
}

func TestHelpGoesToStandardOutput(t *testing.T) {
	root := newRoot(&options{})
	all := holdfast(t, "--help").ok(t)
	if short := holdfast(t, "-h").ok(t); short != all {
		t.Errorf("-h: %s", short)
	}
	_, flags, _ := strings.Cut(all, "\nFlags:\n")
	for _, c := range root.Commands() {
		text := holdfast(t, c.Name(), "--help").ok(t)
		for _, args := range [][]string{{"help", c.Name()}, {"-h", c.Name()}, {c.Name(), "x", "-h", "--config", "/none"}} {
			if len(args) == 5 && c.Flags().Lookup("config") == nil {
				continue
			}
			if got := holdfast(t, args...).ok(t); got != text {
				t.Errorf("%v: %s", args, got)
			}
		}
		if !strings.Contains(all, "\n  "+c.Use) || !strings.Contains(all, c.Short+"\n") || !strings.Contains(text, "Usage: holdfast "+c.Use+" [flags]\n") {
			t.Errorf("nothing on %s", c.Use)
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			shown, listed := strings.Contains(text, "      --"+f.Name+" ") || strings.Contains(text, ", --"+f.Name+" "), strings.Contains(flags, " --"+f.Name+" ")
			if f.Name == "help" {
				return
			}
			if shown == isShared(f) || listed != isShared(f) {
				t.Errorf("%s: --%s is in its help: %v, in that of holdfast: %v", c.Name(), f.Name, shown, listed)
			}
		})
	}
	for _, line := range strings.Split(all, "\n") {
		if len(line) > helpWidth {
			t.Errorf("%q is too long", line)
		}
	}
	if v := holdfast(t, "version").ok(t); !strings.HasPrefix(v, "holdfast ") || strings.Count(v, "\n") != 1 {
		t.Errorf("%q", v)
	}
}

func TestAnUnknownVerbOrFlagNamesTheNearest(t *testing.T) {
	for want, args := range map[string][]string{
		`unknown verb "lokc"; did you mean lock?; see holdfast --help`:                  {"lokc", "k"},
		`unknown verb "replica"; did you mean replicate?; see holdfast --help`:          {"--read-only", "replica"},
		`unknown verb "explode"; see holdfast help --help`:                              {"help", "explode"},
		`unknown flag: --outptu; did you mean --output?; see holdfast get --help`:       {"get", "locks", "--outptu", "json"},
		`unknown flag: --readonly; did you mean --read-only?; see holdfast --help`:      {"--readonly"},
		`unknown flag: --fro; did you mean --from?; see holdfast replicate --help`:      {"replicate", "--fro", "x"},
		`unknown shell "bsh": one of bash zsh fish powershell; did you mean bash?`:      {"completion", "bsh"},
		`unknown view "lock": one of overview buffers generations actors workers locks`: {"get", "lock"},
	} {
		if a := holdfast(t, args...); a.code != wrongUsage || !strings.Contains(a.line(t), "holdfast: usage: "+want) {
			t.Errorf("%v: exit %d, %q", args, a.code, a.errors)
		}
	}
}

func TestTheDashboardNeedsATerminal(t *testing.T) {
	for _, args := range [][]string{nil, {"--view", "actors"}, {"--url", "redis://127.0.0.1:1"}} {
		a := holdfast(t, args...)
		if l := a.line(t); a.code != wrongUsage || !strings.Contains(l, "terminal") || !strings.Contains(l, "holdfast get") {
			t.Errorf("%v: exit %d, %q", args, a.code, l)
		}
	}
}

func TestAServerThatDoesNotAnswer(t *testing.T) {
	const addr = "127.0.0.1:1" // nobody listens there
	text := file(t, "{}")
	for _, args := range [][]string{
		{"get", "actors"}, {"get", "actors", "a"}, {"get", "overview"}, {"flush", "s"}, {"bump", "ns", "k"}, {"lock", "k", "--ttl", "1s"},
		{"unlock", "k", "--token", "t"}, {"edit", "actors", "a", "--file", text}, {"flush", "s", "--read-only"}, {"get", "actors", "--cluster"},
		{"get", "actors", "--watch"}, {"get", "kv", "db"}, {"edit", "kv", "db:k", "--file", text}, {"backup", "db", filepath.Join(t.TempDir(), "b")},
		{"restore", "db", text},
	} {
		a := holdfast(t, append(args, "--url", "redis://user:s3cr3t@"+addr)...)
		if l := a.line(t); a.code != unreachable || !strings.Contains(l, addr) || strings.Contains(l, "s3cr3t") {
			t.Errorf("%v: exit %d, %q", args, a.code, l)
		}
	}
	if a := holdfast(t, "get", "actors", "--url", "unix://"+filepath.Join(t.TempDir(), "none")); a.code != unreachable {
		t.Errorf("a socket: exit %d, %q", a.code, a.errors)
	}
}

func TestAServerThatRefusesUs(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	if err := s.Client(t).ConfigSet(ctx, "requirepass", "s3cr3t").Err(); err != nil {
		t.Fatal(err)
	}
	right, wrong := file(t, "s3cr3t\r\n"), file(t, "s3cr3t-not")
	log := filepath.Join(t.TempDir(), "log")
	for name, args := range map[string][]string{
		"no password": nil, "a wrong one": {"--password-file", wrong}, "a wrong user": {"--password-file", right, "--username", "nobody"},
	} {
		a := holdfast(t, append(args, "get", "actors", "--url", s.URL(), "--log-file", log)...)
		if l := a.line(t); a.code != failed || !strings.Contains(l, s.Addr) || strings.Contains(l, "s3cr3t") {
			t.Errorf("%s: exit %d, %q", name, a.code, l)
		}
	}
	a := holdfast(t, "get", "actors", "--url", "redis://:s3cr3t-not@"+s.Addr, "--log-file", log)
	if l := a.line(t); a.code != failed || strings.Contains(l, "s3cr3t") {
		t.Errorf("in the URL: exit %d, %q", a.code, l)
	}
	for _, args := range [][]string{{"--url", s.URL(), "--password-file", right}, {"--url", "redis://:s3cr3t@" + s.Addr}} {
		if got := holdfast(t, append(args, "get", "actors", "-o", "json")...).ok(t); got != "[]\n" {
			t.Errorf("%q", got)
		}
	}
	if text, err := os.ReadFile(log); err != nil || strings.Contains(string(text), "s3cr3t") {
		t.Errorf("%s, %v", text, err)
	}
	if a := holdfast(t, "get", "actors", "--url", s.URL(), "--password-file", filepath.Join(t.TempDir(), "none")); a.code != failed || !strings.Contains(a.line(t), "--password-file") {
		t.Errorf("exit %d", a.code)
	}
}

// A URL is easily typed where it does not belong.
func TestNoErrorRepeatsAPassword(t *testing.T) {
	const url = "redis://user:s3cr3t@127.0.0.1:1/0"
	for _, args := range [][]string{
		{url}, {"-u" + url}, {"--uri=" + url}, {"--uri", url}, {"get", url}, {"get", "actors", url, "--url", url}, {"get", "actors", "--url", url + "x"},
		{"get", "actors", "--url", "redis://user:s3cr3t/with@slash@127.0.0.1:1"}, {"get", "actors", "--url", "user:s3cr3t@127.0.0.1:1"},
		{"get", "actors", "--refresh", url}, {"--view", url}, {"--theme", url}, {"lock", "k", "--ttl", url}, {"get", "actors", "-o", url},
		{"get", "actors", "--password-file", url}, {"get", "actors", "--log-file", "/no/" + url}, {"edit", "actors", "a", "--file", url},
	} {
		a := holdfast(t, args...)
		if a.code == done || strings.Contains(a.errors, "s3cr3t") {
			t.Errorf("%q: exit %d, %q", args, a.code, a.errors)
		}
	}
	if a := holdfastWith(t, []string{"HOLDFAST_REFRESH=" + url}, "get", "actors"); strings.Contains(a.errors, "s3cr3t") {
		t.Error(a.errors)
	}
}

func TestFlagsStandBeforeOrAfterTheVerb(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.set(t, "gen:ns:k", "4", 0)
	want := `[
  {"namespace":"ns","key":"k","generation":4,"ttl_ms":-1,"layout":null,"fence":null}
]
`
	u := s.flags[1]
	for _, args := range [][]string{
		{"--url", u, "-o", "json", "get", "generations"}, {"get", "--url=" + u, "generations", "--output=json"}, {"get", "generations", "-ojson", "--url", u},
		{"get", "--url", u, "--output", "json", "--", "generations"},
	} {
		if got := holdfast(t, args...).ok(t); got != want {
			t.Errorf("%q: %s", args, got)
		}
	}
}

func TestTheEnvironmentHoldsEveryFlag(t *testing.T) {
	root := newRoot(&options{})
	values := map[string]string{}
	for _, c := range allCommands(root) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			value := "value"
			switch f.Value.Type() {
			case "bool":
				value = "true"
			case "duration":
				value = "7s"
			case "int", "int64":
				value = "7"
			}
			values["HOLDFAST_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))] = value
		})
	}
	var environ []string
	for name, value := range values {
		environ = append(environ, name+"="+value)
	}
	if err := checkVariables(root, environ); err != nil || len(environ) < 30 {
		t.Fatal(err, environ)
	}
	for _, c := range allCommands(root) {
		if err := fromEnvironment(c.Flags(), environ); err != nil {
			t.Fatal(err)
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Changed {
				t.Errorf("%s: --%s is not set", c.Name(), f.Name)
			}
		})
	}
}

func TestTheEnvironmentOfOtherVerbsIsNoError(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	environ := []string{
		"HOLDFAST_URL=" + s.flags[1], "HOLDFAST_TTL=no duration", "HOLDFAST_TOKEN=t", "HOLDFAST_FILE=/no/file", "HOLDFAST_SEED=no number",
		"HOLDFAST_OUTPUT=json", "HOLDFAST_NAME=", "NOT_OF_HOLDFAST=1",
	}
	if got := holdfastWith(t, environ, "get", "actors").ok(t); got != "[]\n" {
		t.Errorf("%q", got)
	}
	if got := holdfastWith(t, environ, "bump", "ns", "k").ok(t); got != "1\n" {
		t.Errorf("%q", got)
	}
	if got := holdfastWith(t, environ, "get", "generations", "-o", "jsonl").ok(t); got != `{"namespace":"ns","key":"k","generation":1,"ttl_ms":-1,"layout":null,"fence":null}`+"\n" {
		t.Errorf("a flag does not win: %q", got)
	}
	for name, environ := range map[string][]string{
		"HOLDFAST_TTL": append(environ, "HOLDFAST_TTL=x"), "HOLDFAST_READ_ONLY": append(environ, "HOLDFAST_READ_ONLY=perhaps"),
	} {
		if a := holdfastWith(t, environ, "lock", "k"); a.code != wrongUsage || !strings.Contains(a.errors, name) {
			t.Errorf("exit %d, %q", a.code, a.errors)
		}
	}
	if a := holdfastWith(t, append(environ, "HOLDFAST_READ_ONLY=1"), "bump", "ns", "k"); a.code != refused {
		t.Errorf("exit %d, %q", a.code, a.errors)
	}
}

func TestTheEnvironmentHoldsSeveralURLs(t *testing.T) {
	for text, want := range map[string][]string{
		"redis://a:1":                          {"redis://a:1"},
		"redis://a:1 redis://b:2\n rediss://c": {"redis://a:1", "redis://b:2", "rediss://c"},
		"redis://a:1,redis://b:2,unix:///r":    {"redis://a:1", "redis://b:2", "unix:///r"},
		"redis://u:p,q@a:1,rediss://b:2":       {"redis://u:p,q@a:1", "rediss://b:2"},
		" redis://a:1, redis://b:2 ":           {"redis://a:1,", "redis://b:2"},
	} {
		if got := splitURLs(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
	s := newServer(t, redistest.Cluster(t))
	urls := "HOLDFAST_URL=" + strings.Join([]string{s.flags[2], s.flags[4], s.flags[6]}, " ")
	if got := holdfastWith(t, []string{urls, "HOLDFAST_CLUSTER=true"}, "get", "actors", "-o", "json").ok(t); got != "[]\n" {
		t.Errorf("%q", got)
	}
}
