package operate

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"holdfast/core/conn"
)

// trail is the audit file: one JSON object a line, appended and synced before the operator is told.
type trail struct {
	mu sync.Mutex
	f  *os.File // nil: no trail
}

type auditEntry struct {
	At      time.Time `json:"at"`
	User    string    `json:"user,omitempty"`
	Server  string    `json:"server"`
	Verb    Verb      `json:"verb"`
	Kind    string    `json:"kind"`
	ID      string    `json:"id"`
	Result  string    `json:"result"` // done, refused or failed
	Error   string    `json:"error,omitempty"`
	Summary string    `json:"summary"`
	Before  any       `json:"before,omitempty"`
	After   any       `json:"after,omitempty"`
	TookMS  int64     `json:"took_ms"`
}

func openTrail(path string) (*trail, error) {
	if path == "" {
		return &trail{}, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("audit file: %w", err)
	}
	return &trail{f: f}, nil
}

func (t *trail) close() error {
	if t.f == nil {
		return nil
	}
	return t.f.Close()
}

func entryOf(start time.Time, server string, a Action, out Outcome, err error) auditEntry {
	e := auditEntry{
		At: start.UTC(), User: os.Getenv("USER"), Server: server, Verb: a.Verb, Kind: string(a.Kind), ID: printable(a.ID),
		Result: "done", Summary: a.Summary, Before: out.Before, After: out.After, TookMS: time.Since(start).Milliseconds(),
	}
	if err != nil {
		e.Result, e.Error = "failed", err.Error()
		if errors.Is(err, conn.ErrPrecondition) {
			e.Result = "refused"
		}
	}
	return e
}

func (t *trail) write(e auditEntry) error {
	if t.f == nil {
		return nil
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, err := t.f.Write(append(line, '\n')); err != nil {
		return err
	}
	return t.f.Sync()
}

// text puts a value into the audit trail: as it is where it is UTF-8, else as base64.
func text(b []byte) any {
	if b == nil {
		return nil
	}
	if utf8.Valid(b) {
		return string(b)
	}
	return map[string]string{"base64": base64.StdEncoding.EncodeToString(b)}
}

func printable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return fmt.Sprintf("%q", s)
}
