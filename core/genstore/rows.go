package genstore

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// ErrForeign is the problem of a key under the prefix whose rest is not <namespace>:<key>.
var ErrForeign = errors.New("not a key of a generation store")

var schema = kind.NewSchema(ErrNotGeneration, ErrForeign)

// Columns are the columns of a counter. The ID of its row is what stands after the prefix: <namespace>:<key>.
var Columns = struct {
	Namespace  kind.Text // empty where the ID does not tell where it ends
	Key        kind.Text // the whole ID then
	Generation kind.Uint
	Expires    kind.Time // on our clock; zero: never
	Layout     kind.Text // the layout that the row was read by (package layout); empty: a counter of ours
	Fence      kind.Text // what stands for the generation in a layout without numbers
}{
	schema.Word("namespace"), schema.Text("key"), schema.Uint("generation"), schema.Deadline("ttl_ms"),
	schema.Word("layout"), schema.Text("fence"),
}

// Rows reads and bumps the counters of every namespace. It is safe for concurrent use.
type Rows struct {
	client redis.UniversalClient
	prefix string
}

// NewRows makes the reader of all keys under prefix, such as "gen:".
func NewRows(c redis.UniversalClient, prefix string) *Rows { return &Rows{client: c, prefix: prefix} }

// KeyPrefix is what all keys of this package begin with.
var KeyPrefix = kind.Prefix{Name: "generation", Usual: "gen:", Help: "generation counters"}

// Kind is counters as a kind of state.
func (r *Rows) Kind() kind.Kind { return kind.Kind{Name: "generations", Schema: schema, Source: r} }

// Patterns is the SCAN pattern under which the counters lie.
func (r *Rows) Patterns() []string { return []string{conn.EscapeGlob(r.prefix) + "*"} }

// Identify gives the row of a raw key.
func (r *Rows) Identify(key string) (id string, ok bool) { return strings.CutPrefix(key, r.prefix) }

// Keys is the one raw key of a row.
func (r *Rows) Keys(id string) []string { return []string{r.prefix + id} }

// Read fetches rows in one pipeline. Missing rows are left out; unreadable ones carry their Problem. Fields that the
// server refused to answer are marked as not known; if nothing of a row is known, a second pipeline asks whether it
// exists.
func (r *Rows) Read(ctx context.Context, ids []string) ([]kind.Row, error) {
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
	b := schema.Builder(len(ids))
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
		b.Row(id)
		namespace, key, ours := split(id)
		Columns.Namespace.Set(b, namespace)
		Columns.Key.Set(b, key)
		if conn.Refused(gets[i].Err()) {
			Columns.Generation.Unknown(b, err)
			if lifeErr != nil {
				doubtful = append(doubtful, r.prefix+id)
			}
		} else {
			Columns.Generation.Set(b, gen)
			b.Bad(err)
		}
		Columns.Expires.Unknown(b, lifeErr)
		if lifeErr == nil {
			Columns.Expires.Set(b, conn.Deadline(now, life))
		}
		if !ours {
			b.Bad(ErrForeign)
		}
	}
	gone, err := conn.Gone(ctx, r.client, doubtful)
	if err != nil {
		return nil, conn.Fail(opRead, "", err)
	}
	return slices.DeleteFunc(b.Rows(), func(row kind.Row) bool { return len(gone) > 0 && gone[r.prefix+row.ID()] }), nil
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
