//go:build unix

package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
	"github.com/charmbracelet/x/vt"
	"github.com/charmbracelet/x/xpty"

	"holdfast/internal/redistest"
)

// The real binary in a real terminal: a pseudo-terminal whose output an emulator turns into a screen. Each step waits
// for what the screen then shows.

type terminal struct {
	t      *testing.T
	pty    xpty.Pty
	screen *vt.SafeEmulator
	cmd    *exec.Cmd
	before *term.State
	ended  chan error // of the command
	drawn  chan struct{}
	bytes  count // that reached it
}

// count counts what is written.
type count struct{ atomic.Int64 }

func (c *count) Write(b []byte) (int, error) {
	c.Add(int64(len(b)))
	return len(b), nil
}

const (
	wide = 140
	high = 36
)

// dashboard starts the command in a terminal.
func dashboard(t *testing.T, environ []string, args ...string) *terminal {
	t.Helper()
	return inTerminal(t, environ, exec.Command(binary(t), args...))
}

// inTerminal starts a command as the owner of a terminal.
func inTerminal(t *testing.T, environ []string, cmd *exec.Cmd) *terminal {
	t.Helper()
	pty, err := xpty.NewPty(wide, high)
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	x := &terminal{
		t: t, pty: pty, screen: vt.NewSafeEmulator(wide, high), cmd: cmd,
		ended: make(chan error, 1), drawn: make(chan struct{}),
	}
	x.cmd.Dir = home
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // it is told of a new size only as the owner of the terminal
	x.cmd.Env = append([]string{"TERM=xterm-256color", "HOME=" + home, "XDG_CONFIG_HOME=" + home, "PATH=" + os.Getenv("PATH")}, environ...)
	slave := pty.(*xpty.UnixPty).Slave() // held open, so that its state can be read when the command is gone
	if x.before, err = term.GetState(slave.Fd()); err != nil {
		t.Fatal(err)
	}
	if err := pty.Start(x.cmd); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(x.drawn)
		_, _ = io.Copy(io.MultiWriter(&x.bytes, x.screen), pty) // ends with the terminal
	}()
	go io.Copy(pty, x.screen) // what a terminal answers when it is asked
	go func() { x.ended <- x.cmd.Wait() }()
	t.Cleanup(func() {
		_ = x.cmd.Process.Kill()
		_ = pty.Close()
		_ = x.screen.InputPipe().(io.Closer).Close() // closing the emulator itself is a race with what reads from it
	})
	return x
}

func (x *terminal) text() string { return ansi.Strip(x.screen.Render()) }

// shows waits until all texts are on the screen.
func (x *terminal) shows(texts ...string) {
	x.t.Helper()
	x.until(fmt.Sprintf("%q are not on the screen", texts), func() bool {
		text := x.text()
		for _, want := range texts {
			if !strings.Contains(text, want) {
				return false
			}
		}
		return true
	})
}

// hides waits until none of the texts is on the screen.
func (x *terminal) hides(texts ...string) {
	x.t.Helper()
	x.until(fmt.Sprintf("some of %q are on the screen", texts), func() bool {
		text := x.text()
		for _, unwanted := range texts {
			if strings.Contains(text, unwanted) {
				return false
			}
		}
		return true
	})
}

// on waits until the cursor is on a row, whatever sign it has.
func (x *terminal) on(row string) {
	x.t.Helper()
	x.until("the cursor is not on "+row, func() bool {
		for _, sign := range []string{" ", "~", "*", "!"} {
			if strings.Contains(x.text(), ">"+sign+row) {
				return true
			}
		}
		return false
	})
}

func (x *terminal) until(otherwise string, ok func() bool) {
	x.t.Helper()
	if err := redistest.Poll(time.Minute, ok); err != nil {
		x.t.Fatalf("%s:\n%s", otherwise, x.text())
	}
}

// types sends what keys send.
func (x *terminal) types(keys string) {
	x.t.Helper()
	if _, err := io.WriteString(x.pty, keys); err != nil {
		x.t.Fatal(err)
	}
}

const (
	enter  = "\r"
	escape = "\x1b"
)

// see types keys and waits for what they lead to.
func (x *terminal) see(keys string, texts ...string) {
	x.t.Helper()
	x.types(keys)
	x.shows(texts...)
}

// leave types esc and waits until something is gone from a frame that is drawn to its last line: a screen that is just being
// drawn again shows nothing either, and a key that comes with the esc makes another key of the two.
func (x *terminal) leave(texts ...string) {
	x.t.Helper()
	x.types(escape)
	x.until(fmt.Sprintf("some of %q are on the screen", texts), func() bool {
		text := x.text()
		return strings.Contains(text, "? help") && !slices.ContainsFunc(texts, func(unwanted string) bool { return strings.Contains(text, unwanted) })
	})
}

func (x *terminal) resize(w, h int) {
	x.t.Helper()
	x.screen.Resize(w, h)
	if err := x.pty.Resize(w, h); err != nil {
		x.t.Fatal(err)
	}
}

