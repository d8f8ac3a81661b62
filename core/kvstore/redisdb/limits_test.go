package redisdb_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

// What frees memory works above maxmemory, and what cannot says so and leaves nothing behind.
func TestADatabaseOnAServerThatIsOutOfMemory(t *testing.T) {
	server := redistest.Start(t)
	c := server.Client(t)
	s := open(t, c, "db")
	put(t, s, pair("a", "1"), pair("b", "2"), pair("c", "3"), pair("d", "4"))
	put(t, s, &kvstore.KVPair{Key: []byte("t"), Value: []byte("5"), ExpireTS: kvstore.MaxExpireTS})
	shot := snapshotOf(t, s)
	c.ConfigSet(ctx, "maxmemory", "1")
	before := redistest.Dump(t, c)
	for what, err := range map[string]error{
		"put":             s.Put(pair("a", "x")),
		"put several":     s.Put(pair("a", "x"), &kvstore.KVPair{Key: []byte("t"), ExpireTS: 1}),
		"compare and set": second(s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("new"), NewValue: []byte("x")})),
		"apply":           second(s.SaveChanges([]*kvstore.ChangeRecord{{ChangeNumber: 1, Trxns: []*kvstore.TrxnRecord{{Type: kvstore.TrxnPut, Key: []byte("a")}}}})),
		"put a snapshot":  s.PutSnapshot(io.NopCloser(strings.NewReader(string(shot)))),
		"report":          s.ReportReplica(ctx, "r", 1),
	} {
		if !errors.Is(err, redisdb.ErrFull) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if after := redistest.Dump(t, c); !maps.Equal(before, after) {
		t.Errorf("what was refused left %v", after)
	}
	if err := s.Delete([]byte("a")); err != nil {
		t.Error(err)
	}
	if err := s.DeleteIf(ctx, []byte("b"), []byte("2")); err != nil {
		t.Error(err)
	}
	if err := s.Put(&kvstore.KVPair{Key: []byte("c"), ExpireTS: 1}); err != nil {
		t.Errorf("a put that takes a pair away: %v", err)
	}
	pairs := redisdb.NewPairRows(c, "")
	_, version, err := pairs.Load(ctx, "db:t")
	if err == nil {
		err = pairs.Remove(ctx, "db:t", version)
	}
	if err != nil {
		t.Error(err)
	}
	c.ConfigSet(ctx, "maxmemory", "0")
	if got := content(t, s); !slices.Equal(got, []string{`"d"="4" until 0`}) {
		t.Errorf("left is %v", got)
	}
	if list, err := s.LoadChanges(1, 10); err != nil || len(list) != 6 {
		t.Errorf("%d changes, %v", len(list), err)
	}
}

// limited is a client of a user with these rights.
func limited(t *testing.T, rights ...any) *redis.Client {
	t.Helper()
	c := redistest.Single(t)
	if err := c.Do(ctx, append([]any{"ACL", "SETUSER", "limited", "reset", "on", "nopass"}, rights...)...).Err(); err != nil {
		t.Fatal(err)
	}
	o := *c.Options()
	o.Username, o.Password = "limited", "any"
	mine := redis.NewClient(&o)
	t.Cleanup(func() { mine.Close(); c.Do(ctx, "ACL", "DELUSER", "limited") })
	return mine
}

// Redis 6.2 has no PEXPIRETIME, and EVALSHA_RO and the rights of scripts cannot be asked for there.
func TestWhatRedis62DoesNotHaveIsNotNeeded(t *testing.T) {
	c := limited(t, "~*", "&*", "+@all", "-pexpiretime", "-expiretime")
	s := open(t, c, "db")
	ts := uint64(kvstore.MaxExpireTS)
	put(t, s, &kvstore.KVPair{Key: []byte("a"), Value: []byte("1"), ExpireTS: ts}, pair("b", "2"))
	if set, err := s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("a"), OldValue: []byte("1"), NewValue: []byte("2"), KeepExpireTS: true}); err != nil || !set {
		t.Error(set, err)
	}
	want := []string{fmt.Sprintf(`"a"="2" until %d`, ts), `"b"="2" until 0`}
	if got := content(t, s); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if pairs, err := s.Get([]byte("a")); err != nil || len(pairs) != 1 || pairs[0].ExpireTS != ts {
		t.Error(pairs, err)
	}
	restored, err := s.Restore(ctx, backup(t, s), true, func(uint64) {})
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	if got := content(t, restored); !slices.Equal(got, want) {
		t.Errorf("restored %v, want %v", got, want)
	}
	if err := restored.Delete([]byte("a")); err != nil {
		t.Error(err)
	}
}

