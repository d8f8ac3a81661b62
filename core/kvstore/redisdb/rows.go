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
	"holdfast/core/rate"
)

// Row is one database as the dashboard lists it.
type Row struct {
	id        string
	Database  string // as its owner named it; the id is escaped
	Keys      int64  // may count keys that expired a moment ago
	Changes   uint64 // number of the last change
	Applied   uint64 // number of the last change applied from a master; 0: no replica
	LogLength int64
	Restoring bool // a restore was decided and is not finished

	KeysErr     error // why Keys is not known
	ChangesErr  error // why Changes is not known
	AppliedErr  error // why Applied is not known
	LogErr      error // why LogLength is not known
	RestoreErr  error // why Restoring is not known
	ReplicasErr error // why nothing is known of replicas

	ReadAt   time.Time // on our clock
	Rate     rate.Rate // of changes, as far as readings tell
	restores string    // how many there were
	replicas []Replica // in the order of their names
	reported int64     // how many there are, of which replicas are the first few
	problem  error
}

// ID is the escaped name of the database; for a foreign key under the prefix a question mark, which no escaped name
// holds, and what follows the prefix.
func (r *Row) ID() string { return r.id }

// Problem is why the database cannot be read; nil for a good row.
func (r *Row) Problem() error { return r.problem }

// Equal tells whether other means the same.
func (r *Row) Equal(other *Row) bool {
	if (r.problem == nil) != (other.problem == nil) || (r.problem != nil && r.problem.Error() != other.problem.Error()) {
		return false
	}
	for i, why := range r.unknown() {
		if fmt.Sprint(why) != fmt.Sprint(other.unknown()[i]) {
			return false
		}
	}
	return r.id == other.id && r.Keys == other.Keys && r.Changes == other.Changes && r.Applied == other.Applied && r.LogLength == other.LogLength &&
		r.Restoring == other.Restoring && r.restores == other.restores && r.reported == other.reported && sameReplicas(r.replicas, other.replicas)
}

func (r *Row) unknown() []error {
	return []error{r.KeysErr, r.ChangesErr, r.AppliedErr, r.LogErr, r.RestoreErr, r.ReplicasErr}
}

// Follow takes the rate of changes over from an earlier reading. A restore moves the number without any change.
func (r *Row) Follow(old *Row) {
	r.Rate = old.Rate
	if r.problem == nil && old.problem == nil && cmp.Or(r.ChangesErr, old.ChangesErr, r.RestoreErr, old.RestoreErr) == nil && r.restores == old.restores && r.Changes > old.Changes {
		r.Rate = old.Rate.Add(r.Changes-old.Changes, old.ReadAt, r.ReadAt)
	}
}

// Rows reads all databases under one prefix. It writes nothing, also where a restore waits to be finished.
type Rows struct {
	c      redis.UniversalClient
	prefix string
}

// NewRows reads under prefix; empty means "kv:".
func NewRows(c redis.UniversalClient, prefix string) *Rows {
	return &Rows{c: c, prefix: cmp.Or(prefix, conn.DefaultPrefixes().KV)}
}

// Patterns are wide enough to also find the foreign keys.
func (r *Rows) Patterns() []string { return []string{conn.EscapeGlob(r.prefix) + "*"} }

