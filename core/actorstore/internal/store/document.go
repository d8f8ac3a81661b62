// Package store keeps documents: one a key, read by GET and changed by one script. What is in them it does not say.
package store

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore/internal/rule"
	"holdfast/core/actorstore/internal/sentinel"
	"holdfast/core/conn"
)

// What actors and workers share: one document a key, read by GET and changed by one script.

//go:embed lua/publish.lua
var publishLua string

//go:embed lua/document.lua
var documentLua string

//go:embed lua/create_worker.lua
var createWorkerLua string

//go:embed lua/update.lua
var updateLua string

//go:embed lua/update_same.lua
var updateSameLua string

//go:embed lua/delete.lua
var deleteLua string

var (
	createWorkerScript = conn.NewScript(publishLua + createWorkerLua)
	updateScript       = conn.NewScript(updateSameLua + rule.Lua() + documentLua + publishLua + updateLua)
	deleteScript       = conn.NewScript(rule.Lua() + documentLua + publishLua + deleteLua)
)

// Fetch reads one document; a missing one is sentinel.ErrNotFound.
func Fetch(ctx context.Context, c redis.UniversalClient, key string) (string, error) {
	doc, err := conn.Ask(ctx, c, redis.NewStringCmd(ctx, "get", key))
	if err == redis.Nil {
		return "", sentinel.ErrNotFound
	}
	return doc, sentinel.AsRecord(err)
}

// Create stores a new document unless the key is taken, by whatever.
func Create(ctx context.Context, c redis.UniversalClient, key, doc string) error {
	err := conn.Once(ctx, c, "set", key, doc, "nx").Err()
	if err == redis.Nil {
		return sentinel.ErrAlreadyExists
	}
	return err
}

// deadline is when a key ends on our clock; zero: never, or it is not there.
func deadline(ctx context.Context, c redis.UniversalClient, key string) (time.Time, error) {
	now := time.Now()
	life, err := conn.Ask(ctx, c, redis.NewIntCmd(ctx, "pttl", key))
	if err != nil || life <= 0 {
		return time.Time{}, err
	}
	return conn.Deadline(now, life), nil
}

// CreateWorker is create for a worker, which is told to subscribers. life is in ms; "" is for ever.
func CreateWorker(ctx context.Context, c redis.UniversalClient, key, doc, life string) error {
	stored, err := createWorkerScript.Run(ctx, c, []string{key}, doc, life).Int()
	if err == nil && stored == 0 {
		return sentinel.ErrAlreadyExists
	}
	return err
}

// putBack stores a document that was deleted for what was left of its time, unless the key is taken.
func putBack(ctx context.Context, c redis.UniversalClient, kind, key string, doc []byte, ends time.Time) error {
	life := ""
	if !ends.IsZero() {
		left := ends.UnixMilli() - time.Now().UnixMilli()
		if left <= 0 {
			return fmt.Errorf("%w: it has expired", sentinel.ErrNotFound)
		}
		life = strconv.FormatInt(left, 10)
	}
	switch {
	case kind == "worker":
		return CreateWorker(ctx, c, key, string(doc), life)
	case life == "":
		return Create(ctx, c, key, string(doc))
	}
	err := conn.Once(ctx, c, "set", key, doc, "px", life, "nx").Err()
	if err == redis.Nil {
		return sentinel.ErrAlreadyExists
	}
	return err
}

// Swap is one compare-and-set of a document, which adds 1 to its version. The expected version decides: what was written
// under the caller's eyes without a new version is kept if it is an unknown member, and replaced if not.
type Swap struct {
	Kind     string // as lua/update.lua names it
	expected int64
	Doc      string   // the new document
	known    int      // how many bytes of doc stand before its unknown members; 0 stores doc just as it is
	Read     string   // the document as the caller read it; "" when the caller did not
	Fixed    []string // values of the immutable members
}

// NewSwap encodes the new document.
func NewSwap(kind string, expected int64, encode func(version int64) (doc string, known int, err error), fixed []string) (Swap, error) {
	if expected == math.MaxInt64 {
		return Swap{}, fmt.Errorf("%w: no version follows %d", sentinel.ErrInvalid, expected)
	}
	doc, known, err := encode(expected + 1)
	return Swap{Kind: kind, expected: expected, Doc: doc, known: known, Fixed: fixed}, err
}

// Run sends the compare-and-set. merged tells that other unknown members than those of doc were kept.
func (w Swap) Run(ctx context.Context, c redis.UniversalClient, key string) (merged bool, err error) {
	cut := any("")
	if w.known > 0 {
		cut = w.known
	}
	args := append(make([]any, 0, 9), w.Kind, w.expected, w.Doc, cut, w.Read)
	for _, f := range w.Fixed {
		args = append(args, f)
	}
	code, err := verdict(updateScript.Run(ctx, c, []string{key}, args...), "an immutable field differs")
	return code == 2, err
}

// Save is Run for an edit of the whole document, of which text is what was typed and newer and at are what was read of it.
func (w Swap) Save(ctx context.Context, c redis.UniversalClient, key, text, newer string, at Place) (version int64, err error) {
	w.known = 0
	if newer != "" {
		w.Kind, w.Fixed = "newer "+w.Kind, nil
		if w.Doc, err = at.stored(text, w.expected+1, time.Now()); err != nil {
			return 0, err
		}
	}
	_, err = w.Run(ctx, c, key)
	return w.expected + 1, err
}

// Removal says what may be deleted: see lua/delete.lua.
type Removal struct {
	Kind      string // "actor" or "worker"
	Version   string // empty: any
	Suspended bool   // only an actor in that state
	Space     string // that the document must name; empty: its key does
}

// Remove deletes a document.
func Remove(ctx context.Context, c redis.UniversalClient, key string, r Removal) error {
	state := ""
	if r.Suspended {
		state = "suspended"
	}
	_, err := verdict(deleteScript.Run(ctx, c, []string{key}, r.Kind, r.Version, state, r.Space), "the actor is not suspended")
	return err
}

// verdict turns a script's answer into the error it stands for: a number, or a pair of -4 and the name of a member.
func verdict(answer *redis.Cmd, refused string) (code int, err error) {
	reply, err := answer.Result()
	if err != nil {
		return 0, sentinel.AsRecord(err)
	}
	if pair, ok := reply.([]any); ok && len(pair) == 2 {
		return -4, sentinel.Unread(fmt.Sprint(pair[1]))
	}
	number, _ := reply.(int64)
	switch code = int(number); code {
	case 0:
		return code, sentinel.ErrNotFound
	case -1:
		return code, sentinel.ErrPersistenceRetry
	case -2:
		return code, fmt.Errorf("%w: %s", sentinel.ErrFailedPrecondition, refused)
	case -3:
		return code, fmt.Errorf("%w: it is not a JSON object", sentinel.ErrBadRecord)
	}
	return code, nil
}
