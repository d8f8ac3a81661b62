package actorstore

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// What actors and workers share: one document a key, read by GET and changed by one script.

//go:embed lua/document.lua
var documentLua string

//go:embed lua/update.lua
var updateLua string

//go:embed lua/delete.lua
var deleteLua string

var (
	updateScript = conn.NewScript(documentLua + updateLua)
	deleteScript = conn.NewScript(documentLua + deleteLua)
)

// fetch reads one document; a missing one is ErrNotFound.
func fetch(ctx context.Context, c redis.UniversalClient, key string) (string, error) {
	doc, err := c.Get(ctx, key).Result()
	if err == redis.Nil {
		return "", ErrNotFound
	}
	return doc, asRecord(err)
}

// create stores a new document unless the key is taken, by whatever.
func create(ctx context.Context, c redis.UniversalClient, key, doc string) error {
	err := conn.Once(ctx, c, "set", key, doc, "nx").Err()
	if err == redis.Nil {
		return ErrAlreadyExists
	}
	return err
}

// deadline is when a key ends on our clock; zero: never, or it is not there.
func deadline(ctx context.Context, c redis.UniversalClient, key string) (time.Time, error) {
	now := time.Now()
	life, err := c.PTTL(ctx, key).Result()
	if err != nil || life <= 0 {
		return time.Time{}, err
	}
	return now.Add(life), nil
}

// putBack stores a document that was deleted for what was left of its time, unless the key is taken.
func putBack(ctx context.Context, c redis.UniversalClient, key string, doc []byte, ends time.Time) error {
	if ends.IsZero() {
		return create(ctx, c, key, string(doc))
	}
	left := time.Until(ends).Milliseconds()
	if left <= 0 {
		return fmt.Errorf("%w: its time to live is over", ErrNotFound)
	}
	err := conn.Once(ctx, c, "set", key, doc, "px", left, "nx").Err()
	if err == redis.Nil {
		return ErrAlreadyExists
	}
	return err
}

// swap is one compare-and-set of a document, which adds 1 to its version. The expected version decides: what was written
// under the caller's eyes without a new version is kept if it is an unknown member, and replaced if not.
type swap struct {
	kind     string // "actor" or "worker"
	expected int64
	doc      string   // the new document
	known    int      // how many bytes of doc stand before its unknown members; 0 stores doc just as it is
	read     string   // the document as the caller read it; "" when the caller did not
	fixed    []string // values of the immutable members
}

// newSwap encodes the new document.
func newSwap(kind string, expected int64, encode func(version int64) (doc string, known int, err error), fixed []string) (swap, error) {
	if expected == math.MaxInt64 {
		return swap{}, fmt.Errorf("%w: no version follows %d", ErrInvalid, expected)
	}
	doc, known, err := encode(expected + 1)
	return swap{kind: kind, expected: expected, doc: doc, known: known, fixed: fixed}, err
}

// run sends the compare-and-set. merged tells that other unknown members than those of doc were kept.
func (w swap) run(ctx context.Context, c redis.UniversalClient, key string) (merged bool, err error) {
	cut := any("")
	if w.known > 0 {
		cut = w.known
	}
	args := append(make([]any, 0, 9), w.kind, w.expected, w.doc, cut, w.read)
	for _, f := range w.fixed {
		args = append(args, f)
	}
	code, err := updateScript.Run(ctx, c, []string{key}, args...).Int()
	if err != nil {
		return false, asRecord(err)
	}
	return code == 2, verdict(code, "an immutable field differs")
}

// remove deletes a document. An empty version means any; suspended, that only an actor in that state may go.
func remove(ctx context.Context, c redis.UniversalClient, key, version string, suspended bool) error {
	state := ""
	if suspended {
		state = "suspended"
	}
	code, err := deleteScript.Run(ctx, c, []string{key}, version, state).Int()
	if err != nil {
		return asRecord(err)
	}
	return verdict(code, "the actor is not suspended")
}

// verdict turns a script's answer into the error it stands for.
func verdict(code int, refused string) error {
	switch code {
	case 0:
		return ErrNotFound
	case -1:
		return ErrPersistenceRetry
	case -2:
		return fmt.Errorf("%w: %s", ErrFailedPrecondition, refused)
	case -3:
		return fmt.Errorf("%w: it is not a JSON object", ErrBadRecord)
	}
	return nil
}
