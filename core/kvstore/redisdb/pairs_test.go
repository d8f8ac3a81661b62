package redisdb_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

func TestPairRowsReadEveryPairOfEveryDatabase(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		put(t, open(t, c, "a:{db}"), pair("k:1", "v"), &kvstore.KVPair{Key: []byte("\xff"), Value: []byte("\xfe"), ExpireTS: 7258118400})
		rows := redisdb.NewPairRows(c, "")
		c.RPush(ctx, "kv:{other}:d:list", "x")
		var ids []string
		for _, p := range rows.Patterns() {
			if err := conn.Scan(ctx, c, p, 100, func(keys []string) error {
				for _, k := range keys {
					id, ok := rows.Identify(k)
					if !ok || rows.Keys(id)[0] != k {
						t.Errorf("%s is %q, %v", k, id, ok)
					}
					ids = append(ids, id)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := rows.Read(ctx, append(ids, "none:k"))
		if err != nil || len(got) != 3 {
			t.Fatalf("%v, %v", got, err)
		}
		for _, r := range got {
			switch {
			case r.ID() == "other:list":
				if r.Problem() == nil {
					t.Error("a list is no value")
				}
			case pairCol.Database.Of(r) != "a:{db}" || r.Problem() != nil || pairCol.Bytes.Of(r) != 1:
				t.Error(say(r))
			case pairCol.Key.Of(r) == "k:1" && (pairCol.Value.Text(r) != "v" || !pairCol.Expires.Of(r).IsZero()):
				t.Error(say(r))
			case pairCol.Key.Of(r) == "\xff" && pairCol.Expires.Of(r).IsZero():
				t.Errorf("%s never expires", say(r))
			}
		}
		for _, foreign := range []string{"kv:{a}:seq", "kv:{a}:ix", "kv:x", "actor:a"} {
			if id, ok := rows.Identify(foreign); ok {
				t.Errorf("%s is the pair %s", foreign, id)
			}
		}
	})
}

func TestAPairIsEditedOnlyWhileItHasTheValueThatWasSeen(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s, rows, id := open(t, c, "db"), redisdb.NewPairRows(c, ""), "db:k"
		put(t, s, &kvstore.KVPair{Key: []byte("k"), Value: []byte("old"), ExpireTS: 7258118400})
		body, seen, err := rows.Load(ctx, id)
		if err != nil || string(body) != "old" {
			t.Fatalf("%q, %v", body, err)
		}
		put(t, s, &kvstore.KVPair{Key: []byte("k"), Value: []byte("theirs"), ExpireTS: 7258118400})
		if _, err := rows.Replace(ctx, id, seen, []byte("mine")); !errors.Is(err, redisdb.ErrChanged) {
			t.Errorf("an edit of what was changed: %v", err)
		}
		if err := rows.Remove(ctx, id, seen); !errors.Is(err, conn.ErrPrecondition) {
			t.Errorf("a delete of what was changed: %v", err)
		}
		_, seen, err = rows.Load(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		now, err := rows.Replace(ctx, id, seen, []byte("mine"))
		if err != nil || now == seen {
			t.Fatalf("%d, %v", now, err)
		}
		if value, expires, err := s.LoadValue(ctx, []byte("k")); err != nil || string(value) != "mine" || expires.Unix() != 7258118400 {
			t.Errorf("%q, %v, %v", value, expires, err)
		}
		if body, found, err := rows.Inspect(ctx, id); err != nil || !found || string(body) != "mine" {
			t.Errorf("%q, %v, %v", body, found, err)
		}
		if err := rows.Remove(ctx, id, now); err != nil {
			t.Error(err)
		}
		if _, _, err := rows.Load(ctx, id); !errors.Is(err, redisdb.ErrNotFound) {
			t.Errorf("after the delete: %v", err)
		}
		if _, found, err := rows.Inspect(ctx, id); found || err != nil {
			t.Errorf("%v, %v", found, err)
		}
		if n, err := s.GetLatestCommittedChangeNumber(); err != nil || n != 4 {
			t.Errorf("%d changes, %v: an edit is a change of the log", n, err)
		}
	})
}

func TestPairRowsAreTheSameWhileTheyMeanTheSame(t *testing.T) {
	c := redistest.Single(t)
	rows, s := redisdb.NewPairRows(c, ""), open(t, c, "db")
	read := func() kind.Row {
		t.Helper()
		got, err := rows.Read(ctx, []string{"db:k"})
		if err != nil || len(got) != 1 {
			t.Fatalf("%v, %v", got, err)
		}
		return got[0]
	}
	put(t, s, pair("k", "v"))
	first := read()
	if !kind.Same(first, read()) {
		t.Error("two readings of one pair differ")
	}
	put(t, s, pair("k", "w"))
	if kind.Same(first, read()) {
		t.Error("another value is the same")
	}
	put(t, s, &kvstore.KVPair{Key: []byte("k"), Value: []byte("v"), ExpireTS: uint64(time.Now().Add(time.Hour).Unix())})
	if kind.Same(first, read()) {
		t.Error("an expiry is nothing")
	}
}
