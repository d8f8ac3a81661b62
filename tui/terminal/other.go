//go:build !unix

package terminal

import tea "charm.land/bubbletea/v2"

// HasShell tells whether somebody can wake us up again.
func HasShell() bool { return false }

// WatchContinue tells the program whenever the process goes on after it was stopped.
func WatchContinue(*tea.Program) (stop func()) { return func() {} }
