// Package print writes structured data as a table, JSON, JSON Lines or CSV. It holds no more of it than what is being
// written, however much there is, and it knows no view: whoever prints gives the names of fields and values of plain types.
package print

import (
	"fmt"
	"io"

	"github.com/charmbracelet/x/term"

	"holdfast/internal/text"
)

// Format is how data is written.
type Format string

// The formats of -o.
const (
	Table Format = "table"
	JSON  Format = "json"
	JSONL Format = "jsonl"
	CSV   Format = "csv"
)

// ParseFormat reads the argument of -o.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case Table, JSON, JSONL, CSV:
		return f, nil
	}
	return "", fmt.Errorf("unknown format %q: one of table json jsonl csv", s)
}

// Printer is how data is written and where.
type Printer struct {
	Format
	Out io.Writer
	Raw bool // CSV cells that a spreadsheet would run stay as they are
}

// Lines writes names, a line each, as they are; on a terminal they are clean.
func Lines(w io.Writer, names ...string) error {
	for _, name := range names {
		if isTerminal(w) {
			name = text.Clean(name)
		}
		if _, err := fmt.Fprintln(w, name); err != nil {
			return err
		}
	}
	return nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(f.Fd())
}
