package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Bash splits a line at = and :, too, and replaces what stands behind the last of them; where it is told not to split at =,
// it replaces the whole word.
func TestBashCompletesValuesBehindAnEqualsSign(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	script := holdfast(t, "completion", "bash").ok(t)
	const shell = `COMP_LINE=$0 COMP_POINT=${#0} COMP_WORDBREAKS=$1; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _holdfast; printf '%s\n' "${COMPREPLY[@]}"`
	for _, tt := range []struct {
		line  string
		words []string // as bash splits them
		want  string
	}{
		{"holdfast --view=lo", []string{"holdfast", "--view", "=", "lo"}, "locks"},
		{"holdfast --view=", []string{"holdfast", "--view", "="}, "actors buffers generations kv leases locks overview records workers"},
		{"holdfast get locks -o j", []string{"holdfast", "get", "locks", "-o", "j"}, "json jsonl"},
		{"holdfast --output=js get ", []string{"holdfast", "--output", "=", "js", "get", ""}, "actors buffers generations kv leases locks overview records workers"},
		{"holdfast --url redis://h:1 get rec", []string{"holdfast", "--url", "redis", ":", "//h", ":", "1", "get", "rec"}, "records"},
		{"holdfast --url=redis://h:1 ba", []string{"holdfast", "--url", "=", "redis", ":", "//h", ":", "1", "ba"}, "backup"},
	} {
		for _, breaks := range []string{" =:", " "} {
			want := strings.Fields(tt.want)
			if flag, _, ok := strings.Cut(tt.line[strings.LastIndex(tt.line, " ")+1:], "="); ok && breaks == " " {
				for i := range want {
					want[i] = flag + "=" + want[i]
				}
			}
			out, err := exec.Command("bash", append([]string{"-c", script + shell, tt.line, breaks}, tt.words...)...).CombinedOutput()
			got := strings.Fields(string(out))
			slices.Sort(got)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%q, words end at %q: %q, %v; want %q", tt.line, breaks, got, err, want)
			}
		}
	}
}

// complete asks bash what a command line could go on with.
func complete(t *testing.T, script, line string) []string {
	t.Helper()
	words := strings.Split(line, " ")
	program := script + "\nCOMP_WORDS=(\"$@\")\nCOMP_CWORD=$(($# - 1))\n_holdfast\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n"
	bash := exec.Command("bash", append([]string{"-c", program, "bash"}, words...)...)
	bash.Dir = t.TempDir()
	bash.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "HOLDFAST_") })
	out, err := bash.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v: %s", line, err, out)
	}
	return strings.Fields(string(out))
}

func TestBashCompletesWhatMayStand(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	script := holdfast(t, "completion", "bash").ok(t)
	for line, want := range map[string]string{
		"holdfast ba":                        "backup",
		"holdfast re":                        "restore replicate",
		"holdfast --url redis://h get rec":   "records",
		"holdfast get a":                     "actors",
		"holdfast get actors a":              "",
		"holdfast edit ":                     "actors workers records kv",
		"holdfast completion ":               "bash zsh fish",
		"holdfast get -o j":                  "json jsonl",
		"holdfast get actors --output c":     "csv",
		"holdfast --theme hi":                "high-contrast",
		"holdfast --view k":                  "kv",
		"holdfast get --wa":                  "--watch",
		"holdfast bump --wa":                 "",
		"holdfast --read":                    "--read-only",
		"holdfast restore db file --rep":     "--replace",
		"holdfast replicate --":              "--cluster --config --db --from --help --log-file --max-memory --name --password-file --read-only --refresh --replace --scan-budget --sentinel-master --tls-ca --tls-cert --tls-key --tls-server-name --to --username",
		"holdfast bump ns ":                  "",
		"holdfast --cluster --read-only unl": "unlock",
	} {
		got, want := complete(t, script, line), strings.Fields(want)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	var names []string
	for _, v := range verbs() {
		if v.name != "" {
			names = append(names, v.name)
		}
	}
	if got := complete(t, script, "holdfast "); !slices.Equal(got, names) {
		t.Errorf("%q, want %q", got, names)
	}
}

// The names of connections come from the configuration file, as it is then.
func TestBashCompletesConnections(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, "holdfast"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "[connections.prod]\nurl = 'redis://h'\n[connections.dev]\nurl = 'redis://h'\n[connections.preview]\nurl = 'redis://h'\n"
	if err := os.WriteFile(filepath.Join(home, "holdfast", "config.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CONFIG_HOME", home)
	script := holdfast(t, "completion", "bash").ok(t)
	if got := complete(t, script, binary(t)+" get locks --connection pr"); !slices.Equal(got, []string{"preview", "prod"}) {
		t.Errorf("%q", got)
	}
}

func TestEachShellReadsItsScript(t *testing.T) {
	for shell := range strings.FieldsSeq(shells) {
		script := holdfast(t, "completion", shell).ok(t)
		for _, word := range []string{"replicate", "generations", "high-contrast", "sentinel-master"} {
			if !strings.Contains(script, word) {
				t.Errorf("%s: nothing on %s", shell, word)
			}
		}
		if _, err := exec.LookPath(shell); err != nil {
			continue
		}
		if text, err := exec.Command(shell, "-n", file(t, script)).CombinedOutput(); err != nil || len(text) > 0 {
			t.Errorf("%s: %v: %s", shell, err, text)
		}
	}
	if a := holdfast(t, "completion", "tcsh"); a.code != wrongUsage || !strings.Contains(a.errors, `unknown shell "tcsh": one of bash zsh fish`) {
		t.Errorf("exit %d, %q", a.code, a.errors)
	}
}
