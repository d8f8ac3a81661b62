package buffer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/core/conn"
)

// The parts of a buffer, each a key of its own. A prepared batch has all but ops.
const (
	list = "list" // LIST of the records, oldest first
	keys = "keys" // SET of their member names
	size = "size" // sum of their bytes
	ts   = "ts"   // ms of the first write
	lock = "lock" // token of the lock's holder, expiring
	ops  = "ops"  // ZSET of operation ids, see lua/clock.lua
)

var parts = []string{list, keys, size, ts, lock, ops}

// layout builds and takes apart key names: buf:{S}:part of live buffers and buf:<ms>:{S}:part of prepared batches, where
// S is the escaped name of the store and so holds no brace.
type layout struct{ prefix string }

func newLayout(prefix string) layout {
	return layout{cmp.Or(prefix, KeyPrefix.Usual)}
}

// base is what all keys of a buffer or batch begin with, such as "buf:{S}:"; bad arguments are errors.
func (l layout) base(ctx context.Context, op, store string, at int64) (string, error) {
	if ctx == nil {
		return "", conn.Fail(op, l.prefix, ErrNoContext)
	}
	if store == "" {
		return "", conn.Fail(op, l.prefix, ErrStore)
	}
	base := l.baseOf(conn.Escape(store), at)
	if at < 0 {
		return "", conn.Fail(op, base, ErrTimestamp)
	}
	return base, nil
}

func (l layout) baseOf(escaped string, at int64) string {
	if at == 0 {
		return l.prefix + "{" + escaped + "}:"
	}
	return l.prefix + strconv.FormatInt(at, 10) + ":{" + escaped + "}:"
}

// Unprepared is the timestamp of a batch that is not prepared yet: its Names have <ms> in its place.
const Unprepared = -1

// Names are the keys of a buffer or batch as they are shown before something is done to them.
type Names struct{ List, Keys, Size, TS, Lock string }

// Names names the keys of a buffer or batch. It sends nothing.
func (b *Buffer) Names(store string, at int64) Names {
	escaped := conn.Escape(store)
	base := b.baseOf(escaped, at)
	if at == Unprepared {
		base = b.prefix + "<ms>:{" + escaped + "}:"
	}
	return Names{List: base + list, Keys: base + keys, Size: base + size, TS: base + ts, Lock: base + lock}
}

// BatchPattern is the SCAN pattern under which Batches looks for those of a store.
func (b *Buffer) BatchPattern(store string) string {
	// A byte that is no UTF-8 kills miniredis, so the glob leaves it open.
	return b.batchPattern(strings.ToValidUTF8(conn.EscapeGlob(conn.Escape(store)), "*"))
}

func (l layout) batchPattern(stores string) string {
	return conn.EscapeGlob(l.prefix) + "[0-9]*:{" + stores + "}:" + list
}

// parse takes a key apart; ok is false for keys that baseOf and a part cannot have made.
func (l layout) parse(key string) (escaped string, at int64, part string, ok bool) {
	rest, ok := strings.CutPrefix(key, l.prefix)
	if !ok {
		return "", 0, "", false
	}
	if !strings.HasPrefix(rest, "{") {
		ms, after, _ := strings.Cut(rest, ":")
		if at, ok = timestamp(ms); !ok {
			return "", 0, "", false
		}
		rest = after
	}
	name, tagged := strings.CutPrefix(rest, "{")
	escaped, part, closed := strings.Cut(name, "}:")
	_, valid := storeOf(escaped)
	known := slices.Contains(parts, part) && (at == 0 || part != ops)
	return escaped, at, part, tagged && closed && valid && known
}

// storeOf gives the store that an escaped name stands for; false if Escape cannot have made it.
func storeOf(escaped string) (string, bool) {
	store, err := conn.Unescape(escaped)
	return store, err == nil && store != ""
}

// timestamp reads a prepared timestamp as it is spelled in keys: decimal, above zero, no leading zeros.
func timestamp(text string) (int64, bool) {
	ms, err := strconv.ParseInt(text, 10, 64)
	return ms, err == nil && ms > 0 && strconv.FormatInt(ms, 10) == text
}

// number reads a stored decimal; missing text is 0.
func number(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w: %.40q is not a count", ErrCorrupt, text)
	}
	return n, nil
}

// instant reads a stored time in ms; missing text is the zero time.
func instant(text string) (time.Time, error) {
	ms, err := number(text)
	if err != nil || text == "" {
		return time.Time{}, err
	}
	return time.UnixMilli(ms).UTC(), nil
}
