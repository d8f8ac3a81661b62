package redisdb

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/kvstore"
)

// pairPreview is how much of a value a row holds.
const pairPreview = 120

// PairRows reads and edits the pairs of all databases under one prefix.
type PairRows struct {
	c      redis.UniversalClient
	prefix string
}

// NewPairRows reads under prefix; empty means "kv:".
func NewPairRows(c redis.UniversalClient, prefix string) *PairRows {
	return &PairRows{c: c, prefix: cmp.Or(prefix, KeyPrefix.Usual)}
}

// Kind is the kind of pairs.
func (r *PairRows) Kind() kind.Kind {
	return kind.Kind{Name: "pairs", Schema: pairSchema, Source: r, Documents: r, Weigh: weigh}
}

// Patterns find the values.
func (r *PairRows) Patterns() []string { return []string{conn.EscapeGlob(r.prefix) + "{*}:d:*"} }

// Identify names the row of a value's key: the ID is db:key, both in escaped form.
func (r *PairRows) Identify(key string) (id string, ok bool) {
	db, foreign, ok := recognise(r.prefix, key)
	if !ok || foreign {
		return "", false
	}
	name, data := strings.CutPrefix(key[len(r.prefix)+len(db)+2:], ":d:")
	return db + ":" + name, data
}

// place takes an id apart; ok is false for what Identify cannot have made.
func (r *PairRows) place(id string) (db string, key []byte, ok bool) {
	escapedDB, escapedKey, found := strings.Cut(id, ":")
	db, errDB := conn.Unescape(escapedDB)
	name, errKey := conn.Unescape(escapedKey)
	return db, []byte(name), found && errDB == nil && errKey == nil && db != "" && name != ""
}

// Keys is the one raw key of a pair.
func (r *PairRows) Keys(id string) []string {
	db, key, _ := strings.Cut(id, ":")
	s := spaceOf(r.prefix, db)
	return []string{s.data + key}
}

// Read fetches pairs in one pipeline; missing and expired ones are left out. Of a value longer than conn.MaxUnasked it
// reads the beginning, and its length in a second pipeline. Fields that the server refused to answer are marked as not
// known.
func (r *PairRows) Read(ctx context.Context, ids []string) ([]kind.Row, error) {
	values, lives := make([]*redis.StringCmd, len(ids)), make([]*redis.IntCmd, len(ids))
	err := conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		for i, id := range ids {
			key := r.Keys(id)[0]
			values[i], lives[i] = p.GetRange(ctx, key, 0, conn.MaxUnasked), conn.PTTL(ctx, p, key)
		}
	})
	if err != nil {
		return nil, conn.Fail("kv: read pairs", r.prefix, err)
	}
	now := time.Now()
	sizes, there, err := r.rest(ctx, ids, values, lives)
	if err != nil {
		return nil, conn.Fail("kv: read pairs", r.prefix, err)
	}
	b := pairSchema.Builder(len(ids))
	for i, id := range ids {
		value, err := values[i].Bytes()
		life, refused := lives[i].Result()
		if refused == nil && life == -2 {
			continue
		}
		if refused != nil && !conn.Refused(refused) {
			err = refused
		}
		if there[i] != nil { // its life did not tell, and an empty value is what a key that is gone has, too
			n, unsaid := there[i].Result()
			if unsaid == nil && n == 0 {
				continue
			}
			err = cmp.Or(err, unsaid)
		}
		b.Row(id)
		db, key, ok := r.place(id)
		switch {
		case err != nil && !conn.Refused(err):
			b.Bad(conn.Fail("kv: read pair", r.Keys(id)[0], err))
			continue
		case !ok:
			b.Bad(conn.Fail("kv: read pair", r.Keys(id)[0], errMalformed))
			continue
		}
		PairColumns.Database.Set(b, db)
		PairColumns.Key.Set(b, string(key))
		PairColumns.Value.Set(b, value[:min(len(value), pairPreview)])
		PairColumns.Value.Unknown(b, err)
		size, noSize := int64(len(value)), err
		if sizes[i] != nil {
			size, noSize = max(size, sizes[i].Val()), sizes[i].Err() // it may have gone meanwhile
		}
		if PairColumns.Bytes.Unknown(b, noSize); noSize == nil {
			PairColumns.Bytes.Set(b, size)
			if err == nil {
				PairColumns.Fingerprint.Set(b, fingerprint(value, size))
			}
		}
		if PairColumns.Expires.Unknown(b, refused); refused == nil {
			PairColumns.Expires.Set(b, conn.Deadline(now, life))
		}
	}
	return b.Rows(), nil
}

// weigh counts the bytes of a pair's value to its database, by the ID of that one's row. A pair whose size is not known
// counts 1 to Unweighed.
func weigh(row kind.Row) (group string, n int64) {
	database, _, _ := strings.Cut(row.ID(), ":")
	if row.Bad() || PairColumns.Bytes.Err(row) != nil {
		return Unweighed(database), 1
	}
	return database, PairColumns.Bytes.Of(row)
}

// Unweighed is the group of those pairs of a database whose size is not known. No escaped name has a question mark.
func Unweighed(database string) string { return "?" + database }

