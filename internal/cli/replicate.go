package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/pebbledb"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/cli/internal/meter"
	"holdfast/internal/cli/internal/replica"
	"holdfast/internal/text"
)

// replicateVerb are the flags of `replicate`.
type replicateVerb struct {
	*options
	from, db, to, name string
	replace            bool
}

func replicateCommand(o *options) *cobra.Command {
	r := &replicateVerb{options: o}
	c := &cobra.Command{
		Use: "replicate --from URL --db DB --to DIR", GroupID: databases, Args: arguments(0, 0), ValidArgsFunction: cobra.NoFileCompletions,
		Short: "keep a replica of a KV database in a folder until interrupted",
		Long: "Keep a replica of a KV database in a folder until interrupted; a later run resumes. It reports its progress to the database,\n" +
			"except with --read-only. A replica of another history is refused without --replace.",
		RunE: func(cmd *cobra.Command, _ []string) error { return r.replicate(cmd.Context()) },
	}
	f := c.Flags()
	f.StringVar(&r.from, "from", "", "the server of the database to follow, instead of --url")
	f.StringVar(&r.db, "db", "", "the database")
	f.StringVar(&r.to, "to", "", "the folder of the replica, created if missing")
	f.StringVar(&r.name, "name", "", "name under which the replica reports its progress (default HOST:FOLDER)")
	f.BoolVar(&r.replace, "replace", false, "replace all that the folder holds, starting from a snapshot")
	o.accessFlags(c)
	o.readingFlags(c)
	return c
}

// replicate keeps a replica of a KV database in a folder until it is interrupted.
func (o *replicateVerb) replicate(ctx context.Context) error {
	for name, value := range map[string]string{"from": o.from, "db": o.db, "to": o.to} {
		if value == "" {
			return fmt.Errorf("%w: replicate needs --from, --db and --to; --%s is missing", errUsage, name)
		}
	}
	name, err := o.replicaName()
	if err != nil {
		return fmt.Errorf("%w: --name: %w", errUsage, err)
	}
	o.name, o.urls = name, []string{o.from}
	return o.with(ctx, func(c *core.Core) error {
		err := o.replicateTo(ctx, c)
		if ctx.Err() != nil { // it was to go on until it is interrupted
			return nil
		}
		return fmt.Errorf("replicate %q to %s: %w", o.db, o.to, err)
	})
}

// replicaName is what the replica reports itself as; empty if it is to write nothing.
func (o *replicateVerb) replicaName() (string, error) {
	if o.readOnly {
		return "", nil
	}
	name := o.name
	if name == "" {
		folder, err := filepath.Abs(o.to)
		if err != nil {
			return "", err
		}
		host, err := os.Hostname()
		if err != nil {
			host = "unknown host"
		}
		name = host + ":" + filepath.Base(folder)
		name = name[:min(len(name), kvstore.MaxReplicaName)]
	}
	return name, kvstore.CheckReplicaName(name)
}

func (o *replicateVerb) replicateTo(ctx context.Context, c *core.Core) (err error) {
	r := &following{o: o, told: &lag{w: o.stderr, meter: meter.New(o.stderr, "replica of "+o.db), db: o.db, every: o.refresh}}
	defer func() { err = errors.Join(err, r.close()) }()
	defer r.told.meter.End()
	for {
		err := r.follow(ctx, c)
		switch {
		case errors.Is(err, kvstore.ErrStale): // the source was restored: open it again
		case conn.Unreachable(err) || conn.Moving(err): // while it was opened or read as a whole; changes are asked for again by themselves
			r.told.report(kvstore.Progress{Applied: r.applied(), Err: err})
		case !o.replace && slices.ContainsFunc(replaceable, func(way error) bool { return errors.Is(err, way) }):
			return fmt.Errorf("%w; --replace discards what %s holds and starts from a snapshot", err, o.to)
		default:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(o.refresh):
		}
	}
}

// replaceable is what --replace is the way out of.
var replaceable = []error{kvstore.ErrAhead, kvstore.ErrHistory, kvstore.ErrNotEmpty, replica.ErrWrongDatabase}

// following is a folder and how far it is told to be.
type following struct {
	o        *replicateVerb
	told     *lag
	to       *pebbledb.Store // nil before the source was seen: a name that nothing has leaves no folder
	replaced bool            // as --replace asks for
}

func (r *following) close() error {
	if r.to == nil {
		return nil
	}
	return r.to.Close()
}

func (r *following) applied() uint64 {
	if r.to == nil {
		return 0
	}
	n, _ := r.to.GetLatestAppliedChangeNumber()
	return n
}

// follow applies changes until something is in the way. Where the log does not reach back as far as the replica stands,
// it first takes a snapshot.
func (r *following) follow(ctx context.Context, c *core.Core) error {
	row, from, err := r.o.openDatabase(ctx, c, r.o.db)
	if err != nil {
		return err
	}
	defer from.Close()
	if r.to == nil {
		if r.to, err = pebbledb.Open(r.o.to, pebbledb.Options{KeepChanges: keepChanges}); err != nil {
			return err
		}
	}
	whole := snapshots{from, ctx, func(pairs uint64) { r.told.meter.At(pairs, uint64(redisdb.Columns.Keys.Of(row)), "pairs") }}
	if r.o.replace && !r.replaced {
		r.told.line("taking a snapshot in place of what the folder holds")
		err = replica.Replace(ctx, whole, r.to, r.o.db)
		r.replaced = err == nil
	} else {
		err = replica.Adopt(from, r.to, r.o.db)
	}
	for err == nil {
		run := kvstore.Replicator{From: from, To: r.to, Name: r.o.name, Report: r.told.report}
		if err = run.Run(ctx); errors.Is(err, kvstore.ErrTrimmed) {
			r.told.line("the log does not reach back to what the replica has: taking a snapshot")
			err = kvstore.Bootstrap(ctx, whole, r.to)
		}
	}
	return err
}

// snapshots is a source whose snapshots end with a context.
type snapshots struct {
	*redisdb.Store
	ctx    context.Context
	walked func(pairs uint64)
}

func (s snapshots) GetSnapshot() (io.ReadCloser, error) { return s.Snapshot(s.ctx, s.walked) }

// lag tells how far a replica is: on a terminal by a line that changes, elsewhere by one line at most each time every.
type lag struct {
	w     io.Writer
	meter *meter.Meter
	db    string
	every time.Duration
	said  string
	at    time.Time
}

func (l *lag) report(p kvstore.Progress) {
	if l.meter.Shown() && p.Err == nil {
		l.meter.At(p.Applied, p.Latest, "changes")
		return
	}
	text := fmt.Sprintf("%d changes applied, %d behind", p.Applied, p.Lag())
	if p.Err != nil {
		text = fmt.Sprintf("%d changes applied, waiting: %v", p.Applied, p.Err)
	}
	if text != l.said && time.Since(l.at) >= l.every {
		l.said, l.at = text, time.Now()
		l.line(text)
	}
}

func (l *lag) line(says string) {
	l.meter.End()
	fmt.Fprintf(l.w, "replica of %s: %s\n", text.Clean(l.db), text.Clean(withoutSecrets(says)))
}

// keepChanges is how much history a replica keeps for replicas of its own; without a bound its log outgrows its data.
const keepChanges = 100_000
