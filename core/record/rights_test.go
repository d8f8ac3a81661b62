package record_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/record"
	"holdfast/internal/redistest"
)

// Whatever one right a user lacks: a call does all of it or changes nothing.
func TestACallThatLacksARightChangesNothing(t *testing.T) {
	acts := map[string]func(s *record.RedisStorage) error{}
	for what, m := range mutations() {
		acts[what] = func(s *record.RedisStorage) error {
			if err := m.call(ctx, s); !errors.Is(err, m.want) || m.want == nil {
				return err
			}
			return nil // as it must
		}
	}
	acts["sweep"] = func(s *record.RedisStorage) error { return s.Sweep(ctx) }
	for what, act := range acts {
		t.Run(what, func(t *testing.T) {
			redistest.EachRightWithheld(t, func(t *testing.T, c redis.UniversalClient) {
				furnish(t, c)
				if what != "sweep" { // else a call sweeps beside what it does, and does without if it may not
					c.ZRem(ctx, "rec:{ns}:exp", overLease)
				}
			}, func(c redis.UniversalClient) error {
				s, err := record.New(c, "ns", record.Options{})
				if err != nil {
					return err
				}
				return act(s)
			})
		})
	}
}

// A user who may read the keys and no more opens records as anybody does.
func TestReadingNeedsOnlyTheRightToRead(t *testing.T) {
	admin := redistest.Single(t)
	for user, rules := range map[string][]any{
		"scripts":  {"%R~rec:*", "&rec:*", "+@all"},
		"commands": {"%R~rec:*", "&rec:*", "+@read", "+@connection", "-eval", "-evalsha", "-eval_ro", "-evalsha_ro"},
	} {
		t.Run(user, func(t *testing.T) {
			furnish(t, admin)
			if err := admin.Do(ctx, append([]any{"ACL", "SETUSER", user, "reset", "on", "nopass"}, rules...)...).Err(); err != nil {
				t.Fatal(err)
			}
			defer admin.ACLDelUser(ctx, user)
			c := redis.NewClient(&redis.Options{Addr: admin.Options().Addr, Username: user, Password: "any"})
			defer c.Close()
			s := openNS(t, c, "ns", record.Options{Poll: 20 * time.Millisecond})
			unchanged(t, admin, "reading", func() {
				readAll(t, s, record.NewRecordRows(c, ""), record.NewLeaseRows(c, ""))
				body, found, err := record.NewRecordRows(c, "").Inspect(ctx, "ns:a")
				if err != nil || !found || string(body) != "1" {
					t.Errorf("inspect: %q, %v, %v", body, found, err)
				}
				if _, err := s.Create(ctx, record.Record{Key: "d"}); err == nil {
					t.Error("it may write")
				}
			})
			done := make(chan outcome, 1)
			go func() {
				r, err := s.WaitForVersionChange(ctx, "b", versionOfB)
				done <- outcome{r, err}
			}()
			w, err := open(t, admin).CasByVersion(ctx, record.Record{Key: "b", Version: versionOfB})
			if err != nil {
				t.Fatal(err)
			}
			if got := <-done; got.err != nil || got.r.Version != w {
				t.Errorf("wait: %+v", got)
			}
		})
	}
}

// What frees memory works on a server that is full, and versions rise across it.
func TestAFullServerLetsGoOfRecordsAndLeases(t *testing.T) {
	c := redistest.Start(t, "--maxmemory-policy", "noeviction").Client(t)
	s := open(t, c)
	furnish(t, c)
	for i := range 1100 { // more than one script removes
		put(t, s, fmt.Sprint("many", i), "", livingLease)
	}
	full := func(limit string) {
		t.Helper()
		if err := c.ConfigSet(ctx, "maxmemory", limit).Err(); err != nil {
			t.Fatal(err)
		}
	}
	v := put(t, s, "kept", "", grant(t, s, time.Hour, false).Id())
	kept, err := s.GetLease(record.LeaseId(v - 1))
	if err != nil {
		t.Fatal(err)
	}
	full("1")
	if _, err := s.Create(ctx, record.Record{Key: "new"}); err == nil {
		t.Fatal("it is not full")
	}
	c.ScriptFlush(ctx) // a script that the server does not know yet is no exception
	for what, err := range map[string]error{
		"delete": s.Delete(ctx, "b"), "delete with a lease": s.DeleteByVersion(ctx, "a", versionOfA),
		"release": s.ReleaseLease(ctx, livingLease), "release of another": kept.Release(),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if all, err := s.GetRange(ctx, "", "z"); err != nil || len(all) != 0 {
		t.Errorf("%d are left, %v", len(all), err)
	}
	full("0")
	if w := put(t, s, "b", "", record.NoLeaseId); w <= v {
		t.Errorf("version %d after %d", w, v)
	}
	put(t, s, "sweeps", "", record.NoLeaseId)
	if n := c.DBSize(ctx).Val(); n != 4 { // seq, ix and two records
		t.Errorf("left: %v", contents(t, c))
	}
}

// A context that is not there is an error of every call, and no panic.
func TestANilContextIsAnError(t *testing.T) {
	s := open(t, redistest.Single(t))
	var none context.Context
	_, create := s.Create(none, record.Record{Key: "a"})
	_, get := s.Get(none, "a")
	_, all := s.GetRange(none, "a", "b")
	_, cas := s.CasByVersion(none, record.Record{Key: "a"})
	_, wait := s.WaitForVersionChange(none, "a", 1)
	_, lease := s.NewLease(none, time.Hour, true)
	for what, err := range map[string]error{
		"create": create, "get": get, "range": all, "cas": cas, "wait": wait, "new lease": lease, "delete": s.Delete(none, "a"),
		"delete by version": s.DeleteByVersion(none, "a", 1), "release": s.ReleaseLease(none, 1),
	} {
		if !errors.Is(err, record.ErrBadArgument) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A refusal is the call's error and not a record that cannot be read, or one that is not there.
func TestARefusedReadingIsNeverAnAnswer(t *testing.T) {
	admin := redistest.Single(t)
	for _, command := range []string{"hmget", "zscore", "zrangebylex", "get", "pttl", "time", "exists"} {
		furnish(t, admin)
		if err := admin.Do(ctx, "ACL", "SETUSER", "poor", "reset", "on", "nopass", "~*", "&*", "+@all", "-"+command).Err(); err != nil {
			t.Fatal(err)
		}
		c := redis.NewClient(&redis.Options{Addr: admin.Options().Addr, Username: "poor", Password: "any"})
		s := open(t, c)
		if _, err := s.Get(ctx, "a"); errors.Is(err, record.ErrNotFound) {
			t.Errorf("without %s: get: %v", command, err)
		}
		if all, err := s.GetRange(ctx, "", "z"); err == nil && len(all) != 2 || err != nil && len(all) != 0 {
			t.Errorf("without %s: range: %v, %v", command, all, err)
		}
		if _, err := s.GetLease(livingLease); errors.Is(err, record.ErrWrongLeaseId) {
			t.Errorf("without %s: get lease: %v", command, err)
		}
		c.Close()
	}
	admin.ACLDelUser(ctx, "poor")
}
