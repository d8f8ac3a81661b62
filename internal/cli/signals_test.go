//go:build unix

package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"holdfast/internal/redistest"
)

// Every signal that asks the dashboard to end does, whatever is open, and the terminal is as it was.
func TestEverySignalEndsTheDashboard(t *testing.T) {
	t.Parallel()
	audit := filepath.Join(t.TempDir(), "audit")
	states := []struct {
		name string
		open func(*terminal, *redistest.Server)
	}{
		{"table", func(*terminal, *redistest.Server) {}},
		{"confirmation", func(x *terminal, _ *redistest.Server) { x.see("2f", "flush orders", "> no <") }},
		{"form", func(x *terminal, _ *redistest.Server) { x.see("6l", "take a lock") }},
		{"filter", func(x *terminal, _ *redistest.Server) { x.see("4/", " enter ", "esc") }},
		{"editor", func(x *terminal, _ *redistest.Server) { x.see("8e", "an editor is open") }},
		{"no answer", func(x *terminal, s *redistest.Server) { s.Pause(); x.shows("STALE ") }},
		{"action without an answer", func(x *terminal, s *redistest.Server) {
			x.see("3b", "> yes <")
			s.Pause()
			x.see("y", "bump user:u1…")
		}},
	}
	t.Cleanup(func() { // What may have happened is in the trail: it is written before the end.
		text, err := os.ReadFile(audit)
		if err != nil || strings.Count(string(text), "\n") != 3 || strings.Count(string(text), `"result":"unknown"`) != 3 {
			t.Errorf("audit file: %v\n%s", err, text)
		}
	})
	for _, state := range states {
		for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
			t.Run(fmt.Sprintf("%s/%s", state.name, signal), func(t *testing.T) {
				t.Parallel()
				redis := redistest.Start(t)
				s := newServer(t, redis.Client(t))
				s.stock(t)
				editor := "EDITOR=echo an editor is open; exec sleep 1000 #"
				x := dashboard(t, []string{editor}, append(s.flags, "--audit-file", audit, "--flush-dir", t.TempDir())...)
				x.shows("[1 Overview]", "LIVE (pushed)")
				state.open(x, redis)
				t.Cleanup(redis.Resume)
				if err := x.cmd.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				x.quits()
			})
		}
	}
}
