package redisdb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

// impatient is a client that takes the refusal of a moving slot for an answer, instead of waiting for the move.
func impatient(t testing.TB, c *redis.ClusterClient) *redis.ClusterClient {
	o := *c.Options()
	o.MaxRedirects = 2
	mine := redis.NewClusterClient(&o)
	t.Cleanup(func() { mine.Close() })
	mine.AddHook(refusing{})
	return mine
}

// errMoving is an answer of the server that is not waited for.
var errMoving = moving{}

type moving struct{}

func (moving) Error() string { return "MOVING keys are on two masters" }
func (moving) RedisError()   {}

type refusing struct{}

func (refusing) DialHook(next redis.DialHook) redis.DialHook { return next }
func (refusing) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if conn.Moving(err) {
			err = errMoving
			cmd.SetErr(err)
		}
		return err
	}
}

func (refusing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			if conn.Moving(cmd.Err()) {
				cmd.SetErr(errMoving)
			}
		}
		if conn.Moving(err) {
			err = errMoving
		}
		return err
	}
}

// book is what a database should hold.
type book struct {
	pairs            map[string]string
	changes, applied uint64
}

const sourceHistory = "the master's"

// inSplit are the calls on a database whose keys lie on two masters. Each returns the error of the call, after it has checked
// an answer, and notes what it did.
var inSplit = []struct {
	name string
	call func(t *testing.T, s *redisdb.Store, c redis.UniversalClient, b *book) error
}{
	{"get each", func(t *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) (err error) {
		for _, key := range append(slices.Sorted(maps.Keys(b.pairs)), "missing") {
			pairs, e := s.Get([]byte(key))
			value, there := b.pairs[key]
			if e == nil && (len(pairs) == 1) != there || len(pairs) == 1 && string(pairs[0].Value) != value {
				t.Errorf("%q is %v, want %q, %v", key, pairs, value, there)
			}
			err = errors.Join(err, e)
		}
		return err
	}},
	{"get all", func(t *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		var keys [][]byte
		for key := range b.pairs {
			keys = append(keys, []byte(key))
		}
		pairs, err := s.Get(keys...)
		if err == nil {
			b.check(t, pairs)
		}
		return err
	}},
	{"iterate", func(t *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		var pairs []*kvstore.KVPair
		err := kvstore.NewIteration(s, nil).ForEach(func(p *kvstore.KVPair) error { pairs = append(pairs, p); return nil })
		if err == nil {
			b.check(t, pairs)
		}
		return err
	}},
	{"iterate in a prefix from a start", func(t *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		n, want := 0, 0
		req := &kvstore.IterateRequest{KeyPrefix: []byte("k"), StartKey: []byte("k1")}
		err := kvstore.NewIteration(s, req).ForEach(func(*kvstore.KVPair) error { n++; return nil })
		for key := range b.pairs {
			if strings.HasPrefix(key, "k") && key >= "k1" {
				want++
			}
		}
		if err == nil && n != want {
			t.Errorf("%d pairs, want %d", n, want)
		}
		return err
	}},
	{"list for the dashboard", func(t *testing.T, s *redisdb.Store, c redis.UniversalClient, b *book) error {
		found, err := redisdb.NewRows(c, "").ListKeys(ctx, s.Database(), nil, nil, 100)
		if err == nil && len(found) != len(b.pairs) {
			t.Errorf("%d pairs are listed, want %d", len(found), len(b.pairs))
		}
		n := 0
		each := redisdb.NewRows(c, "").EachPage(ctx, s.Database(), func(p []redisdb.Entry) error { n += len(p); return nil })
		if each == nil && n != len(b.pairs) {
			t.Errorf("pages of %d pairs, want %d", n, len(b.pairs))
		}
		return errors.Join(err, each)
	}},
	{"rows for the dashboard", func(t *testing.T, s *redisdb.Store, c redis.UniversalClient, b *book) error {
		rows, err := redisdb.NewRows(c, "").Read(ctx, []string{s.Database()})
		if err != nil {
			return err
		}
		if len(rows) != 1 {
			t.Fatalf("rows %v", rows)
		}
		if err := rows[0].Problem(); err != nil {
			return err
		}
		r := rows[0]
		if log := col.LogLength.Of(r); col.Keys.Of(r) != int64(len(b.pairs)) || col.Changes.Of(r) != b.changes || col.Applied.Of(r) != b.applied || log < 1 || log > int64(b.changes) {
			t.Errorf("row %s, want %+v", say(r), b)
		}
		pairs := redisdb.NewPairRows(c, "")
		var ids []string
		for key := range b.pairs {
			ids = append(ids, s.Database()+":"+key)
		}
		listed, err := pairs.Read(ctx, ids)
		if err != nil {
			return err
		}
		if len(listed) != len(ids) {
			t.Errorf("%d of %d pairs", len(listed), len(ids))
		}
		for _, row := range listed {
			if err := row.Problem(); err != nil {
				return err
			}
			if key, value := pairCol.Key.Of(row), pairCol.Value.Text(row); b.pairs[key] != value {
				t.Errorf("%q is %q, want %q", key, value, b.pairs[key])
			}
		}
		return nil
	}},
	{"look into the log", func(t *testing.T, s *redisdb.Store, c redis.UniversalClient, b *book) error {
		body, found, err := redisdb.NewRows(c, "").Inspect(ctx, s.Database())
		if err == nil && (!found || !bytes.Contains(body, fmt.Appendf(nil, `"change":%d,`, b.changes))) {
			t.Errorf("%v, %s; want change %d", found, body, b.changes)
		}
		return err
	}},
	{"numbers", func(t *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		changes, one := s.GetLatestCommittedChangeNumber()
		applied, two := s.GetLatestAppliedChangeNumber()
		if one == nil && changes != b.changes || two == nil && applied != b.applied {
			t.Errorf("numbers %d, %d, want %d, %d", changes, applied, b.changes, b.applied)
		}
		history, three := s.AppliedHistory()
		if three == nil && history != sourceHistory {
			t.Errorf("of history %q", history)
		}
		history, four := s.History()
		if four == nil && history == "" {
			t.Error("no history")
		}
		return errors.Join(one, two, three, four)
	}},
	{"load changes", func(t *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		list, err := s.LoadChanges(b.changes, 10)
		if err == nil && (len(list) != 1 || list[0].ChangeNumber != b.changes) {
			t.Errorf("%d changes from %d up", len(list), b.changes)
		}
		return err
	}},
	{"load no changes", func(t *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		list, err := s.LoadChanges(b.changes+1, 10)
		if len(list) != 0 {
			t.Errorf("%d changes from %d up", len(list), b.changes+1)
		}
		return err
	}},
	{"snapshot", func(t *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		r, err := s.GetSnapshot()
		if err != nil {
			return err
		}
		defer r.Close()
		v, err := kvstore.OpenSnapshot(r, t.TempDir())
		if err != nil {
			return err
		}
		defer v.Close()
		if v.Change != b.changes || v.Applied != b.applied || int(v.Pairs) != len(b.pairs) {
			t.Errorf("%+v, %d pairs, want %+v", v.SnapshotHeader, v.Pairs, b)
		}
		return nil
	}},
	{"back up", func(t *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		path := filepath.Join(t.TempDir(), "backup")
		if err := s.BackupTo(path); err != nil {
			if _, there := os.Stat(path); there == nil {
				t.Error("a failed backup leaves a file")
			}
			return err
		}
		v, err := kvstore.OpenSnapshotFile(path)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		if int(v.Pairs) != len(b.pairs) {
			t.Errorf("%d pairs, want %d", v.Pairs, len(b.pairs))
		}
		return nil
	}},
	{"put what is there", func(_ *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		return b.did(s.Put(pair("k1", "put")), "k1", "put")
	}},
	{"put what is not", func(_ *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		return b.did(s.Put(pair("new", "put")), "new", "put")
	}},
	{"put with an expiry", func(_ *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		return b.did(s.Put(&kvstore.KVPair{Key: []byte("k2"), Value: []byte("until"), ExpireTS: kvstore.MaxExpireTS}), "k2", "until")
	}},
	{"put several", func(_ *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		return b.did(s.Put(pair("k1", "two"), pair("k3", "two")), "k1", "two", "k3", "two")
	}},
	{"compare and set", func(t *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		set, err := s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("k1"), OldValue: []byte(b.pairs["k1"]), NewValue: []byte("set")})
		if err == nil && !set {
			t.Error("not set")
		}
		return b.did(err, "k1", "set")
	}},
	{"compare with another value", func(t *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		set, err := s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("k1"), OldValue: []byte("another"), NewValue: []byte("set")})
		if set {
			t.Error("set")
		}
		return err
	}},
	{"create what is there", func(t *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		set, err := s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("k1"), NewValue: []byte("created")})
		if set {
			t.Error("created")
		}
		return err
	}},
	{"delete what is there", func(_ *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		err := s.Delete([]byte("k3"))
		if err == nil {
			b.changes++
			delete(b.pairs, "k3")
		}
		return err
	}},
	{"delete what is not", func(_ *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		return s.Delete([]byte("missing"))
	}},
	{"apply changes", func(t *testing.T, s *redisdb.Store, _ redis.UniversalClient, b *book) error {
		list := []*kvstore.ChangeRecord{
			{ChangeNumber: b.applied + 1, Trxns: []*kvstore.TrxnRecord{{Type: kvstore.TrxnPut, Key: []byte("k1"), Value: []byte("applied")}}},
			{ChangeNumber: b.applied + 2, Trxns: []*kvstore.TrxnRecord{{Type: kvstore.TrxnPut, Key: []byte("k2"), Value: []byte("applied")}}},
		}
		n, err := s.SaveChangesOf(sourceHistory, list)
		if err == nil && n != b.applied+2 || errors.Is(err, kvstore.ErrGap) || errors.Is(err, kvstore.ErrHistory) {
			t.Errorf("applied %d of %d, %v", n, b.applied+2, err)
		}
		if was := b.applied; n > was {
			b.pairs["k1"] = "applied"
			if n > was+1 {
				b.pairs["k2"] = "applied"
			}
			b.changes, b.applied = b.changes+n-was, n
		}
		return err
	}},
	{"report a replica", func(_ *testing.T, s *redisdb.Store, _ redis.UniversalClient, _ *book) error {
		return s.ReportReplica(ctx, "r", 1)
	}},
	{"edit by hand", func(t *testing.T, s *redisdb.Store, c redis.UniversalClient, b *book) error {
		pairs := redisdb.NewPairRows(c, "")
		body, version, err := pairs.Load(ctx, s.Database()+":k1")
		if errors.Is(err, redisdb.ErrNotFound) || err == nil && string(body) != b.pairs["k1"] {
			t.Errorf("%q, %v; want %q", body, err, b.pairs["k1"])
		}
		if err != nil {
			return err
		}
		_, err = pairs.Replace(ctx, s.Database()+":k1", version, []byte("edited"))
		if errors.Is(err, conn.ErrPrecondition) || errors.Is(err, redisdb.ErrNotFound) {
			t.Error(err)
		}
		return b.did(err, "k1", "edited")
	}},
}

