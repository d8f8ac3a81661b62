//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/charmbracelet/x/xpty"
)

const (
	wide = 160
	high = 45

	firstRow  = 3        // line of the first row: below header, tabs and column titles
	lastRow   = high - 4 // above status, message and key hints
	statusRow = high - 3

	patience = time.Minute // for anything to show
)

// terminal runs the dashboard and sees what it shows. Every chunk of output gets the time at which it was read, before
// the emulator works on it.
type terminal struct {
	pty   xpty.Pty
	cmd   *exec.Cmd
	start time.Time
	ended chan struct{} // closed when the command is gone

	mu     sync.Mutex
	screen *vt.Emulator
	bytes  int64          // written to the terminal
	shows  func() bool    // what is waited for, asked after every chunk; nil for nothing
	seen   chan time.Time // capacity 1: when it showed
}

func startTerminal(home, binary string, args ...string) (*terminal, error) {
	pty, err := xpty.NewPty(wide, high)
	if err != nil {
		return nil, err
	}
	x := &terminal{
		pty: pty, cmd: exec.Command(binary, args...), ended: make(chan struct{}),
		screen: vt.NewEmulator(wide, high), seen: make(chan time.Time, 1),
	}
	x.cmd.Dir = home
	x.cmd.Env = []string{"TERM=xterm-256color", "HOME=" + home, "PATH=" + os.Getenv("PATH")}
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Pdeathsig: syscall.SIGKILL}
	x.start = time.Now()
	if err := pty.Start(x.cmd); err != nil {
		_ = pty.Close()
		return nil, err
	}
	go x.read()
	go io.Copy(pty, x.screen) // what a terminal answers when it is asked
	go func() { defer close(x.ended); _ = x.cmd.Wait() }()
	return x, nil
}

// close ends the command, if it still runs, and the terminal.
func (x *terminal) close() {
	_ = x.cmd.Process.Kill()
	<-x.ended
	_ = x.pty.Close()
	_ = x.screen.InputPipe().(io.Closer).Close()
}

func (x *terminal) read() {
	chunk := make([]byte, 1<<16)
	for {
		n, err := x.pty.Read(chunk)
		at := time.Now()
		x.mu.Lock()
		_, _ = x.screen.Write(chunk[:n])
		x.bytes += int64(n)
		if x.shows != nil && x.shows() {
			x.shows = nil
			x.seen <- at
		}
		x.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// until waits until something shows, and tells when it did.
func (x *terminal) until(ctx context.Context, what string, shows func() bool) (time.Time, error) {
	x.mu.Lock()
	if shows() {
		x.mu.Unlock()
		return time.Now(), nil
	}
	x.shows = shows
	x.mu.Unlock()
	return x.wait(ctx, what)
}

// takes measures from before do to what then shows, and did not before.
func (x *terminal) takes(ctx context.Context, what string, do func() error, shows func() bool) (time.Duration, error) {
	x.mu.Lock()
	early := shows()
	x.shows = shows
	x.mu.Unlock()
	if early {
		return 0, fmt.Errorf("%s is on the screen too early:\n%s", what, x.text())
	}
	start := time.Now()
	if err := do(); err != nil {
		return 0, err
	}
	at, err := x.wait(ctx, what)
	return at.Sub(start), err
}

func (x *terminal) wait(ctx context.Context, what string) (time.Time, error) {
	select {
	case at := <-x.seen:
		return at, nil
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	case <-x.ended:
		return time.Time{}, fmt.Errorf("holdfast ended before it showed %s:\n%s", what, x.text())
	case <-time.After(patience):
		return time.Time{}, fmt.Errorf("%s does not show in %v:\n%s", what, patience, x.text())
	}
}

// types sends what keys send.
func (x *terminal) types(keys string) func() error {
	return func() error { _, err := io.WriteString(x.pty, keys); return err }
}

func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return strings.TrimSpace(x.screen.String())
}

// What follows looks at the screen for those who hold mu, as shows does.

func (x *terminal) line(y int) string {
	var b strings.Builder
	for at := range wide {
		if c := x.screen.CellAt(at, y); c != nil {
			b.WriteString(c.Content)
		}
	}
	return b.String()
}

var place = regexp.MustCompile(`row ([\d,]+) of ([\d,]+)`)

// row is the place of the cursor and the number of rows, as the status line says; zeros if it does not.
func (x *terminal) row() (at, of int) {
	m := place.FindStringSubmatch(x.line(statusRow))
	if m == nil {
		return 0, 0
	}
	number := func(s string) int { n, _ := strconv.Atoi(strings.ReplaceAll(s, ",", "")); return n }
	return number(m[1]), number(m[2])
}

var shown = regexp.MustCompile(`\b(a\d{7}) .* (\d+) +-\s*$`) // an actor, and its version before the atespace it has not

// rows are the versions of the actors on the screen, by id.
func (x *terminal) rows() map[string]string {
	found := map[string]string{}
	for y := firstRow; y <= lastRow; y++ {
		if m := shown.FindStringSubmatch(x.line(y)); m != nil {
			found[m[1]] = m[2]
		}
	}
	return found
}

// cpu is the time that the command has computed; resident and peak are its memory in bytes.
func (x *terminal) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", x.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return parseStat(string(text)), nil
}

// parseStat adds utime and stime, the 14th and 15th field; the second may hold blanks, in parentheses.
func parseStat(text string) time.Duration {
	const hz = 100 // of every Linux that Go runs on
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / hz
}

func (x *terminal) memory() (resident, peak int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", x.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	resident, peak = parseStatus(string(text))
	return resident, peak, nil
}

func parseStatus(text string) (resident, peak int64) {
	for line := range strings.Lines(text) {
		switch f := strings.Fields(line); {
		case len(f) < 2:
		case f[0] == "VmRSS:":
			resident, _ = strconv.ParseInt(f[1], 10, 64)
		case f[0] == "VmHWM:":
			peak, _ = strconv.ParseInt(f[1], 10, 64)
		}
	}
	return resident << 10, peak << 10
}