// rest asks for the lengths of the values of which no more than the beginnings were read, and whether those are there of which neither value
// nor life tells.
func (r *PairRows) rest(ctx context.Context, ids []string, heads []*redis.StringCmd, lives []*redis.IntCmd) (sizes, there []*redis.IntCmd, err error) {
	sizes, there = make([]*redis.IntCmd, len(ids)), make([]*redis.IntCmd, len(ids))
	long := func(i int) bool {
		return len(heads[i].Val()) > conn.MaxUnasked || conn.Refused(heads[i].Err()) && lives[i].Err() == nil && lives[i].Val() != -2
	}
	doubtful := func(i int) bool { return heads[i].Val() == "" && lives[i].Err() != nil }
	asks := false
	for i := range ids {
		asks = asks || long(i) || doubtful(i)
	}
	if !asks {
		return sizes, there, nil
	}
	err = conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		for i, id := range ids {
			switch key := r.Keys(id)[0]; {
			case long(i):
				sizes[i] = p.StrLen(ctx, key)
			case doubtful(i):
				there[i] = p.Exists(ctx, key)
			}
		}
	})
	return sizes, there, err
}

// Inspect returns the value.
func (r *PairRows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	text, err := conn.Ask(ctx, r.c, redis.NewStringCmd(ctx, "get", r.Keys(id)[0]))
	if err == redis.Nil {
		return nil, false, nil
	}
	return []byte(text), err == nil, conn.Fail("kv: inspect pair", id, err)
}

// A pair has no version, so an edit compares values: version is the fingerprint of the value that was seen, and between
// our looking and our writing the script compares the value itself.

// Condition is that of an edit in words, in which a fingerprint would tell nobody anything.
func (r *PairRows) Condition(string, int64) string { return "if its value is still the one shown" }

// Load reads a value for editing, or ErrNotFound; one whose fingerprint would not tell each change is conn.ErrTooLarge.
func (r *PairRows) Load(ctx context.Context, id string) (body []byte, version int64, err error) {
	err = r.with(ctx, id, func(s *Store, key []byte) error {
		size, err := conn.Ask(ctx, r.c, redis.NewIntCmd(ctx, "strlen", s.key(key)))
		if err == nil && size > conn.MaxUnasked {
			err = conn.TooLarge(size)
		}
		if err != nil {
			return s.fail("load value", s.key(key), err)
		}
		body, _, err = s.LoadValue(ctx, key)
		return err
	})
	return body, fingerprint(body, int64(len(body))), err
}

// Replace sets a value if it still is the one that was seen, and keeps the expiry: ErrNotFound or ErrChanged.
func (r *PairRows) Replace(ctx context.Context, id string, version int64, body []byte) (newVersion int64, err error) {
	err = r.ifSeen(ctx, id, version, func(s *Store, key, old []byte) error { return s.ReplaceValue(ctx, key, old, body) })
	return fingerprint(body, int64(len(body))), err
}

// Remove deletes a pair if its value still is the one that was seen: ErrNotFound or ErrChanged.
func (r *PairRows) Remove(ctx context.Context, id string, version int64) error {
	return r.ifSeen(ctx, id, version, func(s *Store, key, old []byte) error { return s.DeleteIf(ctx, key, old) })
}

// Keep is Load for a pair about to be removed: back creates the pair again with its value and expiry, unless it exists
// again. Errors of back: ErrExists, ErrNotFound if it has expired.
func (r *PairRows) Keep(ctx context.Context, id string) (body []byte, version int64, back func(context.Context) error, err error) {
	if body, version, err = r.Load(ctx, id); err != nil {
		return nil, 0, nil, err
	}
	pair := &kvstore.KVPair{}
	err = r.with(ctx, id, func(s *Store, key []byte) error {
		value, expires, err := s.LoadValue(ctx, key)
		pair.Key, pair.Value = key, value
		if !expires.IsZero() {
			pair.ExpireTS = uint64(expires.Unix())
		}
		body, version = value, fingerprint(value, int64(len(value)))
		return err
	})
	return body, version, func(ctx context.Context) error {
		return r.with(ctx, id, func(s *Store, key []byte) error {
			now, err := conn.Ask(ctx, r.c, redis.NewTimeCmd(ctx, "time"))
			if err == nil && pair.ExpireTS != 0 && now.Unix() >= int64(pair.ExpireTS) {
				err = fmt.Errorf("%w: it has expired", ErrNotFound)
			}
			if err != nil {
				return s.fail("put back", s.key(key), err)
			}
			return s.Create(ctx, pair)
		})
	}, err
}

func (r *PairRows) ifSeen(ctx context.Context, id string, version int64, act func(s *Store, key, old []byte) error) error {
	return r.with(ctx, id, func(s *Store, key []byte) error {
		old, _, err := s.LoadValue(ctx, key)
		if err == nil && fingerprint(old, int64(len(old))) != version {
			err = s.fail("compare", s.key(key), ErrChanged)
		}
		if err != nil {
			return err
		}
		return act(s, key, old)
	})
}

// with opens the database of a row for one edit; it trims no log.
func (r *PairRows) with(ctx context.Context, id string, act func(s *Store, key []byte) error) (err error) {
	db, key, ok := r.place(id)
	if !ok {
		return conn.Fail("kv: edit pair", id, fmt.Errorf("%w: expected database:key in escaped form", ErrBadArgument))
	}
	if ctx == nil {
		return conn.Fail("kv: edit pair", id, fmt.Errorf("%w: nil context", ErrBadArgument))
	}
	s, err := OpenContext(ctx, r.c, db, Options{Prefix: r.prefix})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return act(s, key)
}

// fingerprint is the first 63 bits of the SHA-256 of a value. Of one longer than conn.MaxUnasked no more is read than
// that and the size: such a value may change behind its beginning and keep its fingerprint, so it must not be edited.
func fingerprint(value []byte, size int64) int64 {
	if size > conn.MaxUnasked {
		value = binary.BigEndian.AppendUint64(value[:conn.MaxUnasked:conn.MaxUnasked], uint64(size))
	}
	sum := sha256.Sum256(value)
	return int64(binary.BigEndian.Uint64(sum[:]) >> 1)
}
