package tui_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/operate"
	"holdfast/internal/redistest"
	"holdfast/keymap"
	"holdfast/themes"
	"holdfast/tui"
	"holdfast/views"
)

// output is what a program writes, and may be read meanwhile.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

func (o *output) has(text string) func() bool {
	return func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return strings.Contains(o.b.String(), text)
	}
}

// running is a dashboard as a program, without a terminal.
type running struct {
	core *core.Core
	out  output
	keys io.Writer
	end  chan error
	next string // set before end
	stop context.CancelFunc
}

func start(t *testing.T, view string, fill func(*world), others ...tui.Connections) *running {
	t.Helper()
	_, mini := redistest.Mini(t)
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{"redis://" + mini.Addr()}}, Refresh: 20 * time.Millisecond})
	must(t, err)
	t.Cleanup(func() { c.Close() })
	fill(&world{t: t, core: c, mini: mini})
	op, err := operate.New(c, operate.Options{})
	must(t, err)
	keys, err := keymap.New(nil)
	must(t, err)
	in, typed, err := os.Pipe() // a file, as an editor wants it
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	connections := tui.Connections{}
	if len(others) > 0 {
		connections = others[0]
	}
	r := &running{core: c, keys: typed, end: make(chan error, 1), stop: stop}
	t.Cleanup(func() { stop(); typed.Close(); in.Close() })
	go func() {
		next, err := tui.Run(ctx, tui.Config{
			Views: views.All().Frames(), Live: c.Live, Operator: op, Conn: c.Conn, Keys: keys, Start: view, Theme: themes.Default, Connections: connections,
		}, tea.WithInput(in), tea.WithOutput(&r.out), tea.WithWindowSize(100, 30), tea.WithoutSignals(), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
		r.next = next
		r.end <- err
	}()
	return r
}

func (r *running) types(t *testing.T, text string) {
	t.Helper()
	_, err := io.WriteString(r.keys, text)
	must(t, err)
}

func (r *running) ends(t *testing.T) {
	t.Helper()
	select {
	case err := <-r.end:
		must(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
	}
}

// The poller brings what changes on the server to the screen by itself, and q ends all of it.
func TestRun(t *testing.T) {
	r := start(t, "locks", func(w *world) { w.lock("lock:first", "token-1", time.Hour) })
	redistest.Eventually(t, "the first row is shown", r.out.has("lock:first"))
	must(t, r.core.Conn.Set(ctx, "lock:second", "token-2", time.Hour).Err())
	redistest.Eventually(t, "what changed is shown", r.out.has("lock:second"))
	r.types(t, "q")
	r.ends(t)
}

// The end of the context, as by a hangup, ends it in good order.
func TestRunEndsWithItsContext(t *testing.T) {
	r := start(t, "overview", func(*world) {})
	redistest.Eventually(t, "the overview is shown", r.out.has("buffers"))
	r.stop()
	r.ends(t)
}

// An editor gets the text in a file that only this user can read and that does not stay; what it leaves there is saved.
func TestRunEditor(t *testing.T) {
	tmp := t.TempDir()
	editor, seen := filepath.Join(t.TempDir(), "editor"), filepath.Join(t.TempDir(), "seen")
	must(t, os.WriteFile(editor, []byte("#!/bin/sh\nstat -c '%a %n' \"$2\" > "+seen+"\nprintf 'edited' > \"$2\"\nexit \"$1\"\n"), 0o700))
	t.Setenv("TMPDIR", tmp)
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", editor+" 0")
	r := start(t, "records", func(w *world) { w.record("cfg", "leader", "host-4", 0) })
	redistest.Eventually(t, "the row is shown", r.out.has("host-4"))
	r.types(t, "e")
	redistest.Eventually(t, "the edit is asked for", r.out.has("+edited"))
	r.types(t, "y")
	redistest.Eventually(t, "it is saved", r.out.has("saved cfg:leader"))

	text, err := os.ReadFile(seen)
	must(t, err)
	if !strings.HasPrefix(string(text), "600 "+tmp+"/holdfast-") || !strings.HasSuffix(string(text), ".txt\n") {
		t.Errorf("the editor saw %q", text)
	}
	left, err := os.ReadDir(tmp)
	must(t, err)
	if len(left) > 0 {
		t.Errorf("%v stays behind", left)
	}

	t.Setenv("EDITOR", editor+" 3") // it fails, but has changed the text
	must(t, os.WriteFile(editor, []byte("#!/bin/sh\nprintf 'half' > \"$2\"\nexit \"$1\"\n"), 0o700))
	r.types(t, "e")
	redistest.Eventually(t, "the text is kept", r.out.has("exit status 3"))
	r.types(t, "\x03")
	r.ends(t)
}
