//go:build linux

// Package rig runs the real binary in a pseudo-terminal, on a Redis server of its own, and sees what it shows: what the
// measurement and the pictures stand on.
package rig

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/charmbracelet/x/xpty"
)

const patience = time.Minute // for anything to show

// Terminal runs the dashboard and sees what it shows. Every chunk of output gets the time at which it was read, before
// the emulator works on it.
type Terminal struct {
	Cmd        *exec.Cmd
	Start      time.Time
	Ended      chan struct{} // closed when the command is gone
	Wide, High int

	pty xpty.Pty

	Mu     sync.Mutex // of what follows
	Screen *vt.Emulator
	Bytes  int64          // written to the terminal
	shows  func() bool    // what is waited for, asked after every chunk; nil for nothing
	seen   chan time.Time // capacity 1: when it showed
}

// Start starts a command that finds nothing of this user's settings.
func Start(wide, high int, home string, environ []string, binary string, args ...string) (*Terminal, error) {
	pty, err := xpty.NewPty(wide, high)
	if err != nil {
		return nil, err
	}
	x := &Terminal{
		pty: pty, Cmd: exec.Command(binary, args...), Ended: make(chan struct{}), Wide: wide, High: high,
		Screen: vt.NewEmulator(wide, high), seen: make(chan time.Time, 1),
	}
	x.Cmd.Dir = home
	x.Cmd.Env = append([]string{"TERM=xterm-256color", "HOME=" + home, "PATH=" + os.Getenv("PATH")}, environ...)
	x.Cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Pdeathsig: syscall.SIGKILL}
	x.Start = time.Now()
	if err := pty.Start(x.Cmd); err != nil {
		_ = pty.Close()
		return nil, err
	}
	go x.read()
	go io.Copy(pty, x.Screen) // what a terminal answers when it is asked
	go func() { defer close(x.Ended); _ = x.Cmd.Wait() }()
	return x, nil
}

// Close ends the command, if it still runs, and the terminal.
func (x *Terminal) Close() {
	_ = x.Cmd.Process.Kill()
	<-x.Ended
	_ = x.pty.Close()
	_ = x.Screen.InputPipe().(io.Closer).Close()
}

func (x *Terminal) read() {
	chunk := make([]byte, 1<<16)
	for {
		n, err := x.pty.Read(chunk)
		at := time.Now()
		x.Mu.Lock()
		_, _ = x.Screen.Write(chunk[:n])
		x.Bytes += int64(n)
		if x.shows != nil && x.shows() {
			x.shows = nil
			x.seen <- at
		}
		x.Mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Until waits until something shows, and tells when it did.
func (x *Terminal) Until(ctx context.Context, what string, shows func() bool) (time.Time, error) {
	x.Mu.Lock()
	if shows() {
		x.Mu.Unlock()
		return time.Now(), nil
	}
	x.shows = shows
	x.Mu.Unlock()
	return x.wait(ctx, what)
}

// Takes measures from before do to what then shows, and did not before.
func (x *Terminal) Takes(ctx context.Context, what string, do func() error, shows func() bool) (time.Duration, error) {
	x.Mu.Lock()
	early := shows()
	x.shows = shows
	x.Mu.Unlock()
	if early {
		return 0, fmt.Errorf("%s is on the screen too early:\n%s", what, x.Text())
	}
	start := time.Now()
	if err := do(); err != nil {
		return 0, err
	}
	at, err := x.wait(ctx, what)
	return at.Sub(start), err
}

func (x *Terminal) wait(ctx context.Context, what string) (time.Time, error) {
	select {
	case at := <-x.seen:
		return at, nil
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	case <-x.Ended:
		return time.Time{}, fmt.Errorf("holdfast ended before it showed %s:\n%s", what, x.Text())
	case <-time.After(patience):
		return time.Time{}, fmt.Errorf("%s does not show in %v:\n%s", what, patience, x.Text())
	}
}

// Types sends what keys send.
func (x *Terminal) Types(keys string) func() error {
	return func() error { _, err := io.WriteString(x.pty, keys); return err }
}

// Text is what is on the screen.
func (x *Terminal) Text() string {
	x.Mu.Lock()
	defer x.Mu.Unlock()
	return strings.TrimSpace(x.Screen.String())
}

// Line is one line of the screen, for those who hold Mu, as shows does.
func (x *Terminal) Line(y int) string {
	var b strings.Builder
	for at := range x.Wide {
		if c := x.Screen.CellAt(at, y); c != nil {
			b.WriteString(c.Content)
		}
	}
	return b.String()
}
