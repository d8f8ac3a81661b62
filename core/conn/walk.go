package conn

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// ErrEndlessScan: the SCAN of a node goes on far beyond the number of keys that it holds.
var ErrEndlessScan = errors.New("SCAN does not end")

// A walk visits a bucket of the node's hash table for each key that it may return. A table may be far larger than what it
// holds after most keys were deleted, so much is allowed before the node is asked how many there are.
const (
	freeBuckets   = 4 << 20
	bucketsPerKey = 16
)

// Walk is one SCAN of one node, page by page. It ends in an error where the node's cursor never comes back to zero.
type Walk struct {
	Node    redis.UniversalClient
	pattern string
	count   int64
	cursor  uint64
	visited int64 // buckets, at most
	limit   int64
	done    bool
}

// NewWalk prepares a SCAN for a pattern ("" means all); count is the work that the node does for a page.
func NewWalk(node redis.UniversalClient, pattern string, count int64) *Walk {
	return &Walk{Node: node, pattern: pattern, count: count, limit: freeBuckets}
}

// Done tells that the last page was fetched.
func (w *Walk) Done() bool { return w.done }

// Next fetches a page of keys; it may be empty, and keys may come more than once. After an error the walk is over.
func (w *Walk) Next(ctx context.Context) ([]string, error) {
	if w.visited += w.count; w.visited > w.limit {
		if err := w.extend(ctx); err != nil {
			return nil, err
		}
	}
	keys, next, err := ScanPage(ctx, w.Node, w.cursor, w.pattern, w.count)
	if err != nil {
		return nil, err
	}
	if next != 0 && next == w.cursor {
		return nil, fmt.Errorf("%w: %s returns the cursor that it was given", ErrEndlessScan, NodeAddr(w.Node))
	}
	w.cursor, w.done = next, next == 0
	return keys, nil
}

// extend allows what the node holds by now, or ends the walk.
func (w *Walk) extend(ctx context.Context) error {
	held, err := w.Node.DBSize(ctx).Result()
	switch {
	case err == nil:
		w.limit = freeBuckets + bucketsPerKey*max(0, min(held, 1<<40))
	case answered(err): // a user who may not ask
		w.limit = 1 << 30
	default:
		return err
	}
	if w.visited > w.limit {
		return fmt.Errorf("%w: %s holds %d keys, and %d pages of %d were fetched", ErrEndlessScan, NodeAddr(w.Node), held, w.visited/w.count, w.count)
	}
	return nil
}