// did notes a put that was done.
func (b *book) did(err error, pairs ...string) error {
	if err == nil {
		b.changes++
		for i := 0; i < len(pairs); i += 2 {
			b.pairs[pairs[i]] = pairs[i+1]
		}
	}
	return err
}

func (b *book) check(t testing.TB, pairs []*kvstore.KVPair) {
	t.Helper()
	got := map[string]string{}
	for _, p := range pairs {
		got[string(p.Key)] = string(p.Value)
	}
	if !maps.Equal(got, b.pairs) || len(pairs) != len(got) {
		t.Errorf("holds %q, want %q", got, b.pairs)
	}
}

// filledBook makes a database that has all of its keys; without an epoch if it was never restored.
func filledBook(t testing.TB, c redis.UniversalClient, db string, restored bool) *book {
	t.Helper()
	s := open(t, c, db)
	if restored {
		if err := s.PutSnapshot(io.NopCloser(bytes.NewReader(snapshotOf(t, s)))); err != nil {
			t.Fatal(err)
		}
	}
	put(t, s, pair("k1", "1"), pair("k3", "3"))
	put(t, s, &kvstore.KVPair{Key: []byte("k2"), Value: []byte("2"), ExpireTS: kvstore.MaxExpireTS})
	from, _ := s.GetLatestAppliedChangeNumber()
	if restored { // the first master's identity was stored with the number
		c.Set(ctx, "kv:{"+db+"}:source", sourceHistory, 0)
	}
	if _, err := s.SaveChangesOf(sourceHistory, []*kvstore.ChangeRecord{{ChangeNumber: from + 1, Trxns: []*kvstore.TrxnRecord{{Type: kvstore.TrxnPut, Key: []byte("k4"), Value: []byte{}}}}}); err != nil {
		t.Fatal(err)
	}
	report(t, s, "r", 1)
	n, err := s.GetLatestCommittedChangeNumber()
	if err != nil {
		t.Fatal(err)
	}
	return &book{pairs: map[string]string{"k1": "1", "k2": "2", "k3": "3", "k4": ""}, changes: n, applied: from + 1}
}

