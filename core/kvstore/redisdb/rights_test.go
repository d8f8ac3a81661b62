package redisdb_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

// Whichever command a user may not send, a call that writes has either done all that it does or nothing.
func TestARightThatIsMissingLeavesNothingHalfDone(t *testing.T) {
	const db = "db"
	var shot []byte
	{
		m, _ := redistest.Mini(t)
		s := open(t, m, "other")
		put(t, s, pair("a", "restored"), &kvstore.KVPair{Key: []byte("z"), Value: []byte("restored"), ExpireTS: kvstore.MaxExpireTS})
		shot = snapshotOf(t, s)
	}
	filled := func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c, db)
		put(t, s, pair("a", "1"), pair("b", "2"))
		put(t, s, &kvstore.KVPair{Key: []byte("t"), Value: []byte("3"), ExpireTS: kvstore.MaxExpireTS})
		if _, err := s.SaveChangesOf("h", []*kvstore.ChangeRecord{{ChangeNumber: 1}}); err != nil {
			t.Fatal(err)
		}
		report(t, s, "r", 1)
	}
	expired := func(t *testing.T, c redis.UniversalClient) {
		filled(t, c)
		for _, key := range []string{"gone", "gone too"} { // as they are when the server has removed the pairs
			c.ZAdd(ctx, "kv:{db}:ix", redis.Z{Member: key})
			c.ZAdd(ctx, "kv:{db}:exp", redis.Z{Score: 1, Member: key})
		}
	}
	empty := func(*testing.T, redis.UniversalClient) {}
	change := &kvstore.ChangeRecord{ChangeNumber: 2, Trxns: []*kvstore.TrxnRecord{
		{Type: kvstore.TrxnPut, Key: []byte("b"), Value: []byte("x"), ExpireTS: kvstore.MaxExpireTS}, {Type: kvstore.TrxnDelete, Key: []byte("a")}}}
	for what, call := range map[string]struct {
		prepare func(*testing.T, redis.UniversalClient)
		act     func(*redisdb.Store) error
	}{
		"the first put":     {empty, func(s *redisdb.Store) error { return s.Put(pair("a", "x")) }},
		"put what is there": {filled, func(s *redisdb.Store) error { return s.Put(pair("a", "x")) }},
		"put what is not":   {filled, func(s *redisdb.Store) error { return s.Put(pair("new", "x")) }},
		"put with an expiry": {filled, func(s *redisdb.Store) error {
			return s.Put(&kvstore.KVPair{Key: []byte("a"), ExpireTS: kvstore.MaxExpireTS})
		}},
		"put for the past": {filled, func(s *redisdb.Store) error { return s.Put(&kvstore.KVPair{Key: []byte("a"), ExpireTS: 1}) }},
		"put without one":  {filled, func(s *redisdb.Store) error { return s.Put(pair("t", "x")) }},
		"put several": {filled, func(s *redisdb.Store) error {
			return s.Put(pair("a", "x"), pair("new", "x"), &kvstore.KVPair{Key: []byte("t"), ExpireTS: 1}, &kvstore.KVPair{Key: []byte("u"), ExpireTS: kvstore.MaxExpireTS})
		}},
		"delete": {filled, func(s *redisdb.Store) error { return s.Delete([]byte("t")) }},
		"create": {filled, func(s *redisdb.Store) error {
			return second(s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("new"), NewValue: []byte("x")}))
		}},
		"compare and set": {filled, func(s *redisdb.Store) error {
			return second(s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("t"), OldValue: []byte("3"), NewValue: []byte("x"), KeepExpireTS: true}))
		}},
		"edit by hand":   {filled, func(s *redisdb.Store) error { return s.ReplaceValue(ctx, []byte("t"), []byte("3"), []byte("x")) }},
		"delete by hand": {filled, func(s *redisdb.Store) error { return s.DeleteIf(ctx, []byte("t"), []byte("3")) }},
		"apply a change": {filled, func(s *redisdb.Store) error { return second(s.SaveChangesOf("h", []*kvstore.ChangeRecord{change})) }},
		"apply the first": {empty, func(s *redisdb.Store) error {
			return second(s.SaveChangesOf("h", []*kvstore.ChangeRecord{{ChangeNumber: 1, Trxns: change.Trxns}}))
		}},
		"report a replica": {filled, func(s *redisdb.Store) error { return s.ReportReplica(ctx, "new", 1) }},
		"put a snapshot":   {filled, func(s *redisdb.Store) error { return s.PutSnapshot(io.NopCloser(bytes.NewReader(shot))) }},
		"restore into an empty one": {empty, func(s *redisdb.Store) error {
			v, err := kvstore.OpenSnapshot(bytes.NewReader(shot), "")
			if err != nil {
				return err
			}
			defer v.Close()
			restored, err := s.Restore(context.Background(), v, false, func(uint64) {})
			if err == nil {
				err = restored.Close()
			}
			return err
		}},
		"put while others have expired": {expired, func(s *redisdb.Store) error {
			if err := s.Put(pair("a", "x")); err != nil {
				return err
			}
			return s.Put(pair("a", "x"))
		}},
	} {
		t.Run(what, func(t *testing.T) {
			redistest.EachRightWithheld(t, call.prepare, func(c redis.UniversalClient) error {
				s, err := redisdb.Open(c, db, redisdb.Options{})
				if err != nil {
					return err
				}
				defer s.Close()
				return call.act(s)
			})
		})
	}
}
