//go:build !unix

package tui

import tea "charm.land/bubbletea/v2"

func hasShell() bool { return false }

func watchContinue(*tea.Program) (stop func()) { return func() {} }