// Identify names the database of a raw key.
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
func (r *Rows) Read(ctx context.Context, ids []string) ([]*Row, error) {
	rows, err := r.read(ctx, ids)
	if err != nil {
		return nil, err
	}
	var doubtful []string
	for _, row := range rows {
		if row.contradicts() {
			doubtful = append(doubtful, row.id)
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
		at := slices.IndexFunc(rows, func(old *Row) bool { return old.id == row.id })
		rows[at] = row
	}
	return rows, nil
}

// contradicts tells whether the numbers of a row cannot be of one moment of one history.
func (r *Row) contradicts() bool {
	ahead := slices.ContainsFunc(r.replicas, func(p Replica) bool { return p.Applied > r.Changes })
	return r.problem == nil && r.ChangesErr == nil && (ahead || r.LogLength > int64(r.Changes))
}

func (r *Rows) read(ctx context.Context, ids []string) ([]*Row, error) {
	type reading struct {
		keys, log, reported *redis.IntCmd
		seq, applied, epoch *redis.StringCmd
		replicas            *redis.ScanCmd
	}
	all := make([]reading, len(ids))
	err := conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		head := func(key string) *redis.StringCmd { return p.GetRange(ctx, key, 0, conn.MaxNumber-1) } // a foreign value may be huge
		for i, id := range ids {
			if rest, foreign := strings.CutPrefix(id, "?"); foreign {
				all[i].keys = p.Exists(ctx, r.prefix+rest)
				continue
			}
			s := spaceOf(r.prefix, id)
			all[i] = reading{
				reported: p.HLen(ctx, s.replicas), replicas: p.HScan(ctx, s.replicas, 0, "", MaxReplicas), log: p.XLen(ctx, s.log),
				keys: p.ZCard(ctx, s.ix), applied: head(s.appliedKey), epoch: head(s.epochKey), seq: head(s.seq), // last: what the others count is among it
			}
		}
	})
	if err != nil {
		return nil, conn.Fail("kv: read rows", r.prefix, err)
	}
	now := time.Now()
	rows := make([]*Row, 0, len(ids))
	var doubtful []string
	for i, id := range ids {
		row, a := &Row{id: id, ReadAt: now}, all[i]
		if strings.HasPrefix(id, "?") {
			if row.problem = errForeign; a.keys.Err() != nil || a.keys.Val() > 0 {
				rows = append(rows, row)
			}
			continue
		}
		row.Database, _ = conn.Unescape(id)
		row.Keys, row.LogLength = a.keys.Val(), a.log.Val()
		row.restores = a.epoch.Val()
		if at := strings.IndexAny(row.restores, "-+"); at >= 0 {
			row.restores, row.Restoring = row.restores[:at], true
		}
		var wrong error
		if row.Changes, err = number("the change number", stored(a.seq)); err != nil {
			wrong = err
		}
		if row.Applied, err = number("the applied number", stored(a.applied)); err != nil {
			wrong = cmp.Or(wrong, err)
		}
		fields, _ := a.replicas.Val()
		if row.replicas, err = reports(fields); err != nil {
			wrong = cmp.Or(wrong, err)
		}
		row.reported = max(a.reported.Val(), int64(len(row.replicas)))
		row.KeysErr, row.ChangesErr, row.AppliedErr, row.LogErr = a.keys.Err(), a.seq.Err(), a.applied.Err(), a.log.Err()
		row.RestoreErr, row.ReplicasErr = a.epoch.Err(), cmp.Or(a.replicas.Err(), a.reported.Err())
		if row.ReplicasErr != nil {
			row.replicas, row.reported = nil, 0
		}
		for _, err := range row.unknown() {
			switch {
			case err == nil || conn.Refused(err):
			case strings.HasPrefix(err.Error(), "WRONGTYPE"):
				wrong = fmt.Errorf("%w: %w", errMalformed, err)
			default:
				wrong = err
			}
		}
		row.problem = wrong
		switch {
		case wrong != nil || row.Keys > 0 || row.LogLength > 0 || a.seq.Val()+a.applied.Val()+a.epoch.Val() != "":
			rows = append(rows, row)
		case cmp.Or(row.KeysErr, row.LogErr, row.ChangesErr, row.AppliedErr, row.RestoreErr) != nil:
			rows, doubtful = append(rows, row), append(doubtful, r.decisive(id)...)
		}
	}
	gone, err := conn.Gone(ctx, r.c, doubtful)
	if err != nil {
		return nil, conn.Fail("kv: read rows", r.prefix, err)
	}
	return slices.DeleteFunc(rows, func(row *Row) bool {
		return !slices.ContainsFunc(r.decisive(row.id), func(key string) bool { return !gone[key] })
	}), nil
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
		p, err := w.next(ctx, min(limit-len(out), pageKeys))
		if err != nil {
			return nil, conn.Fail("kv: list keys", s.base, err)
		}
		out = append(out, listed(p)...)
	}
	return out, nil
}

// EachPage calls visit with all pairs of a database in the order of their keys, page by page: up to 512 pairs, or about
// a megabyte, of one moment each. Values of more than MaxEachPage bytes are left out. It ends at the first error;
// ErrRestoring as ListKeys.
func (r *Rows) EachPage(ctx context.Context, db string, visit func([]Entry) error) error {
	s := newSpace(r.prefix, db)
	for w := (&walk{c: r.c, s: &s, epoch: anyEpoch, first: "-", end: "+", given: MaxEachPage}); !w.over; {
		p, err := w.next(ctx, pageKeys)
		if err != nil {
			return conn.Fail("kv: list keys", s.base, err)
		}
		if len(p.pairs) == 0 {
			continue // it only named the first keys, or all had expired
		}
		if err := visit(listed(p)); err != nil {
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
