//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"
)

// HasShell tells whether somebody can wake us up again. Those who belong to the leader of the session are their own shell:
// the system would not even stop them.
func HasShell() bool {
	leader, err := unix.Getsid(0)
	return err == nil && leader != syscall.Getpgrp()
}

// WatchContinue tells the program whenever the process goes on after it was stopped.
func WatchContinue(p *tea.Program) (stop func()) {
	went := make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(went, syscall.SIGCONT)
	go func() {
		for {
			select {
			case <-went:
				p.Send(ContinuedMsg{})
			case <-done:
				return
			}
		}
	}()
	return func() { signal.Stop(went); close(done) }
}
