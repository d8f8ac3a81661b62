package record

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// RecordRow is one record as the dashboard lists it. Key and Namespace are as the owner named them, ID is escaped.
type RecordRow struct {
	id        string
	Namespace string
	Key       string
	Version   int64
	Lease     int64 // 0: none
	Value     []byte
	Unknown   *RecordUnknown // nil: nothing
	problem   error
}

// RecordUnknown says why parts of a record are not known; nil where they are.
type RecordUnknown struct{ Version, Lease, Value error }

// VersionErr is why Version is not known; nil where it is.
func (r *RecordRow) VersionErr() error { return r.unknown().Version }

// LeaseErr is why Lease is not known, or whether that lease lives; nil where both are.
func (r *RecordRow) LeaseErr() error { return r.unknown().Lease }

// ValueErr is why Value is not known; nil where it is.
func (r *RecordRow) ValueErr() error { return r.unknown().Value }

func (r *RecordRow) unknown() RecordUnknown {
	if r.Unknown == nil {
		return RecordUnknown{}
	}
	return *r.Unknown
}

// ID is ns:key in escaped form; for a foreign key under the prefix a question mark, which no escaped name holds, and
// what follows the prefix.
func (r *RecordRow) ID() string { return r.id }

// Problem is why the record cannot be read; nil for a good row.
func (r *RecordRow) Problem() error { return r.problem }

// Equal tells whether other means the same.
func (r *RecordRow) Equal(other *RecordRow) bool {
	a, b := r.unknown(), other.unknown()
	return r.id == other.id && r.Version == other.Version && r.Lease == other.Lease && bytes.Equal(r.Value, other.Value) &&
		sameProblem(r.problem, other.problem) && sameProblem(a.Version, b.Version) && sameProblem(a.Lease, b.Lease) && sameProblem(a.Value, b.Value)
}

func sameProblem(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Error() == b.Error()
}

// RecordRows reads and edits the records of all namespaces under one prefix. Foreign keys under the prefix that are
// neither of records nor of leases are its bad rows.
type RecordRows struct {
	c      redis.UniversalClient
	prefix string
}

// NewRecordRows reads under prefix; empty means "rec:".
func NewRecordRows(c redis.UniversalClient, prefix string) *RecordRows {
	return &RecordRows{c: c, prefix: cmp.Or(prefix, conn.DefaultPrefixes().Record)}
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
func (r *RecordRows) Read(ctx context.Context, ids []string) ([]*RecordRow, error) {
	cmds, sizes := make([]*redis.SliceCmd, len(ids)), make([]*redis.IntCmd, len(ids))
	err := conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		for i, id := range ids {
			sizes[i] = p.HStrLen(ctx, r.key(id), "value")
		}
	})
	if err == nil {
		err = conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
			for i, id := range ids {
				fields := []string{"value", "version", "lease"}
				if sizes[i].Err() != nil || sizes[i].Val() > conn.MaxUnasked { // of a field nothing less than the whole can be read
					fields[0] = "version"
				}
				cmds[i] = p.HMGet(ctx, r.key(id), fields...)
			}
		})
	}
	if err != nil {
		return nil, conn.Fail("record: read rows", r.prefix, err)
	}
	rows := make([]*RecordRow, len(ids))
	needs := make([]string, len(ids)) // the key without which there is no such row, or a bad one; empty if there is none
	exist := map[string]*redis.IntCmd{}
	for i, id := range ids {
		rows[i] = &RecordRow{id: id}
		if needs[i] = rows[i].fill(r, cmds[i]); needs[i] != "" {
			exist[needs[i]] = nil
		}
		switch size, err := sizes[i].Result(); {
		case rows[i].problem != nil || err == nil && size <= conn.MaxUnasked:
		case conn.Refused(err):
			u := rows[i].unknown()
			u.Value = cmp.Or(u.Value, err)
			rows[i].Value, rows[i].Unknown = nil, &u
		default:
			rows[i].Value, rows[i].problem = nil, conn.Fail("record: read row", r.key(id), cmp.Or(err, conn.TooLarge(size)))
		}
	}
	if len(exist) == 0 {
		return rows, nil
	}
	err = conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		for key := range exist {
			exist[key] = p.Exists(ctx, key)
		}
	})
	if err != nil {
		return nil, conn.Fail("record: read rows", r.prefix, err)
	}
	shown := rows[:0]
	for i, row := range rows {
		if needs[i] != "" {
			n, err := exist[needs[i]].Result()
			switch {
			case err == nil || row.problem != nil:
			case !conn.Refused(err):
				row.problem = conn.Fail("record: look for the lease", needs[i], err)
			case row.Lease != int64(NoLeaseId):
				u := row.unknown()
				u.Lease = fmt.Errorf("whether lease %d lives: %w", row.Lease, err)
				row.Unknown = &u
			}
			if err == nil && n == 0 {
				if row.Lease == int64(NoLeaseId) {
					continue
				}
				row.problem = fmt.Errorf("lease %d: %w", row.Lease, ErrLeaseGone)
			}
		}
		shown = append(shown, row)
	}
	return shown, nil
}

// fill takes a record from its hash. It returns the key whose existence decides whether there is such a row: that of
// its lease, or where no field was found its own.
func (r *RecordRow) fill(of *RecordRows, cmd *redis.SliceCmd) (needs string) {
	if strings.HasPrefix(r.id, "?") {
		r.problem = errForeign
		return of.key(r.id)
	}
	ns, key, _ := strings.Cut(r.id, ":")
	r.Namespace, r.Key = name(ns), name(key)
	fields, err := cmd.Result()
	switch {
	case conn.Refused(err):
		r.Unknown = &RecordUnknown{err, err, err}
		return of.key(r.id)
	case err != nil:
		if r.problem = err; redis.HasErrorPrefix(err, "WRONGTYPE") { // else it is the question that was refused
			r.problem = fmt.Errorf("%w: %w", errMalformed, err)
		}
		return ""
	case fields[0] == nil && fields[1] == nil && fields[2] == nil:
		r.problem = fmt.Errorf("%w: a hash without a version", errMalformed)
		return of.key(r.id)
	}
	rec, err := decode(Key(r.Key), fields)
	if err != nil {
		r.problem = err
		return ""
	}
	r.Version, r.Lease, r.Value = int64(rec.Version), int64(rec.Lease), rec.Value
	return of.Needs(r)
}

// Needs is the key of the lease that the record depends on; empty for a record without a lease. The row ends with that
// key, even if none of its own keys change.
func (r *RecordRows) Needs(row *RecordRow) string {
	if row.Lease == int64(NoLeaseId) {
		return ""
	}
	ns, _, _ := strings.Cut(row.id, ":")
	return r.prefix + "{" + ns + "}:lease:" + strconv.FormatInt(row.Lease, 10)
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
