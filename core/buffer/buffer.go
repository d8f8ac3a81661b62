// Package buffer collects JSON records per store in Redis until somebody persists them in one go: pushes go to the
// live buffer of a store, a prepare moves it aside as an immutable batch named by its timestamp, and the batch is
// emptied once it is safe elsewhere (seed 000_be1f463c15a65799). Here are the keys, the scripts and the rows of
// buffers; where a batch is written to, and when, is the caller's business.
package buffer

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Errors of this package come wrapped with their operation and key: errors.Is finds them, == does not.
var (
	ErrStore     = errors.New("a store needs a name")
	ErrRecord    = errors.New("a record must be one JSON object in UTF-8")
	ErrTimestamp = errors.New("a timestamp must be 0 (live) or that of a prepared batch")
	ErrTTL       = errors.New("a lock needs a time to live above zero")
	ErrID        = errors.New("an operation id must be 1 to 128 bytes long")
	ErrNotFound  = errors.New("no such batch")
	ErrCorrupt   = errors.New("a key of the buffer is corrupt")
	ErrForeign   = errors.New("the key is not one of a buffer")
	ErrNoContext = errors.New("a call needs a context, not nil")

	// ErrLocked comes wrapped, as all of these: somebody else holds the lock, and nothing was written.
	ErrLocked = conn.Precondition("the buffer is locked by another")
	// ErrNotHolder comes wrapped: the lock is free or not the token's, and nothing was written.
	ErrNotHolder = conn.Precondition("the lock is not held by this token")
)

// How long a store remembers operation ids: each for OpWindow of the server's time, but only the last OpLimit of them.
const (
	OpWindow = time.Hour
	OpLimit  = 10_000
	maxID    = 128
)

var (
	//go:embed lua/clock.lua
	clockLua string
	//go:embed lua/push.lua
	pushLua string
	//go:embed lua/prepare.lua
	prepareLua string
	//go:embed lua/unlock.lua
	unlockLua string
	//go:embed lua/hold.lua
	holdLua string
	//go:embed lua/empty.lua
	emptyLua string
	//go:embed lua/stats.lua
	statsLua string
	//go:embed lua/contents.lua
	contentsLua string
	//go:embed lua/heads.lua
	headsLua string

	bounds         = fmt.Sprintf("local window_ms, limit = %d, %d\n", OpWindow.Milliseconds(), OpLimit)
	pushScript     = conn.NewScript(bounds + clockLua + pushLua)
	prepareScript  = conn.NewScript(bounds + clockLua + prepareLua)
	unlockScript   = conn.NewScript(unlockLua)
	holdScript     = conn.NewScript(holdLua)
	emptyScript    = conn.NewScript(emptyLua)
	statsScript    = conn.NewScript(statsLua)
	contentsScript = conn.NewScript(contentsLua)
	headsScript    = conn.NewScript(headsLua)
)

// Options of a Buffer. The zero value is useful.
type Options struct {
	Prefix string // first part of all keys, ending in a colon, without braces; empty means KeyPrefix.Usual
}

// Buffer reads and writes the buffers of all stores under one prefix. It is safe for concurrent use.
//
// Each mutation is atomic and sent at most once: after a transport error (conn.Unreachable) it may or may not have
// happened. A timestamp ("at", in ms) of 0 means the live buffer of a store, any other a prepared batch.
type Buffer struct {
	c redis.UniversalClient
	layout
}

// New makes a Buffer on a connection; it sends nothing.
func New(c redis.UniversalClient, o Options) *Buffer {
	return &Buffer{c: c, layout: newLayout(o.Prefix)}
}

// KeysListed is how many member names Stats list. Reading more would hold up the server at every push.
const KeysListed = 1000

// Stats say what a buffer or batch holds, without its records.
type Stats struct {
	Count      int64     // records
	Bytes      int64     // sum of the records' lengths
	Keys       []string  // distinct top-level member names of the records, sorted; nil if they are more than KeysListed
	FirstWrite time.Time // the server's time of the first push since the last swap, to the ms, in UTC; zero if empty
	Repeated   bool      // only from Push: the operation id was known, so nothing was added
}

// Stats counts a buffer or batch at one instant; a missing one has zero Stats. GetContents returns all member names of
// one.
func (b *Buffer) Stats(ctx context.Context, store string, at int64) (Stats, error) {
	const op = "buffer: stats"
	base, err := b.base(ctx, op, store, at)
	if err != nil {
		return Stats{}, err
	}
	reply, err := statsScript.Read(ctx, b.c, []string{base + list, base + keys, base + size, base + ts}, KeysListed).Slice()
	if err != nil {
		return Stats{}, fail(op, base, err)
	}
	s, err := stats(reply, nil)
	return s, fail(op, base, err)
}

// stats reads count, bytes, first write, the number of names and names out of a script's reply. The names are all there
// are only together with own.
func stats(reply []any, own []string) (s Stats, err error) {
	if len(reply) != 5 {
		return Stats{}, fmt.Errorf("%w: a reply of %d parts", ErrCorrupt, len(reply))
	}
	s.Count, _ = reply[0].(int64)
	if s.Bytes, err = integer(reply[1]); err != nil {
		return Stats{}, err
	}
	first, err := integer(reply[2])
	if err != nil {
		return Stats{}, err
	}
	if s.Count > 0 && first > 0 {
		s.FirstWrite = time.UnixMilli(first).UTC()
	}
	all, _ := reply[3].(int64)
	if names := sorted(append(own, texts(reply[4])...)); int64(len(names)) == all {
		s.Keys = names
	}
	return s, nil
}

// fail wraps an error with its operation and key, and tells keys that hold something else from other refusals.
func fail(op, key string, err error) error {
	if _, answered := errors.AsType[redis.Error](err); answered {
		for _, sign := range []string{"WRONGTYPE", "CORRUPT"} {
			if strings.Contains(err.Error(), sign) {
				err = fmt.Errorf("%w: %w", ErrCorrupt, err)
				break
			}
		}
	}
	return conn.Fail(op, key, err)
}
