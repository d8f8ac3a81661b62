package redisdb

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// Rows reads all databases under one prefix. It writes nothing, also where a restore waits to be finished.
type Rows struct {
	c      redis.UniversalClient
	prefix string
}

// NewRows reads under prefix; empty means "kv:".
func NewRows(c redis.UniversalClient, prefix string) *Rows {
	return &Rows{c: c, prefix: cmp.Or(prefix, KeyPrefix.Usual)}
}

// KeyPrefix is what all keys of this package begin with.
var KeyPrefix = kind.Prefix{Name: "kv", Usual: "kv:", Help: "key-value databases"}

// Kind is the kind of databases.
func (r *Rows) Kind() kind.Kind {
	return kind.Kind{Name: "kv", Schema: schema, Source: r, Follow: follow}
}

// Patterns are wide enough to also find the foreign keys.
func (r *Rows) Patterns() []string { return []string{conn.EscapeGlob(r.prefix) + "*"} }

// Identify names the database of a raw key: the ID is its escaped name. A foreign key under the prefix has a question mark,
// which no escaped name holds, and what follows the prefix.
func (r *Rows) Identify(key string) (id string, ok bool) {
	db, foreign, ok := recognise(r.prefix, key)
	if foreign {
		return "?" + key[len(r.prefix):], true
	}
	return db, ok
}

// Keys are the raw keys of a database, but not those of its pairs, which may be millions.
func (r *Rows) Keys(id string) []string {
	if rest, is := strings.CutPrefix(id, "?"); is {
		return []string{r.prefix + rest}
	}
	s := spaceOf(r.prefix, id)
	return []string{s.ix, s.exp, s.seq, s.log, s.appliedKey, s.epochKey, s.replicas}
}

var errForeign = errors.New("foreign key: of no database")

// Read fetches rows in one pipeline. A database without keys, changes and log does not exist. It reads about
// MaxReplicas replicas, however many there are. Fields that the server refused to answer are marked as not known; if
// that leaves open whether the database exists, a second pipeline asks.
func (r *Rows) Read(ctx context.Context, ids []string) ([]kind.Row, error) {
	rows, err := r.read(ctx, ids)
	if err != nil {
		return nil, err
	}
	var doubtful []string
	for _, row := range rows {
		if contradicts(row) {
			doubtful = append(doubtful, row.ID())
		}
	}
	if len(doubtful) == 0 {
		return rows, nil
	}
	second, err := r.read(ctx, doubtful) // its parts were not of one moment, unless they say the same again
	if err != nil {
		return nil, err
	}
	for _, row := range second {
		at := slices.IndexFunc(rows, func(old kind.Row) bool { return old.ID() == row.ID() })
		rows[at] = row
	}
	return rows, nil
}

// contradicts tells whether the numbers of a row cannot be of one moment of one history.
func contradicts(r kind.Row) bool {
	if r.Bad() || Columns.Changes.Err(r) != nil {
		return false
	}
	changes := Columns.Changes.Of(r)
	return Columns.LogLength.Of(r) > int64(changes) || slices.ContainsFunc(replicasOf(r), func(p Replica) bool { return p.Applied > changes })
}

// answers are what the server said of a database.
type answers struct {
	keys, log, reported *redis.IntCmd
	seq, applied, epoch *redis.StringCmd
	page                *redis.ScanCmd // of the hash of replicas; nil: read before, into the next two
	replicas            []string       // its fields, each behind its name
	noReplicas          error
}

