package genstore

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Row is one counter as the dashboard shows it.
type Row struct {
	Namespace, Key string    // Namespace is empty where the key does not tell where it ends: Key is the whole ID then
	Generation     uint64    // unless GenerationErr is set
	Expires        time.Time // on our clock; zero: never, unless ExpiresErr is set
	GenerationErr  error     // why Generation is not known
	ExpiresErr     error     // why Expires is not known
	id             string
	problem        error
}

// ID is what stands after the prefix: <namespace>:<key>.
func (r *Row) ID() string { return r.id }

// Problem says why the key holds no generation; nil for a readable row.
func (r *Row) Problem() error { return r.problem }

// Deadline is when the row ends or changes by itself; zero: never.
func (r *Row) Deadline() time.Time { return r.Expires }

// Equal tells whether two readings show the same; expiries less than half a second apart do.
func (r *Row) Equal(other *Row) bool {
	const slack = 500 * time.Millisecond
	return r.id == other.id && r.Generation == other.Generation && r.Expires.IsZero() == other.Expires.IsZero() &&
		r.Expires.Sub(other.Expires).Abs() < slack && text(r.problem) == text(other.problem) &&
		text(r.GenerationErr) == text(other.GenerationErr) && text(r.ExpiresErr) == text(other.ExpiresErr)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// ErrForeign is the problem of a key under the prefix whose rest is not <namespace>:<key>.
var ErrForeign = errors.New("not a key of a generation store")

// Rows reads and bumps the counters of every namespace. It is safe for concurrent use.
type Rows struct {
	client redis.UniversalClient
	prefix string
}

// NewRows makes the reader of all keys under prefix, such as "gen:".
func NewRows(c redis.UniversalClient, prefix string) *Rows { return &Rows{client: c, prefix: prefix} }

// Patterns is the SCAN pattern under which the counters lie.
func (r *Rows) Patterns() []string { return []string{conn.EscapeGlob(r.prefix) + "*"} }

// Identify gives the row of a raw key.
func (r *Rows) Identify(key string) (id string, ok bool) { return strings.CutPrefix(key, r.prefix) }

// Keys is the one raw key of a row.
func (r *Rows) Keys(id string) []string { return []string{r.prefix + id} }

// Read fetches rows in one pipeline. Missing rows are left out; unreadable ones carry their Problem. Fields that the
// server refused to answer are marked as not known; if nothing of a row is known, a second pipeline asks whether it
// exists.
func (r *Rows) Read(ctx context.Context, ids []string) ([]*Row, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	gets, lives := make([]*redis.StringCmd, len(ids)), make([]*redis.IntCmd, len(ids))
	err := conn.Pipeline(ctx, r.client, func(p redis.Pipeliner) {
		for i, id := range ids {
			gets[i], lives[i] = p.GetRange(ctx, r.prefix+id, 0, conn.MaxNumber-1), conn.PTTL(ctx, p, r.prefix+id) // a foreign value may be huge
		}
	})
	if err != nil {
		return nil, conn.Fail(opRead, "", err)
	}
	now := time.Now()
	rows := make([]*Row, 0, len(ids))
	var doubtful []string
	for i, id := range ids {
		gen, found, err := read(gets[i].Result())
		life, lifeErr := lives[i].Result()
		if err == nil && !found || lifeErr == nil && life == -2 || lifeErr != nil && gets[i].Err() == nil && gets[i].Val() == "" {
			continue // missing, or gone between the two
		}
		for _, err := range []error{err, lifeErr} {
			if conn.NoAnswer(err) {
				return nil, conn.Fail(opRead, r.prefix+id, err)
			}
		}
		row := &Row{id: id, Generation: gen, problem: err, ExpiresErr: lifeErr}
		if conn.Refused(gets[i].Err()) {
			row.GenerationErr, row.problem = err, nil
			if lifeErr != nil {
				doubtful = append(doubtful, r.prefix+id)
			}
		}
		if lifeErr == nil {
			row.Expires = conn.Deadline(now, life)
		}
		var ok bool
		if row.Namespace, row.Key, ok = split(id); !ok {
			row.problem = ErrForeign
		}
		rows = append(rows, row)
	}
	gone, err := conn.Gone(ctx, r.client, doubtful)
	return slices.DeleteFunc(rows, func(row *Row) bool { return gone[r.prefix+row.id] }), conn.Fail(opRead, "", err)
}

// split parts an id where its writer did. Namespaces and keys may both hold colons, but the writer repeats the namespace
// in the storage key, <namespace>:single:<namespace>:<key> or bulk. An id in which nothing tells is all key, and one
// without a colon is none of a store's.
func split(id string) (namespace, key string, ok bool) {
	if strings.Count(id, ":") == 1 {
		if namespace, key, _ := strings.Cut(id, ":"); namespace != "" && key != "" {
			return namespace, key, true
		}
	}
	end := -1
	for _, mark := range []string{":single:", ":bulk:"} {
		for from := 0; ; from++ {
			at := strings.Index(id[from:], mark)
			if at < 0 {
				break
			}
			from += at
			if !strings.HasPrefix(id[from+len(mark):], id[:from]+":") || from == 0 {
				continue
			}
			if end >= 0 { // it can be read in two ways
				return "", id, true
			}
			end = from
		}
	}
	if end < 0 {
		return "", id, strings.Contains(strings.Trim(id, ":"), ":") || strings.HasPrefix(id, ":") && len(id) > 1
	}
	return id[:end], id[end+1:], true
}

// Inspect fetches the text of a counter as it is stored.
func (r *Rows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	text, err := conn.Ask(ctx, r.client, redis.NewStringCmd(ctx, "get", r.prefix+id))
	if err == redis.Nil {
		return nil, false, nil
	}
	return []byte(text), err == nil, conn.Fail(opRead, r.prefix+id, explain(err))
}

// IDOf is the ID of the counter of a namespace and a key as a Row shows them. Without a namespace the key is all of it.
func IDOf(namespace, key string) string {
	if namespace == "" {
		return key
	}
	return namespace + ":" + key
}

// Bump adds one to a counter by hand, without knowledge of its store: an existing counter keeps its time to live, a new
// one starts at 1 and does not expire. It takes a counter as a Row shows it, see IDOf. Errors are those of
// RedisGenStore.Bump.
func (r *Rows) Bump(ctx context.Context, namespace, key string) (uint64, error) {
	if key == "" {
		return 0, conn.Fail(opBump, namespace, ErrEmptyKey)
	}
	return bump(ctx, r.client, r.prefix+IDOf(namespace, key))
}