// A user who may only read the keys can list databases and pairs.
func TestAWatcherReadsDatabases(t *testing.T) {
	c := limited(t, "%R~*", "&*", "+@all")
	s := open(t, redistest.Single(t), "db")
	put(t, s, pair("a", "1"), &kvstore.KVPair{Key: []byte("b"), Value: []byte("2"), ExpireTS: kvstore.MaxExpireTS})
	report(t, s, "r", 1)
	if row := rowOf(t, c, "db"); row.Problem() != nil || col.Keys.Of(row) != 2 || col.Changes.Of(row) != 1 {
		t.Error(say(row))
	}
	rows := redisdb.NewRows(c, "")
	if list, err := rows.ListKeys(ctx, "db", nil, nil, 10); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
	if body, found, err := rows.Inspect(ctx, "db"); err != nil || !found || !strings.Contains(string(body), `"put":"a"`) {
		t.Errorf("%s, %v", body, err)
	}
	watching := open(t, c, "db")
	if got := content(t, watching); len(got) != 2 {
		t.Errorf("%v", got)
	}
	if list, err := watching.LoadChanges(1, 10); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	if v := backup(t, watching); v.Pairs != 2 {
		t.Errorf("a backup of %d pairs", v.Pairs)
	}
	if err := watching.Put(pair("a", "x")); err == nil {
		t.Error("it writes")
	}
}

// A part of a database that is refused is not known, and no other: the row says why, and claims nothing.
func TestARefusedPartOfADatabaseIsNotKnown(t *testing.T) {
	parts := func(r kind.Row) map[string]error {
		return map[string]error{
			"zcard": col.Keys.Err(r), "xlen": col.LogLength.Err(r), "getrange": cmp.Or(col.Changes.Err(r), col.Applied.Err(r), col.Restoring.Err(r)),
			"hlen": col.Replicas.Err(r), "hscan": col.Replicas.Err(r),
		}
	}
	for command := range parts(kind.Row{}) {
		c := limited(t, "~*", "&*", "+@all", "-"+command)
		put(t, open(t, redistest.Single(t), "db"), pair("a", "1"))
		row := rowOf(t, c, "db")
		if row.Problem() != nil {
			t.Errorf("without %s: %v", command, row.Problem())
		}
		for part, why := range parts(row) {
			replicas := strings.HasPrefix(part, "h") && strings.HasPrefix(command, "h")
			if (why != nil) != (part == command || replicas) || why != nil && !strings.Contains(why.Error(), "NOPERM") {
				t.Errorf("without %s: what %s tells is %v", command, part, why)
			}
		}
	}
}

// Of a pair each part is what it is with all rights, or not known; and one that is gone is no row where anything tells.
func TestARefusedPartOfAPairIsNotKnown(t *testing.T) {
	admin := redistest.Single(t)
	ids := []string{"db:empty", "db:gone", "db:long", "db:mortal", "db:short"}
	for _, command := range []string{"pttl", "getrange", "strlen", "exists"} {
		c := limited(t, "~*", "&*", "+@all", "-"+command)
		put(t, open(t, admin, "db"), pair("empty", ""), pair("long", strings.Repeat("x", conn.MaxUnasked+100)), pair("short", "1"),
			&kvstore.KVPair{Key: []byte("mortal"), Value: []byte("1"), ExpireTS: 7258118400})
		want := map[string]kind.Row{}
		whole, err := redisdb.NewPairRows(admin, "").Read(ctx, ids)
		if err != nil || len(whole) != 4 {
			t.Fatal(whole, err)
		}
		for _, row := range whole {
			want[row.ID()] = row
		}
		rows, err := redisdb.NewPairRows(c, "").Read(ctx, ids)
		if err != nil || len(rows) != 4 {
			t.Errorf("without %s: %v, %v", command, rows, err)
		}
		for _, row := range rows {
			group, n := redisdb.NewPairRows(c, "").Kind().Weigh(row)
			key, noBytes, noValue, noExpiry := pairCol.Key.Of(row), pairCol.Bytes.Err(row), pairCol.Value.Err(row), pairCol.Expires.Err(row)
			if noBytes != nil {
				if group != redisdb.Unweighed("db") || n != 1 {
					t.Errorf("without %s: %s counts %d to %q", command, row.ID(), n, group)
				}
			}
			is := want[row.ID()]
			size, print := pairCol.Bytes.Of(is), pairCol.Fingerprint.Of(is)
			if is.None() || row.Problem() != nil || noBytes == nil && (pairCol.Bytes.Of(row) != size || n != size) || noBytes == nil && noValue == nil && pairCol.Fingerprint.Of(row) != print ||
				noExpiry == nil && pairCol.Expires.Of(row).Sub(pairCol.Expires.Of(is)).Abs() > time.Second {
				t.Errorf("without %s: %s, not %s", command, say(row), say(is))
			}
			if (noBytes != nil) != (command == "strlen" && key == "long") || (noExpiry != nil) != (command == "pttl") || (noValue != nil) != (command == "getrange") {
				t.Errorf("without %s: %s: %v, %v", command, key, noBytes, noExpiry)
			}
		}
	}
}

