package anykey

import (
	"context"
	"errors"
	"fmt"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// scanCount is the work of a page of SCAN.
const scanCount = 1000

// Listing walks through the keys under a prefix, on every master. It belongs to one goroutine.
type Listing struct {
	rows    *Rows
	walks   []*conn.Walk
	nodes   int
	seen    map[string]struct{} // SCAN may return a key twice
	pending []string            // found, and not yet described
	away    []error             // of masters whose keys are missing
}

// List begins to list the keys that begin with prefix; an empty one is of all keys.
func (r *Rows) List(ctx context.Context, prefix string) (*Listing, error) {
	nodes, err := conn.Masters(ctx, r.c)
	if err != nil {
		return nil, conn.Fail("anykey: list", prefix, err)
	}
	l := &Listing{rows: r, nodes: len(nodes), seen: map[string]struct{}{}}
	for _, node := range nodes {
		l.walks = append(l.walks, conn.NewWalk(node, conn.EscapeGlob(prefix)+"*", scanCount))
	}
	return l, nil
}

// Done tells that all keys were handed out.
func (l *Listing) Done() bool { return len(l.walks) == 0 && len(l.pending) == 0 }

// Found is how many keys were found so far.
func (l *Listing) Found() int { return len(l.seen) }

// Next describes the next keys, at most 250, in no order. There may be none although more follow: each call makes at most one
// page of SCAN, before which trip is called, such as to wait. A master of a cluster that does not answer is left out, see
// Away.
func (l *Listing) Next(ctx context.Context, trip func()) ([]kind.Row, error) {
	if len(l.pending) == 0 && len(l.walks) > 0 {
		if trip(); ctx.Err() != nil {
			return nil, ctx.Err()
		}
		walk := l.walks[0]
		page, err := walk.Next(ctx)
		switch {
		case err != nil && (l.nodes == 1 || ctx.Err() != nil):
			return nil, conn.Fail("anykey: list", "", err)
		case err != nil:
			l.away = append(l.away, fmt.Errorf("%s: %w", conn.NodeAddr(walk.Node), err))
		}
		for _, key := range page {
			if _, twice := l.seen[key]; !twice {
				l.seen[key] = struct{}{}
				l.pending = append(l.pending, key)
			}
		}
		if err != nil || walk.Done() {
			l.walks = l.walks[1:]
		}
	}
	n := min(len(l.pending), maxDescribed)
	some := l.pending[:n]
	l.pending = l.pending[n:]
	return l.rows.Read(ctx, some)
}

// Away says which masters' keys are missing, and why; nil if none's are.
func (l *Listing) Away() error { return errors.Join(l.away...) }
