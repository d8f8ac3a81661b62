// Package operate is what the dashboard may do: every manual action, the read-only guard and the audit trail. It is the
// only writer that tui and views reach. An action is first a plan, a value that says what it will do with which
// commands; nothing is sent before Do.
package operate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kind"
)

// Verb names what an action does.
type Verb string

// The manual actions.
const (
	Flush   Verb = "flush"
	Bump    Verb = "bump"
	Lock    Verb = "lock"
	Unlock  Verb = "unlock"
	Edit    Verb = "edit"
	Delete  Verb = "delete"
	Release Verb = "release"
	Put     Verb = "put"
	Restore Verb = "restore"
)

// Sentinels of the package come wrapped. These two mean that nothing was written.
var (
	ErrReadOnly = conn.Precondition("this connection is read-only")
	ErrConflict = conn.Precondition("changed meanwhile")
)

var errClosed = errors.New("the operator is closed")

// ErrInDoubt comes wrapped, beside its cause: the reply to a change was lost, so that it may or may not have been made.
var ErrInDoubt = errors.New("no reply: it may have happened; check before you repeat it")

// Action is one planned act on one row.
type Action struct {
	Verb        Verb
	Kind        kind.Name
	ID          string   // the row it acts on
	Summary     string   // what it will do, in words; names in it are any bytes
	Commands    []string // the Redis commands that it will change something with, as one would type them
	Destructive bool     // something is gone afterwards
	Warning     string   // why it may be a mistake: whoever carries it out asks once more; empty: nothing is unusual
	Text        string   // of an edit: the document as the operator wrote it
	body        []byte   // of an edit: what Text means
	run         func(ctx context.Context) (Outcome, error)
}

// Outcome says what an action did. Beside an error it says what was done before that.
type Outcome struct {
	Text          string   // for people
	Data          []string // for scripts, a line each: paths, a generation, a token and its fence
	Before, After any      // for the audit trail; nil where there is nothing to tell
	Undo          *Action  // takes it back where compare-and-set allows that
	NoUndo        string   // why not, where Undo is nil
}

// Options of an Operator.
type Options struct {
	ReadOnly  bool
	FlushDir  string // where flushed batches go; default "."
	AuditFile string // JSON Lines, appended; empty: no trail
}

// Operator carries actions out. It is safe for concurrent use.
type Operator struct {
	core  *core.Core
	opts  Options
	audit *trail
	sync  func(*os.File) error // puts a file or folder on the disk

	doing  sync.RWMutex // held to read by each action under way
	closed bool
}

// New opens the audit file, so that a trail that cannot be written is known before anything is done.
func New(c *core.Core, o Options) (*Operator, error) {
	dir, err := filepath.Abs(o.FlushDir)
	if err != nil {
		return nil, fmt.Errorf("flush directory: %w", err)
	}
	o.FlushDir = dir
	t, err := openTrail(o.AuditFile, (*os.File).Sync)
	if err != nil {
		return nil, err
	}
	return &Operator{core: c, opts: o, audit: t, sync: (*os.File).Sync}, nil
}

// Close waits until every action under way has its audit entry, which is soon after their contexts end, and closes the
// audit file. After it nothing more is done.
func (o *Operator) Close() error {
	o.doing.Lock()
	defer o.doing.Unlock()
	o.closed = true
	return o.audit.close()
}

// ReadOnly tells whether every action will be refused.
func (o *Operator) ReadOnly() bool { return o.opts.ReadOnly }

// Do carries one action out, or refuses it, and writes the audit entry. An entry that cannot be written is an error
// beside the outcome of the action, which has happened all the same; after it nothing more is done.
func (o *Operator) Do(ctx context.Context, a Action) (Outcome, error) {
	if ctx == nil {
		return Outcome{}, conn.Fail(string(a.Verb), a.ID, errors.New("an action needs a context, not nil"))
	}
	o.doing.RLock()
	defer o.doing.RUnlock()
	if o.closed {
		return Outcome{}, conn.Fail(string(a.Verb), a.ID, errClosed)
	}
	if err := o.audit.broken(); err != nil {
		return Outcome{}, conn.Fail(string(a.Verb), a.ID, err)
	}
	start, sent := time.Now(), o.core.Conn.Log.Sent()
	var out Outcome
	err := error(ErrReadOnly)
	if !o.opts.ReadOnly {
		ctx := conn.WithDoubt(conn.Own(ctx))
		out, err = a.run(ctx)
		if err != nil && conn.InDoubt(ctx) && !errors.Is(err, ErrInDoubt) && !errors.Is(err, conn.ErrPrecondition) {
			err = fmt.Errorf("%w: %w", ErrInDoubt, err)
		}
	}
	untold := o.audit.write(func() entry {
		asked := o.core.Conn.Log.Sent() > sent // what was refused before that costs the server nothing, nor does its entry
		return o.entryOf(ctx, start, asked, a, out, err)
	})
	switch {
	case untold != nil && err != nil:
		err = fmt.Errorf("%w; and the %w", err, untold)
	case untold != nil:
		err = fmt.Errorf("it is done, but the %w", untold)
	}
	return out, conn.Fail(string(a.Verb), a.ID, err)
}

// script spells the sending of a script as the command log does, but for its name instead of its hash, and with the
// keys of the row alone.
func (o *Operator) script(name string, of kind.Name, id string, args ...any) string {
	cmd := []any{"EVALSHA", "(" + name + ")"}
	for _, key := range o.core.Live.Keys(of, id) {
		cmd = append(cmd, key)
	}
	return conn.Spell(append(cmd, args...))
}
