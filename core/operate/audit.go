package operate

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"sync"
	"time"
	"unicode/utf8"

	"holdfast/core/conn"
	"holdfast/core/files"
	"holdfast/core/kind"
)

// trail is the audit file: one JSON object a line, appended and synced before the operator is told.
type trail struct {
	path    string
	f       *os.File // nil: no trail
	who     string
	regular bool                 // devices cannot be synced
	sync    func(*os.File) error // puts what was written on the disk

	mu  sync.Mutex
	err error // of the first write that failed; nothing is written after it
}

// entry is a line of the trail. Names and values are text, or {"base64": "..."} where they are not UTF-8.
type entry struct {
	At      time.Time `json:"at"`
	Clock   clock     `json:"clock"` // that At was taken from
	User    string    `json:"user,omitempty"`
	Server  string    `json:"server"`
	DB      int       `json:"db"`
	Verb    Verb      `json:"verb"`
	Kind    kind.Name `json:"kind"`
	ID      any       `json:"id"`
	Result  result    `json:"result"`
	Error   string    `json:"error,omitempty"`
	Summary string    `json:"summary"`
	Before  any       `json:"before"`
	After   any       `json:"after"`
	TookMS  int64     `json:"took_ms"`
}

type clock string

const (
	serverClock clock = "server"
	ownClock    clock = "own" // the server could not be asked
)

// clockWait is how long an entry waits for the server's time.
const clockWait = time.Second

type result string

const (
	done    result = "done"
	refused result = "refused" // by a precondition; nothing was written
	failed  result = "failed"
	unknown result = "unknown" // the way to the server was lost: it may have happened
)

func openTrail(path string, sync func(*os.File) error) (*trail, error) {
	if path == "" {
		return &trail{}, nil
	}
	path, err := filepath.Abs(path) // it is opened again by this name
	if err != nil {
		return nil, fmt.Errorf("audit file: %w", err)
	}
	t := &trail{path: path, sync: sync}
	if err := t.open(); err != nil {
		return nil, fmt.Errorf("audit file: %w", err)
	}
	if u, err := user.Current(); err == nil {
		t.who = u.Username
	}
	return t, nil
}

// open opens the file by its name and refuses what others could have put there, or could read or write.
func (t *trail) open() error {
	f, err := appendOnly(t.path)
	if err != nil {
		return err
	}
	t.f, t.regular = f, false
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		t.regular = true
		if err := endLine(f, t.path, info.Size()); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return nil
}

// follow opens the file again if its name no longer leads to the one that is open: it was moved away or deleted, and what
// is written there would be seen by nobody.
func (t *trail) follow() error {
	if !t.regular {
		return nil
	}
	here, err := t.f.Stat()
	if err != nil {
		return err
	}
	if there, err := os.Lstat(t.path); err == nil && os.SameFile(here, there) {
		return nil
	}
	old := t.f
	if err := t.open(); err != nil {
		return fmt.Errorf("it was moved away: %w", err)
	}
	return old.Close()
}

// endLine ends a last line that a full disk cut short, so that it does not take the next one with it.
func endLine(f *os.File, path string, size int64) error {
	if size == 0 {
		return nil
	}
	r, err := os.Open(path)
	if err != nil {
		return nil // it may be written but not read
	}
	defer r.Close()
	var last [1]byte
	if _, err := r.ReadAt(last[:], size-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = f.Write([]byte("\n"))
	return err
}

func (t *trail) close() error {
	if t.f == nil {
		return nil
	}
	return t.f.Close()
}

// broken is the error of the first write that failed.
func (t *trail) broken() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

func (o *Operator) entryOf(ctx context.Context, start time.Time, asked bool, a Action, out Outcome, err error) entry {
	took := time.Since(start)
	e := entry{
		At: start.UTC(), Clock: ownClock, Server: o.core.Conn.Addr, DB: o.core.Conn.DB(), Verb: a.Verb, Kind: a.Kind, ID: text([]byte(a.ID)),
		Result: done, Summary: a.Summary, Before: out.Before, After: out.After, TookMS: took.Milliseconds(),
	}
	if err != nil {
		e.Result, e.Error = resultOf(err), err.Error()
	}
	if asked && e.Result != unknown { // it answers
		ctx, cancel := context.WithTimeout(conn.WithoutDoubt(ctx), clockWait)
		defer cancel()
		if now, err := o.core.Conn.Now(ctx); err == nil {
			e.At, e.Clock = now.Add(-time.Since(start)).UTC(), serverClock
		}
	}
	return e
}

func resultOf(err error) result {
	switch {
	case errors.Is(err, conn.ErrPrecondition):
		return refused
	case errors.Is(err, ErrInDoubt), conn.Unreachable(err), errors.Is(err, context.Canceled):
		return unknown
	}
	return failed
}

// write appends an entry, which is made only where there is a trail.
func (t *trail) write(made func() entry) error {
	if t.f == nil {
		return nil
	}
	e := made()
	e.User = t.who
	line, err := json.Marshal(e)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		err = t.follow()
	}
	if err == nil {
		_, err = t.f.Write(append(files.ShowJSON(line), '\n'))
	}
	if err == nil && t.regular {
		err = t.sync(t.f)
	}
	if err != nil {
		t.err = fmt.Errorf("audit file cannot be written: %w", err)
	}
	return t.err
}

// text puts a value into the audit trail: as it is where it is UTF-8, else as base64.
func text(b []byte) any {
	if utf8.Valid(b) {
		return string(b)
	}
	return map[string]string{"base64": base64.StdEncoding.EncodeToString(b)}
}
