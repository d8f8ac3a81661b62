package buffer

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// Rows reads buffers and batches the way a dashboard shows them: one row for the live buffer of a store, one for each
// prepared batch, and one for each foreign key among them. It only reads.
type Rows struct {
	c redis.UniversalClient
	layout
}

// NewRows makes a reader of the rows under a prefix (Options.Prefix).
func NewRows(c redis.UniversalClient, prefix string) *Rows {
	return &Rows{c: c, layout: newLayout(prefix)}
}

// KeyPrefix is what all keys of this package begin with.
var KeyPrefix = kind.Prefix{Name: "buffer", Usual: "buf:", Help: "write buffers"}

// Kind is buffers as a kind of state.
func (r *Rows) Kind() kind.Kind { return kind.Kind{Name: "buffers", Schema: schema, Source: r} }

// Patterns are the SCAN patterns under which the keys of buffers lie.
func (r *Rows) Patterns() []string { return []string{conn.EscapeGlob(r.prefix) + "*"} }

// Identify tells which row a key belongs to: S for the live buffer of the store with the escaped name S, <ms>:S for a
// batch of it, the key itself for a foreign one under our prefix.
func (r *Rows) Identify(key string) (id string, ok bool) {
	escaped, at, _, ok := r.parse(key)
	if !ok {
		return key, strings.HasPrefix(key, r.prefix)
	}
	return idOf(escaped, at), true
}

// IDOf is the ID of the row of a buffer or batch.
func IDOf(store string, at int64) string { return idOf(conn.Escape(store), at) }

func idOf(escaped string, at int64) string {
	if at == 0 {
		return escaped
	}
	return strconv.FormatInt(at, 10) + ":" + escaped
}

// Keys are the keys that may make up a row. A row exists by any of them but ops, which only remembers.
func (r *Rows) Keys(id string) []string {
	escaped, at, ok := r.locate(id)
	if !ok {
		return []string{id}
	}
	out := make([]string, 0, len(parts))
	for _, part := range parts {
		if at == 0 || part != ops {
			out = append(out, r.baseOf(escaped, at)+part)
		}
	}
	return out
}

// locate undoes Identify; ok is false for the id of a foreign key.
func (r *Rows) locate(id string) (escaped string, at int64, ok bool) {
	escaped = id
	if ms, name, prepared := strings.Cut(id, ":"); prepared {
		if at, ok = timestamp(ms); !ok {
			return "", 0, false
		}
		escaped = name
	}
	_, ok = storeOf(escaped)
	return escaped, at, ok
}

// Read fetches rows in one pipeline. Missing rows are left out; unreadable ones carry their Problem. Fields that the
// server refused to answer are marked as not known; if that leaves open whether the row exists, a second pipeline asks.
// The error is a transport error only.
func (r *Rows) Read(ctx context.Context, ids []string) ([]kind.Row, error) {
	const op = "buffer: read rows"
	if ctx == nil {
		return nil, conn.Fail(op, r.prefix, ErrNoContext)
	}
	// A swap between two commands of the pipeline looks like a broken buffer: only a second look tells.
	var torn []string
	rows, err := r.read(ctx, ids, &torn)
	if err == nil && torn != nil {
		var again []kind.Row
		again, err = r.read(ctx, torn, nil)
		rows = append(rows, again...)
	}
	if err != nil {
		return nil, conn.Fail(op, r.prefix, err)
	}
	return rows, nil
}

// read reads rows. Those that are incomplete are left out if torn is given, which lists their IDs then.
func (r *Rows) read(ctx context.Context, ids []string, torn *[]string) ([]kind.Row, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	asked := make([]question, len(ids))
	err := conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		for i, id := range ids {
			asked[i] = r.ask(ctx, p, id)
		}
	})
	if err != nil {
		return nil, err
	}
	now := time.Now()
	b := schema.Builder(len(ids))
	doubts := map[string][]string{} // by ID
	var doubtful []string
	for _, q := range asked {
		keys, incomplete := q.pack(b, now)
		if incomplete && torn != nil {
			b.Drop()
			*torn = append(*torn, q.id)
		}
		if keys != nil {
			doubts[q.id], doubtful = keys, append(doubtful, keys...)
		}
	}
	gone, err := conn.Gone(ctx, r.c, doubtful)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(b.Rows(), func(row kind.Row) bool {
		if len(doubts) == 0 {
			return false
		}
		keys := doubts[row.ID()]
		return keys != nil && !slices.ContainsFunc(keys, func(key string) bool { return !gone[key] })
	}), nil
}

// errIncomplete names the keys that a buffer lacks, such as "size and ts". It is an ErrCorrupt.
type errIncomplete string

func (e errIncomplete) Error() string {
	verb := "is"
	if strings.Contains(string(e), " and ") {
		verb = "are"
	}
	return "incomplete: " + string(e) + " " + verb + " missing"
}

func (e errIncomplete) Is(target error) bool { return target == ErrCorrupt }
