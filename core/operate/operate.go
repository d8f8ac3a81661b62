// Package operate is what the dashboard may do: every manual action, the read-only guard and the audit trail. It is the
// only writer that tui and views reach. An action is first a plan, a value that says what it will do with which
// commands; nothing is sent before Do.
package operate

import (
	"context"
	"time"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/live"
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
)

// Sentinels of the package. Both mean that nothing was written.
var (
	ErrReadOnly = conn.Precondition("read-only: started with --read-only")
	ErrConflict = conn.Precondition("changed meanwhile")
)

// Action is one planned act on one row.
type Action struct {
	Verb        Verb
	Kind        live.Kind
	ID          string   // the row it acts on
	Summary     string   // what it will do, in words
	Commands    []string // the Redis commands it will send, as one would type them
	Destructive bool     // something is gone afterwards
	Text        string   // of an edit: the document as the operator wrote it
	run         func(ctx context.Context) (Outcome, error)
}

// Outcome says what an action did. Before and After go to the audit trail: text, or nil where there is nothing.
type Outcome struct {
	Text          string   // for people
	Data          []string // for scripts: a path, a generation, a token and its fence
	Before, After any
	Undo          *Action // takes it back where compare-and-set allows that
	NoUndo        string  // why not, where Undo is nil
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
}

// New opens the audit file, so that a trail that cannot be written is known before anything is done.
func New(c *core.Core, o Options) (*Operator, error) {
	if o.FlushDir == "" {
		o.FlushDir = "."
	}
	t, err := openTrail(o.AuditFile)
	if err != nil {
		return nil, err
	}
	return &Operator{core: c, opts: o, audit: t}, nil
}

// Close closes the audit file.
func (o *Operator) Close() error { return o.audit.close() }

// ReadOnly tells whether every action will be refused.
func (o *Operator) ReadOnly() bool { return o.opts.ReadOnly }

// Do carries one action out, or refuses it, and writes the audit entry. An entry that cannot be written is an error,
// joined to the outcome of the action, which then has happened all the same.
func (o *Operator) Do(ctx context.Context, a Action) (Outcome, error) {
	start := time.Now()
	var out Outcome
	err := error(ErrReadOnly)
	if !o.opts.ReadOnly {
		out, err = a.run(ctx)
	}
	if err != nil {
		err = conn.Fail(string(a.Verb), a.ID, err)
	}
	if auditErr := o.audit.write(entryOf(start, o.core.Conn.Addr, a, out, err)); auditErr != nil && err == nil {
		err = conn.Fail("audit of "+string(a.Verb), a.ID, auditErr)
	}
	return out, err
}