func (r *Rows) read(ctx context.Context, ids []string) ([]kind.Row, error) {
	all := make([]answers, len(ids))
	light, err := r.weighReplicas(ctx, ids, all)
	if err != nil {
		return nil, conn.Fail("kv: read rows", r.prefix, err)
	}
	err = conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		head := func(key string) *redis.StringCmd { return p.GetRange(ctx, key, 0, conn.MaxNumber-1) } // a foreign value may be huge
		for i, id := range ids {
			a := &all[i]
			if rest, foreign := strings.CutPrefix(id, "?"); foreign {
				a.keys = p.Exists(ctx, r.prefix+rest)
				continue
			}
			s := spaceOf(r.prefix, id)
			if light[i] {
				a.page = p.HScan(ctx, s.replicas, 0, "", MaxReplicas)
			}
			a.log, a.keys, a.applied, a.epoch = p.XLen(ctx, s.log), p.ZCard(ctx, s.ix), head(s.appliedKey), head(s.epochKey)
			a.seq = head(s.seq) // last: what the others count is among it
		}
	})
	if err != nil {
		return nil, conn.Fail("kv: read rows", r.prefix, err)
	}
	now := time.Now()
	b := schema.Builder(len(ids))
	var doubtful []string
	for i, id := range ids {
		b.Row(id)
		readAt.Set(b, now)
		if strings.HasPrefix(id, "?") {
			if b.Bad(errForeign); all[i].keys.Err() == nil && all[i].keys.Val() == 0 {
				b.Drop()
			}
			continue
		}
		switch there, unsaid := all[i].pack(b, id); {
		case there:
		case unsaid:
			doubtful = append(doubtful, r.decisive(id)...)
		default:
			b.Drop()
		}
	}
	gone, err := conn.Gone(ctx, r.c, doubtful)
	if err != nil {
		return nil, conn.Fail("kv: read rows", r.prefix, err)
	}
	return slices.DeleteFunc(b.Rows(), func(row kind.Row) bool {
		return !slices.ContainsFunc(r.decisive(row.ID()), func(key string) bool { return !gone[key] })
	}), nil
}

// pack fills the row that was begun. there tells that the database exists or cannot be read; unsaid, that what would tell
// so was refused.
func (a *answers) pack(b *kind.Builder, id string) (there, unsaid bool) {
	name, _ := conn.Unescape(id)
	changes, wrongChanges := number("the change number", stored(a.seq))
	applied, wrongApplied := number("the applied number", stored(a.applied))
	if a.page != nil {
		a.replicas, _, a.noReplicas = a.page.Result()
	}
	replicas, wrongReplicas := reports(a.replicas)
	wrong := cmp.Or(wrongChanges, wrongApplied, wrongReplicas)
	all, noReplicas := max(a.reported.Val(), int64(len(replicas))), cmp.Or(a.noReplicas, a.reported.Err())
	if noReplicas != nil {
		replicas, all = nil, 0
	}
	epoch := a.epoch.Val()
	if at := strings.IndexAny(epoch, "-+"); at >= 0 {
		epoch = epoch[:at]
		Columns.Restoring.Set(b, true)
	}
	restores.Set(b, epoch)
	Columns.Database.Set(b, name)
	Columns.Keys.Set(b, a.keys.Val())
	Columns.LogLength.Set(b, a.log.Val())
	Columns.Changes.Set(b, changes)
	Columns.Applied.Set(b, applied)
	Columns.Replicas.Set(b, PackReplicas(replicas))
	reported.Set(b, all)
	for _, part := range []struct {
		column kind.Column
		err    error
	}{
		{Columns.Keys.Column, a.keys.Err()}, {Columns.Changes.Column, a.seq.Err()}, {Columns.Applied.Column, a.applied.Err()},
		{Columns.LogLength.Column, a.log.Err()}, {Columns.Restoring.Column, a.epoch.Err()}, {Columns.Replicas.Column, noReplicas},
	} {
		part.column.Unknown(b, part.err)
		switch {
		case part.err == nil || conn.Refused(part.err) || errors.Is(part.err, conn.ErrTooLarge):
		case strings.HasPrefix(part.err.Error(), "WRONGTYPE"):
			wrong = fmt.Errorf("%w: %w", errMalformed, part.err)
		default:
			wrong = part.err
		}
	}
	b.Bad(wrong)
	there = wrong != nil || a.keys.Val() > 0 || a.log.Val() > 0 || a.seq.Val()+a.applied.Val()+a.epoch.Val() != ""
	unsaid = cmp.Or(a.keys.Err(), a.log.Err(), a.seq.Err(), a.applied.Err(), a.epoch.Err()) != nil
	return there, unsaid
}