// quits waits for the end of the command and looks at what it leaves behind.
func (x *terminal) quits() {
	x.t.Helper()
	select {
	case err := <-x.ended:
		if err != nil {
			x.t.Errorf("ended with %v:\n%s", err, x.text())
		}
	case <-time.After(20 * time.Second):
		x.t.Fatalf("does not end:\n%s", x.text())
	}
	after, err := term.GetState(x.pty.(*xpty.UnixPty).Slave().Fd())
	if err != nil || !reflect.DeepEqual(after, x.before) {
		x.t.Errorf("the terminal is left in another state: %v", err)
	}
	_ = x.pty.(*xpty.UnixPty).Slave().Close()
	<-x.drawn
	if x.screen.IsAltScreen() {
		x.t.Error("the alternate screen is left on")
	}
}

// script is an editor that changes one word of a file.
func script(t *testing.T, old, new string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "editor")
	text := fmt.Sprintf("#!/bin/sh\nsed -i 's/%s/%s/' \"$1\"\n", old, new)
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// stock is a little of every kind.
func (s server) stock(t *testing.T) {
	t.Helper()
	s.push(t, "orders", `{"id":1}`, `{"id":2}`)
	g, err := s.core.GenStore("user", 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if _, err := g.Bump(ctx, "u1"); err != nil {
			t.Fatal(err)
		}
	}
	s.set(t, "actor:a1", actorA1, 0)
	s.set(t, "worker:ns:pool:pod-0", worker, 0)
	if ok, err := s.core.Actors.AcquireLock(ctx, "lock:nightly", "cron-1", time.Hour); !ok || err != nil {
		t.Fatal(ok, err)
	}
	s.create(t, "cfg", "leader", "host-4", time.Hour)
}

func (s server) value(t *testing.T, key string) string {
	t.Helper()
	v, err := s.c.Get(ctx, key).Result()
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return v
}

func (s server) exists(t *testing.T, key string) bool {
	t.Helper()
	n, err := s.c.Exists(ctx, key).Result()
	if err != nil {
		t.Fatal(err)
	}
	return n == 1
}

// tour looks at every view.
func (x *terminal) tour() {
	x.t.Helper()
	for _, step := range [][]string{
		{"2", "[2 Buffers 1]", "> orders"}, {"3", "[3 Generations 1]", "> u1"}, {"4", "[4 Actors 1]", "> a1"}, {"5", "[5 Workers 1]", "> pod-0"},
		{"6", "[6 Locks 1]", "> lock:nightly"}, {"7", "[7 Leases 1]", "cfg"}, {"8", "[8 Records 1]", "> leader", "host-4"}, {"1", "[1 Over", "WHAT"},
	} {
		x.see(step[0], step[1:]...)
	}
}

func TestDashboard(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, "--appendonly", "yes")
	s := newServer(t, redis.Client(t))
	s.stock(t)
	dir := t.TempDir()
	audit := filepath.Join(dir, "audit.jsonl")
	x := dashboard(t, []string{"EDITOR=" + script(t, "host-4", "host-9")}, append(s.flags, "--flush-dir", dir, "--audit-file", audit, "--refresh", "200ms")...)

	x.shows("[1 Overview]", "single", "redis ", "LIVE (pushed)")
	x.tour()
	x.see("?", "Keys of Overview", "show the keys that work here")
	x.leave("Keys of Overview")
	x.see("4/", " enter ", "esc")
	x.see("zzz", "Nothing matches zzz")
	x.see("\x7f\x7f\x7fa1"+enter, "> a1", "row 1 of 1")
	x.see(enter, "Actors a1", "Raw keys", `"actorId": "a1"`, "> worker")
	x.see(enter, "Workers ns:pool:pod-0")
	x.leave("Workers ns:pool:pod-0")
	x.leave("Raw keys")
	x.see(":", "Go to a view or do something")
	x.see("leases"+enter, "[7 Leases 1]")
	x.see("c", "Commands sent")
	x.leave("Commands sent")

	// Each action, asked first.
	x.see("3b", "EVALSHA (bump) gen:user:u1", "> yes <")
	x.leave("EVALSHA (bump)")
	x.see("b", "> yes <")
	x.see("y", "done: user:u1 is at generation 5")
	if got := s.value(t, "gen:user:u1"); got != "5" {
		t.Errorf("the generation is %s", got)
	}
	x.see("2f", "flush orders", "> no <")
	x.see("y", "done: flushed 2 records of orders", "[2 Buffers 0]")
	if files, _ := listed(t, dir); len(files) != 2 { // the audit file is the other one
		t.Errorf("files %v", files)
	}
	x.see("6l", "take a lock")
	x.see("e2e"+enter, "take lock:e2e for 30s", "> yes <")
	x.see("y", "done: took lock:e2e", "[6 Locks 2]")
	x.types("g")
	x.on("lock:e2e")
	x.see("u", "release lock:e2e", "> no <")
	x.see("y", "done: released lock:e2e", "[6 Locks 1]")
	if s.exists(t, "lock:e2e") {
		t.Error("the lock is still held")
	}
	x.see("8e", "-host-4", "+host-9", "> yes <") // the editor came and went
	x.see("y", "done: saved cfg:leader, version 3")
	x.on("leader")
	x.see("z", "undo the edit of cfg:leader")
	x.see("y", "done: saved cfg:leader, version 4")
	x.until("version 4 is not on the screen", func() bool { return strings.Contains(x.row("> leader"), " 4 ") }) // the one that d is for
	x.see("d", "delete cfg:leader", "> no <")
	x.see("y", "done: deleted cfg:leader", "No records here.")

	x.resize(20, 5)
	x.shows("terminal too small:", "20x5, need 40x10")
	x.resize(wide, high)
	x.shows("[8 Records 0]", "No records here.")

	redis.Kill()
	x.shows("STALE ", "no answer, next try in")
	x.see("4", "> a1") // the old rows stay
	redis.Restart(t)
	s.set(t, "actor:a3", strings.ReplaceAll(actorA1, `"a1"`, `"a3"`), 0)
	x.see("r", "filter a1 hides 1") // not waiting for the next try
	x.see(escape, "a3")
	x.hides("STALE")

	text, err := os.ReadFile(audit)
	if err != nil || strings.Count(string(text), "\n") != 7 || strings.Contains(string(text), `"failed"`) {
		t.Errorf("audit file: %v\n%s", err, text)
	}
	x.types("q")
	x.quits()
}

