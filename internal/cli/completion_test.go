package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"

	"holdfast/internal/redistest"
)

// complete asks what a command line could go on with, as the scripts of all shells do. A file may stand there, too, if
// files is set.
func complete(t *testing.T, environ []string, line string) (words []string, files bool) {
	t.Helper()
	a := holdfastWith(t, environ, append([]string{"__complete"}, strings.Split(line, " ")[1:]...)...)
	lines := strings.Split(strings.TrimSuffix(a.out, "\n"), "\n")
	directive := 0
	if _, err := fmt.Sscanf(lines[len(lines)-1], ":%d", &directive); err != nil || a.code != done {
		t.Fatalf("%q: exit %d, %q", line, a.code, a.out)
	}
	for _, l := range lines[:len(lines)-1] {
		word, _, _ := strings.Cut(l, "\t")
		words = append(words, word)
	}
	return words, directive&4 == 0
}

func TestCompletion(t *testing.T) {
	const views = "overview buffers generations actors workers locks leases records kv findings queues unacked results deliveries grains grain-state reminders schedule keys"
	for line, want := range map[string]string{
		"holdfast ba":                        "backup",
		"holdfast re":                        "replicate restore",
		"holdfast ":                          "backup bump check completion connections demo edit flush get help layouts lock replicate restore unlock version",
		"holdfast --url redis://h get rec":   "records",
		"holdfast get a":                     "actors",
		"holdfast get actors a":              "",
		"holdfast edit ":                     "actors workers records kv",
		"holdfast completion ":               "bash zsh fish powershell",
		"holdfast get -o j":                  "json jsonl",
		"holdfast get actors --output c":     "csv",
		"holdfast --output=js get ":          views,
		"holdfast get --output=js":           "json jsonl",
		"holdfast --watch -o json get ":      views,
		"holdfast --theme hi":                "high-contrast",
		"holdfast --view k":                  "kv",
		"holdfast --view=lo":                 "locks",
		"holdfast --url=redis://h:1 ba":      "backup",
		"holdfast get --wa":                  "--watch",
		"holdfast bump --wa":                 "",
		"holdfast --read":                    "--read-only",
		"holdfast restore db file --rep":     "--replace",
		"holdfast replicate --":              "--cluster --config --db --from --help --log-file --max-memory --name --password-file --read-only --refresh --replace --scan-budget --sentinel-master --tls-ca --tls-cert --tls-key --tls-server-name --to --username",
		"holdfast bump ns ":                  "",
		"holdfast --cluster --read-only unl": "unlock",
		"holdfast help rep":                  "replicate",
		"holdfast nonsense ":                 "",
		"holdfast demo ":                     "",
		"holdfast backup db ":                "FILES",
		"holdfast restore db ":               "FILES",
		"holdfast edit actors a --file ":     "FILES",
		"holdfast --config ":                 "FILES",
		"holdfast backup db file ":           "",
	} {
		got, files := complete(t, nil, line)
		if files {
			got = append(got, "FILES")
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// configured has the configuration file of the user be this one.
func configured(t *testing.T, text string) {
	t.Helper()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, "holdfast"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "holdfast", "config.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CONFIG_HOME", home)
	xdg.Reload()
}

// The names of connections and themes come from the configuration file, as it is then.
func TestCompletionReadsTheConfiguration(t *testing.T) {
	defer xdg.Reload()
	configured(t, "[connections.prod]\nurl = 'redis://h'\n[connections.dev]\nurl = 'redis://h'\n[connections.preview]\nurl = 'redis://h'\n[themes.night]\n")
	another := file(t, "[connections.prague]\nurl = 'redis://h'\n")
	for _, tt := range []struct {
		environ    []string
		line, want string
	}{
		{nil, "holdfast get locks --connection pr", "preview prod"},
		{nil, "holdfast --theme n", "night"},
		{nil, "holdfast --config " + another + " --connection p", "prague"},
		{[]string{"HOLDFAST_CONFIG=" + another}, "holdfast --connection p", "prague"},
		{nil, "holdfast --config " + file(t, "nonsense") + " --connection p", ""},
		{nil, "holdfast --config " + file(t, "nonsense") + " --theme m", "mono"},
	} {
		if got, _ := complete(t, tt.environ, tt.line); strings.Join(got, " ") != tt.want {
			t.Errorf("%q: %q, want %q", tt.line, got, tt.want)
		}
	}
}

// What the server holds is asked for only on request.
func TestCompletionOfKeysOnRequest(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.set(t, "lock:job", "t", 0)
	s.set(t, "lock:else", "t", 0)
	s.push(t, "orders", "{}")
	environ := []string{"HOLDFAST_URL=" + s.flags[1]}
	for line, want := range map[string]string{
		"holdfast get locks ": "lock:else lock:job", "holdfast unlock lock:j": "lock:job", "holdfast flush ": "orders", "holdfast get overview ": "",
		"holdfast get nonsense ": "", "holdfast --url redis://127.0.0.1:1 get locks ": "",
	} {
		if got, _ := complete(t, environ, line); len(got) > 0 {
			t.Errorf("%q: %q unasked", line, got)
		}
		if got, files := complete(t, append(environ, "HOLDFAST_COMPLETION_KEYS=true"), line); files || strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	if a := holdfastWith(t, append(environ, "HOLDFAST_COMPLETION_KEYS=1"), "get", "actors", "-o", "json"); a.code != done {
		t.Errorf("%+v", a)
	}
}

// The script of bash, with what it takes from the package bash-completion, runs the binary.
func TestBashCompletes(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	home := t.TempDir()
	const shell = `
compopt() { :; } # works only while bash itself completes
_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_TYPE=9 COMP_POINT=${#COMP_LINE}
__start_holdfast
printf '%s\n' "${COMPREPLY[@]}"`
	script := holdfast(t, "completion", "bash").ok(t)
	for line, want := range map[string]string{"get loc": "locks", "get locks -o j": "json jsonl", "--view k": "kv"} {
		bash := exec.Command("bash", append([]string{"-c", script + shell, "bash", binary(t)}, strings.Split(line, " ")...)...)
		bash.Env = []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home, "PATH=" + os.Getenv("PATH")}
		out, err := bash.CombinedOutput()
		if got := strings.Join(strings.Fields(string(out)), " "); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", line, got, err, want)
		}
	}
}

func TestEachShellReadsItsScript(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		script := holdfast(t, "completion", shell).ok(t)
		if !strings.Contains(script, "__complete") || !strings.Contains(script, "holdfast") {
			t.Errorf("%s: %q", shell, script)
		}
		if _, err := exec.LookPath(shell); err != nil || shell == "powershell" {
			continue
		}
		if text, err := exec.Command(shell, "-n", file(t, script)).CombinedOutput(); err != nil || len(text) > 0 {
			t.Errorf("%s: %v: %s", shell, err, text)
		}
	}
	if a := holdfast(t, "completion", "tcsh"); a.code != wrongUsage || !strings.Contains(a.errors, `unknown shell "tcsh": one of bash zsh fish powershell`) {
		t.Errorf("exit %d, %q", a.code, a.errors)
	}
}