// While a slot moves, each call gives the right answer or an error, never a short one or a false absence, and what the calls
// did and nothing else is there when the move has ended.
func TestCallsInAMovingSlot(t *testing.T) {
	servers := redistest.StartCluster(t)
	for _, restored := range []bool{false, true} {
		t.Run(fmt.Sprintf("restored %v", restored), func(t *testing.T) {
			answered, refused := map[string]int{}, map[string]int{}
			var b *book
			redistest.EachSplit(t, servers, "{moving}", func(t *testing.T, c *redis.ClusterClient) {
				b = filledBook(t, c, "moving", restored)
			}, func(t *testing.T, c *redis.ClusterClient) {
				mine := impatient(t, c)
				s, err := redisdb.Open(mine, "moving", redisdb.Options{})
				if err != nil {
					t.Fatalf("one key is read, wherever it is: %v", err)
				}
				defer s.Close()
				for _, in := range inSplit {
					err := in.call(t, s, mine, b)
					switch {
					case err == nil:
						answered[in.name]++
					case errors.Is(err, errMoving):
						refused[in.name]++
					default:
						t.Errorf("%s: %v", in.name, err)
					}
					if t.Failed() {
						t.Fatalf("in %q", in.name)
					}
				}
			}, func(t *testing.T, c *redis.ClusterClient) {
				s := open(t, c, "moving")
				for _, in := range inSplit[:12] { // those that read
					if err := in.call(t, s, c, b); err != nil {
						t.Errorf("%s after the move: %v", in.name, err)
					}
				}
			})
			t.Logf("answered %v", answered)
			t.Logf("refused %v", refused)
		})
	}
}