func TestDashboardOnACluster(t *testing.T) {
	s := newServer(t, redistest.Cluster(t))
	s.stock(t)
	x := dashboard(t, nil, s.flags...)
	x.shows("[1 Overview]", "cluster of 3", "LIVE (pushed)")
	x.tour()
	x.see("3b", "> yes <")
	x.see("y", "done: user:u1 is at generation 5")
	x.see("8e", "edit cfg:leader", "host-4") // without $EDITOR
	x.see("new-\x1bOQ", "+new-host-4", "> yes <")
	x.see("y", "done: saved cfg:leader", "new-host-4")
	x.types("q")
	x.quits()
}

func TestDashboardReadOnly(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.stock(t)
	before := s.everything(t)
	x := dashboard(t, nil, append(s.flags, "--read-only", "--view", "generations")...)
	x.shows("READ-ONLY", "> u1")
	for _, step := range [][]string{{"b", "refused: bump user:u1"}, {"2f", "refused: flush orders"}, {"8e", "refused: edit cfg:leader"}, {"8d", "refused: delete cfg:leader"}, {"6u", "refused: unlock lock:nightly"}} {
		x.see(step[0], step[1], "this connection is read-only")
	}
	if after := s.everything(t); !reflect.DeepEqual(after, before) {
		t.Errorf("the keyspace changed:\n%q\n%q", before, after)
	}
	// A hangup ends it as well.
	if err := x.cmd.Process.Signal(syscall.SIGHUP); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	x.quits()
}

// What was filtered for in one run is a key away in the next; a file of them that is broken keeps none from starting.
func TestFiltersSurviveARestart(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.stock(t)
	state := t.TempDir()
	again := func() *terminal {
		return dashboard(t, []string{"XDG_STATE_HOME=" + state}, append(s.flags, "--view", "actors")...)
	}
	file := filepath.Join(state, "holdfast", "filters.toml")

	x := again()
	x.shows("> a1")
	x.see("/actor:a1"+enter, "row 1 of 1")
	x.types("q")
	x.quits()
	if text, err := os.ReadFile(file); err != nil || string(text) != "actors = [\"actor:a1\"]\n" {
		t.Fatalf("kept %q, %v", text, err)
	}

	x = again()
	x.shows("> a1")
	x.see("/\x1b[A", "/actor:a1")
	x.types("\x03")
	x.quits()

	if err := os.WriteFile(file, []byte("actors = ["), 0o600); err != nil {
		t.Fatal(err)
	}
	x = again()
	x.shows("> a1", "the filters of earlier runs are unreadable and ignored")
	x.types("q")
	x.quits()
}

// Over a slow line little may be written: a cell that changes is not a screen, and what stands still is nothing.
func TestAChangeWritesLittle(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.stock(t)
	g, err := s.core.GenStore("user", 0)
	if err != nil {
		t.Fatal(err)
	}
	x := dashboard(t, nil, append(s.flags, "--view", "generations")...)
	x.shows("LIVE (pushed)", "> u1")
	whole := x.bytes.Load()

	before := x.bytes.Load()
	if _, err := g.Bump(ctx, "u1"); err != nil {
		t.Fatal(err)
	}
	x.until("the new version is not on the screen", func() bool { return strings.Contains(x.row("u1"), " 5 ") })
	if wrote := x.bytes.Load() - before; wrote > 400 || whole < 2*wrote {
		t.Errorf("one cell changed and %d bytes were written; the whole screen was %d", wrote, whole)
	}
	x.types("q")
	x.quits()
}

// row is the line of the screen with a text.
func (x *terminal) row(with string) string {
	for l := range strings.Lines(x.text()) {
		if strings.Contains(l, with) {
			return l
		}
	}
	return ""
}
