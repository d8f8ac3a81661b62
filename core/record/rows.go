package record

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

var recordSchema = kind.NewSchema(errMalformed, errForeign, ErrLeaseGone, conn.ErrTooLarge)

// RecordColumns are the columns of a record. Key and Namespace are as the owner named them. The ID of its row is ns:key in
// escaped form; for a foreign key under the prefix a question mark, which no escaped name holds, and what follows the prefix.
var RecordColumns = struct {
	Namespace kind.Text
	Key       kind.Text
	Version   kind.Int
	Lease     kind.Int // 0: none; it is not known, either, where it is not known whether that lease lives
	Value     kind.Bytes
}{
	recordSchema.Word("namespace"), recordSchema.Text("key"), recordSchema.Int("version"), recordSchema.Int("lease"),
	recordSchema.Bytes("value"),
}

// RecordRows reads and edits the records of all namespaces under one prefix. Foreign keys under the prefix that are
// neither of records nor of leases are its bad rows.
type RecordRows struct {
	c      redis.UniversalClient
	prefix string
}

// NewRecordRows reads under prefix; empty means "rec:".
func NewRecordRows(c redis.UniversalClient, prefix string) *RecordRows {
	return &RecordRows{c: c, prefix: cmp.Or(prefix, KeyPrefix.Usual)}
}

// KeyPrefix is what all keys of this package begin with.
var KeyPrefix = kind.Prefix{Name: "record", Usual: "rec:", Help: "records and leases"}

// Kind is records as a kind of state.
func (r *RecordRows) Kind() kind.Kind {
	return kind.Kind{Name: "records", Schema: recordSchema, Source: r, Documents: r, Needs: r.needs}
}

// Patterns are wide enough to also find the foreign keys.
func (r *RecordRows) Patterns() []string { return []string{conn.EscapeGlob(r.prefix) + "*"} }

// Identify names the row of a raw key.
func (r *RecordRows) Identify(key string) (id string, ok bool) {
	kind, ns, name, ok := recognise(r.prefix, key)
	switch {
	case !ok:
		return "", false
	case kind == ofRecord:
		return ns + ":" + name, true
	case kind == foreign:
		return "?" + key[len(r.prefix):], true
	}
	return "", false
}

// place finds the storage and the key that an id stands for; ok is false for the id of a foreign key.
func (r *RecordRows) place(id string) (s *RedisStorage, k Key, ok bool) {
	ns, key, found := strings.Cut(id, ":")
	if !found || !canonical(ns) || !canonical(key) {
		return nil, "", false
	}
	s, err := New(r.c, name(ns), Options{Prefix: r.prefix})
	return s, Key(name(key)), err == nil
}

// key is the one raw key of a row.
func (r *RecordRows) key(id string) string {
	if rest, is := strings.CutPrefix(id, "?"); is {
		return r.prefix + rest
	}
	ns, key, _ := strings.Cut(id, ":")
	return r.prefix + "{" + ns + "}:r:" + key
}

// Keys are the raw keys of a row.
func (r *RecordRows) Keys(id string) []string { return []string{r.key(id)} }

var errForeign = errors.New("foreign key: neither a record nor a lease")

// ErrLeaseGone is the problem of a row whose lease is gone, wrapped with its id. To the methods of Storage there is no such
// record; its key is removed when its namespace is written to the next time.
var ErrLeaseGone = errors.New("its lease is gone, and it is removed at the next write to its namespace")