// A restore in a moving slot is none or one to be finished: the old state or the new one, whole.
func TestARestoreInAMovingSlot(t *testing.T) {
	servers := redistest.StartCluster(t)
	var b *book
	var shot []byte
	outcomes := map[string]int{}
	var decided bool
	redistest.EachSplit(t, servers, "{moving}", func(t *testing.T, c *redis.ClusterClient) {
		if shot == nil {
			other := open(t, c, "other")
			put(t, other, pair("k1", "restored"), pair("k9", "restored"))
			shot = snapshotOf(t, other)
		}
		b = filledBook(t, c, "moving", true)
	}, func(t *testing.T, c *redis.ClusterClient) {
		s, err := redisdb.Open(impatient(t, c), "moving", redisdb.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		err = s.PutSnapshot(io.NopCloser(bytes.NewReader(shot)))
		if err != nil && !errors.Is(err, errMoving) {
			t.Error(err)
		}
		epoch := c.Get(ctx, "kv:{moving}:epoch").Val()
		decided = epoch != "1"
		outcomes[fmt.Sprintf("restored %v, error %v, epoch %.2s", decided, err != nil, epoch)]++
	}, func(t *testing.T, c *redis.ClusterClient) {
		if decided {
			b.pairs = map[string]string{"k1": "restored", "k9": "restored"}
		}
		s := open(t, c, "moving")
		var pairs []*kvstore.KVPair
		if err := kvstore.NewIteration(s, nil).ForEach(func(p *kvstore.KVPair) error { pairs = append(pairs, p); return nil }); err != nil {
			t.Fatal(err)
		}
		b.check(t, pairs)
	})
	t.Log(outcomes)
}

// The slot is moved back and forth while a database is written, read, backed up and replicated: nothing that was
// acknowledged is ever missing, nothing is lost, and no call fails.
func TestADatabaseWhoseSlotIsMovedBackAndForth(t *testing.T) {
	servers := redistest.StartCluster(t)
	addrs := []string{servers[0].Addr, servers[1].Addr, servers[2].Addr}
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, ReadTimeout: time.Minute}) // for which a move is waited for
	defer c.Close()
	s, replica := open(t, c, "moving"), open(t, c, "replica")
	const writers, kept = 3, 40
	for i := range kept {
		put(t, s, &kvstore.KVPair{Key: fmt.Append(nil, "kept", i), Value: []byte("kept"), ExpireTS: uint64(i%2) * kvstore.MaxExpireTS})
	}
	life, stop := context.WithCancel(t.Context())
	defer stop()
	var busy sync.WaitGroup
	fail := func(who string, err error) {
		if err != nil && life.Err() == nil {
			t.Errorf("%s: %v", who, err)
			stop()
		}
	}
	last := make([]string, writers)
	for w := range writers {
		busy.Go(func() {
			key := fmt.Append(nil, "own", w)
			for i := 0; life.Err() == nil; i++ {
				value := fmt.Sprint(i)
				fail("put", s.Put(&kvstore.KVPair{Key: key, Value: []byte(value)}))
				last[w] = value
				pairs, err := s.Get(key, fmt.Append(nil, "kept", i%kept))
				fail("get", err)
				if err == nil && (len(pairs) != 2 || string(pairs[0].Value) != value) {
					fail("get", fmt.Errorf("%v, want %s and what is kept", pairs, value))
				}
				passing := fmt.Append(nil, "passing", w, ":", i%5)
				_, err = s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: passing, NewValue: []byte("x"), ExpireTS: kvstore.MaxExpireTS})
				fail("compare and set", err)
				fail("delete", s.Delete(passing))
			}
		})
	}
	walks, shots := 0, 0
	busy.Go(func() {
		for life.Err() == nil {
			n := 0
			err := kvstore.NewIteration(s, &kvstore.IterateRequest{KeyPrefix: []byte("kept")}).ForEach(func(*kvstore.KVPair) error { n++; return nil })
			if err == nil && n != kept {
				err = fmt.Errorf("%d of %d pairs", n, kept)
			}
			fail("iterate", err)
			walks++
		}
	})
	busy.Go(func() {
		for life.Err() == nil {
			r, err := s.GetSnapshot()
			if err == nil {
				var v *kvstore.VerifiedSnapshot
				if v, err = kvstore.OpenSnapshot(r, t.TempDir()); err == nil {
					if v.Pairs < kept {
						err = fmt.Errorf("%d pairs", v.Pairs)
					}
					v.Close()
				}
				r.Close()
			}
			fail("snapshot", err)
			shots++
		}
	})
	busy.Go(func() {
		r := kvstore.Replicator{From: s, To: replica, Name: "r"}
		fail("replicate", r.Run(life))
	})
	for range 6 {
		m := redistest.StartSlotMove(t, servers, "{moving}")
		m.Move(m.Keys()...)
		m.Finish()
	}
	redistest.Eventually(t, "the replica has all", func() bool {
		p, err := kvstore.ReadProgress(s, replica)
		return err == nil && p.Applied > 0 && p.Lag() < 50
	})
	stop()
	busy.Wait()
	for w, value := range last {
		if pairs, err := s.Get(fmt.Append(nil, "own", w)); err != nil || len(pairs) != 1 || string(pairs[0].Value) != value {
			t.Errorf("writer %d had %s acknowledged: %v, %v", w, value, pairs, err)
		}
	}
	fromFirst := state{}
	fromFirst.follow(t, s, 1)
	fromFirst.is(t, "the database, from its first change", s)
	t.Logf("%d walks, %d snapshots, %v puts", walks, shots, last)
}