// decisive are the keys by any of which a database exists.
func (r *Rows) decisive(id string) []string {
	s := spaceOf(r.prefix, id)
	return []string{s.ix, s.log, s.seq, s.appliedKey, s.epochKey}
}

// stored is the text of a GETRANGE; nil without one.
func stored(cmd *redis.StringCmd) any {
	if cmd.Val() == "" {
		return nil
	}
	return cmd.Val()
}

func text(b []byte) any {
	if utf8.Valid(b) {
		return string(b)
	}
	return map[string]string{"base64": base64.StdEncoding.EncodeToString(b)}
}

// Entry is one pair of a database.
type Entry struct {
	Key     []byte
	Bytes   int       // of the value
	Expires time.Time // UTC, of the server's clock; zero: never
	Value   []byte
	LeftOut bool // Value is, for its length

	NoBytes, NoExpires, NoValue error // why a part is not known, where the server refused to tell it
}

// anyEpoch is what page.lua takes for whichever epoch, unless the database is being restored.
const anyEpoch = "*"

// ListKeys returns up to limit pairs of a database in the order of their keys: those with the prefix (nil: all) and
// after the key given (nil: from the first). Fewer than limit means that these are the last. ErrRestoring while the
// state is neither the old nor the new one.
func (r *Rows) ListKeys(ctx context.Context, db string, prefix, after []byte, limit int) ([]Entry, error) {
	s := newSpace(r.prefix, db)
	if db == "" {
		return nil, conn.Fail("kv: list keys", r.prefix, fmt.Errorf("%w: empty database name", ErrBadArgument))
	}
	w := &walk{c: r.c, s: &s, epoch: anyEpoch, first: from(prefix), end: upTo(prefix)}
	if after != nil && bytes.Compare(after, prefix) >= 0 {
		w.first = "(" + string(after)
	}
	var out []Entry
	for len(out) < limit && !w.over {
		page, err := w.list(ctx, min(limit-len(out), pageKeys))
		if err != nil {
			return nil, conn.Fail("kv: list keys", s.base, err)
		}
		out = append(out, page...)
	}
	return out, nil
}

// EachPage calls visit with all pairs of a database in the order of their keys, page by page: up to 512 pairs, or about
// a megabyte, of one moment each; where a right is missing, of fewer pairs and of no one moment. Values of more than
// MaxEachPage bytes are left out. It ends at the first error; ErrRestoring as ListKeys.
func (r *Rows) EachPage(ctx context.Context, db string, visit func([]Entry) error) error {
	s := newSpace(r.prefix, db)
	for w := (&walk{c: r.c, s: &s, epoch: anyEpoch, first: "-", end: "+", given: MaxEachPage}); !w.over; {
		page, err := w.list(ctx, pageKeys)
		if err != nil {
			return conn.Fail("kv: list keys", s.base, err)
		}
		if len(page) == 0 {
			continue // it only named the first keys, or all had expired
		}
		if err := visit(page); err != nil {
			return err
		}
	}
	return nil
}

// MaxEachPage is how many bytes a value has at most that EachPage reads.
const MaxEachPage = 8 << 20

func listed(read page) []Entry {
	out := make([]Entry, len(read.pairs))
	for i, p := range read.pairs {
		size := int(read.sizes[i])
		out[i] = Entry{Key: p.Key, Bytes: len(p.Value) + size, Value: p.Value, LeftOut: size > 0}
		if p.ExpireTS != 0 {
			out[i].Expires = time.Unix(int64(p.ExpireTS), 0).UTC()
		}
	}
	return out
}