// Read asks for the lengths of the values in one pipeline and fetches the records with short values in a second; if
// some have leases, a third asks which of these are alive. Each command names one key, so that a slot being moved hides
// none. Fields that the server refused to answer are marked as not known. It writes nothing.
func (r *RecordRows) Read(ctx context.Context, ids []string) ([]kind.Row, error) {
	const op = "record: read rows"
	sizes := make([]*redis.IntCmd, len(ids))
	err := conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		for i, id := range ids {
			sizes[i] = p.HStrLen(ctx, r.key(id), "value")
		}
	})
	if err != nil {
		return nil, conn.Fail(op, r.prefix, err)
	}
	cmds := make([]*redis.SliceCmd, len(ids))
	err = conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		for i, id := range ids {
			fields := []string{"value", "version", "lease"}
			if sizes[i].Err() != nil || sizes[i].Val() > conn.MaxUnasked { // of a field nothing less than the whole can be read
				fields[0] = "version"
			}
			cmds[i] = p.HMGet(ctx, r.key(id), fields...)
		}
	})
	if err != nil {
		return nil, conn.Fail(op, r.prefix, err)
	}
	found, exist := make([]reading, len(ids)), map[string]*redis.IntCmd{}
	for i, id := range ids {
		found[i] = r.reading(id, sizes[i], cmds[i])
		if needs := found[i].needs; needs != "" {
			exist[needs] = nil
		}
	}
	if len(exist) > 0 {
		err = conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
			for key := range exist {
				exist[key] = p.Exists(ctx, key)
			}
		})
		if err != nil {
			return nil, conn.Fail(op, r.prefix, err)
		}
	}
	b := recordSchema.Builder(len(ids))
	for i := range found {
		if needs := found[i].needs; needs == "" || found[i].lives(exist[needs]) {
			found[i].pack(b)
		}
	}
	return b.Rows(), nil
}

// needs is the key of the lease that the record depends on; empty for a record without a lease. The row ends with that
// key, even if none of its own keys change.
func (r *RecordRows) needs(row kind.Row) string {
	return r.leaseOf(row.ID(), LeaseId(RecordColumns.Lease.Of(row)))
}

// leaseOf is the key of a row's lease; empty if there is none.
func (r *RecordRows) leaseOf(id string, lease LeaseId) string {
	if lease == NoLeaseId {
		return ""
	}
	ns, _, _ := strings.Cut(id, ":")
	return r.prefix + "{" + ns + "}:lease:" + strconv.FormatInt(int64(lease), 10)
}

// Size is the length of the value in bytes, which Inspect returns; 0 where there is none.
func (r *RecordRows) Size(ctx context.Context, id string) (int64, error) {
	n, err := conn.Ask(ctx, r.c, redis.NewIntCmd(ctx, "hstrlen", r.key(id), "value"))
	if redis.HasErrorPrefix(err, "WRONGTYPE") {
		return 0, nil // Inspect says what it is
	}
	return n, conn.Fail("record: size", r.key(id), err)
}

// Inspect returns the value.
func (r *RecordRows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	body, _, err = r.Load(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, false, nil
	}
	return body, err == nil, err
}

// Load returns the value and its version, or ErrNotFound. It writes nothing.
func (r *RecordRows) Load(ctx context.Context, id string) (body []byte, version int64, err error) {
	s, k, ok := r.place(id)
	if !ok {
		return nil, 0, conn.Fail("record: load", r.key(id), errForeign)
	}
	rec, err := s.Get(ctx, k)
	return rec.Value, int64(rec.Version), err
}

// Replace sets the value if the version still is that, keeps the lease, and returns the new version: ErrNotFound or
// ErrWrongVersion. Index and waiters follow, as with CasByVersion.
func (r *RecordRows) Replace(ctx context.Context, id string, version int64, body []byte) (newVersion int64, err error) {
	s, k, ok := r.place(id)
	if !ok {
		return 0, conn.Fail("record: replace", r.key(id), errForeign)
	}
	v, err := s.CasByVersion(ctx, Record{Key: k, Value: body, Version: Version(version)})
	return int64(v), err
}

// Remove deletes the record if the version still is that: ErrNotFound or ErrWrongVersion.
func (r *RecordRows) Remove(ctx context.Context, id string, version int64) error {
	s, k, ok := r.place(id)
	if !ok {
		return conn.Fail("record: remove", r.key(id), errForeign)
	}
	return s.DeleteByVersion(ctx, k, Version(version))
}

// Keep is Load for a record about to be removed: back creates the record again with its value and lease and a new
// version, unless it exists again. Errors of back: ErrAlreadyExists, ErrWrongLeaseId if its lease is gone.
func (r *RecordRows) Keep(ctx context.Context, id string) (body []byte, version int64, back func(context.Context) error, err error) {
	s, k, ok := r.place(id)
	if !ok {
		return nil, 0, nil, conn.Fail("record: keep", r.key(id), errForeign)
	}
	rec, err := s.Get(ctx, k)
	return rec.Value, int64(rec.Version), func(ctx context.Context) error {
		_, err := s.Create(ctx, rec)
		return err
	}, err
}