// However many replicas are said to have reported, few are read, and the row tells of how many.
func TestAHeapOfReplicas(t *testing.T) {
	c := redistest.Single(t)
	s := open(t, c, "db")
	put(t, s, pair("k", "1"))
	now, err := c.Time(ctx).Result()
	if err != nil {
		t.Fatal(err)
	}
	const heap = 20_000
	fields := make([]any, 0, 2*heap)
	for i := range heap {
		fields = append(fields, fmt.Sprint("r", i), fmt.Sprint("1 ", now.UnixMilli()))
	}
	if err := c.HSet(ctx, "kv:{db}:replicas", fields...).Err(); err != nil {
		t.Fatal(err)
	}
	row := rowOf(t, c, "db")
	read, more := len(redisdb.Replicas(row, now)), redisdb.MoreReplicas(row)
	if read < redisdb.MaxReplicas/2 || read > 4*redisdb.MaxReplicas || more != int64(heap-read) {
		t.Errorf("%d are read, and %d more are there", read, more)
	}
	report(t, s, "new", 1)
	if n := c.HLen(ctx, "kv:{db}:replicas").Val(); n != heap+1 {
		t.Errorf("%d after one more", n)
	}
}

// A replica that has applied what the database does not have is ahead, and a log is never longer than the changes.
func TestNumbersOfARowBelongTogether(t *testing.T) {
	c := redistest.Single(t)
	s := open(t, c, "db")
	put(t, s, pair("k", "1"))
	report(t, s, "stray", 9)
	row := rowOf(t, c, "db")
	now, _ := c.Time(ctx).Result()
	if p := redisdb.Replicas(row, now)[0]; p.Ahead(row) != 8 || p.Lag(row) != 0 {
		t.Errorf("ahead by %d, behind by %d", p.Ahead(row), p.Lag(row))
	}
	c.HDel(ctx, "kv:{db}:replicas", "stray")
	done := make(chan error)
	go func() {
		var err error
		for i := 0; i < 500 && err == nil; i++ {
			if err = s.Put(pair("k", fmt.Sprint(i))); err == nil {
				n, _ := s.GetLatestCommittedChangeNumber()
				err = s.ReportReplica(ctx, "r", n)
			}
		}
		done <- err
	}()
	for reading := true; reading; {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			reading = false
		default:
			row := rowOf(t, c, "db")
			changes, logged := col.Changes.Of(row), col.LogLength.Of(row)
			if logged > int64(changes) {
				t.Errorf("changes %d, of which the log has %d", changes, logged)
			}
			for _, p := range redisdb.Replicas(row, now) {
				if p.Ahead(row) > 0 {
					t.Errorf("%d changes, and the replica has applied %d", changes, p.Applied)
				}
			}
		}
	}
}

func TestANilContextIsAnError(t *testing.T) {
	c := redistest.Single(t)
	s := open(t, c, "db")
	put(t, s, pair("a", "1"))
	var none context.Context
	v := backup(t, s)
	pairs := redisdb.NewPairRows(c, "")
	_, _, load := pairs.Load(none, "db:a")
	_, rows := redisdb.NewRows(c, "").Read(none, []string{"db"})
	_, list := redisdb.NewRows(c, "").ListKeys(none, "db", nil, nil, 1)
	for what, err := range map[string]error{
		"snapshot": second(s.Snapshot(none, func(uint64) {})), "restore": second(s.Restore(none, v, true, func(uint64) {})),
		"report": s.ReportReplica(none, "r", 1), "replace": s.ReplaceValue(none, []byte("a"), []byte("1"), nil),
		"delete": s.DeleteIf(none, []byte("a"), []byte("1")), "create": s.Create(none, pair("n", "1")),
		"load": load, "rows": rows, "list": list, "remove": pairs.Remove(none, "db:a", 1),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if got := content(t, s); len(got) != 1 {
		t.Errorf("%v", got)
	}
}
