//go:build unix

package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/charmbracelet/x/term"

	"holdfast/internal/redistest"
)

// The dashboard as a job of a shell: it is stopped and goes on, whatever is open, and each of the two has the terminal as
// it wants it.

// shell runs a command as its job. Whenever that is stopped it takes the terminal back, as the shells of people do, says so,
// and goes on with the job at enter.
const shell = `
n=0 saved=$(stty -g)
sh -c 'echo $$ >pid; exec "$@"' job "$@"
while jobs >jobs; test -s jobs; do
	stty "$saved"
	if test -e untidy; then printf '\033[?1049l\033[2J\033[H'; fi
	n=$((n + 1))
	echo "at the shell $n"
	read -r line
	fg
done
`

const (
	atShell = "at the shell"
	suspend = "\x1a"
)

// underShell starts the dashboard as a job of a shell, and says how to signal it.
func underShell(t *testing.T, environ []string, args ...string) (x *terminal, signal func(syscall.Signal)) {
	t.Helper()
	x = inTerminal(t, environ, exec.Command("sh", append([]string{"-mc", shell, "shell", binary(t)}, args...)...))
	pid := func() int {
		text, _ := os.ReadFile(filepath.Join(x.cmd.Dir, "pid"))
		n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return n
	}
	t.Cleanup(func() {
		if n := pid(); n > 0 {
			_ = syscall.Kill(n, syscall.SIGKILL) // the end of the shell does not end a job that is stopped
		}
	})
	return x, func(s syscall.Signal) {
		t.Helper()
		if err := syscall.Kill(pid(), s); err != nil {
			t.Fatal(err)
		}
	}
}

// asAtFirst tells whether the terminal is in the modes that it had before the command.
func (x *terminal) asAtFirst() bool {
	x.t.Helper()
	now, err := term.GetState(x.pty.Fd())
	if err != nil {
		x.t.Fatal(err)
	}
	return reflect.DeepEqual(now, x.before)
}

// What may be open when it is stopped: it is shown again, and goes on from there.
var stoppedIn = []struct {
	name, keys string
	shown      []string
	on         func(*terminal)
}{
	{"table", "4", []string{"[4 Actors 1]", "> a1"}, func(*terminal) {}},
	{"detail", "4" + enter, []string{"Raw keys"}, func(x *terminal) { x.leave("Raw keys") }},
	{"confirmation", "2f", []string{"flush orders", "> no <"}, func(x *terminal) { x.leave("> no <") }},
	{"form", "6lhalf", []string{"take a lock", "half"}, func(x *terminal) { x.see("way", "halfway"); x.leave("take a lock") }},
	{"filter", "4/a", []string{"/a", " enter "}, func(x *terminal) { x.see("1"+enter, "row 1 of 1") }},
	{"help", "?", []string{"Keys of Overview"}, func(x *terminal) { x.leave("Keys of Overview") }},
	{"too small", "", []string{"terminal too small"}, func(x *terminal) { x.resize(wide, high); x.shows("[1 Overview]") }},
}

// stopsTwice stops the dashboard and goes on with it; what was set up anew can be left again.
func (x *terminal) stopsTwice(stop func(), shown ...string) {
	x.t.Helper()
	for n := range 2 {
		stop()
		x.shows(fmt.Sprint(atShell, " ", n+1))
		x.until("the shell does not have the terminal as it was", func() bool { return !x.screen.IsAltScreen() && x.asAtFirst() })
		x.types(enter)
		x.hides(atShell)
		x.shows(shown...)
	}
}

func TestStoppedAndContinued(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.stock(t)
	for how, stop := range map[string]func(*terminal, func(syscall.Signal)){
		"ctrl+z":  func(x *terminal, _ func(syscall.Signal)) { x.types(suspend) },
		"SIGSTOP": func(_ *terminal, signal func(syscall.Signal)) { signal(syscall.SIGSTOP) },
	} {
		for _, state := range stoppedIn {
			t.Run(how+"/"+state.name, func(t *testing.T) {
				x, signal := underShell(t, nil, s.flags...)
				x.shows("[1 Overview]", "LIVE (pushed)")
				if how == "SIGSTOP" { // leaves no time to tidy up
					if err := os.WriteFile(filepath.Join(x.cmd.Dir, "untidy"), nil, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if state.name == "too small" {
					x.resize(20, 5)
				}
				x.see(state.keys, state.shown...)
				x.stopsTwice(func() { stop(x, signal) }, state.shown...)
				state.on(x)
				x.see("6", "[6 Locks 1]", "> lock:nightly", "LIVE (pushed)")
				if !x.screen.IsAltScreen() || x.asAtFirst() {
					t.Error("the dashboard does not have the terminal as it needs it")
				}
				x.types("q")
				x.quits()
			})
		}
	}
}

// An editor has the terminal as the shell had it: the system itself stops it, and the dashboard with it.
func TestTheEditorIsStoppedWithTheDashboard(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.stock(t)
	editor := filepath.Join(t.TempDir(), "editor")
	text := `printf '\033[2J'; until test "$line" = done; do echo an editor is open; read -r line; done; sed -i 's/host-4/host-9/' "$1"`
	if err := os.WriteFile(editor, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	x, _ := underShell(t, []string{"EDITOR=" + editor}, s.flags...)
	x.shows("[1 Overview]", "LIVE (pushed)")
	x.see("8e", "an editor is open")
	x.types(suspend)
	x.shows(atShell)
	x.types(enter)
	x.see("done"+enter, "+host-9", "> yes <")
	x.see("y", "done: saved cfg:leader")
	x.types("q")
	x.quits()
}
