package redisdb_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

// Pairs are listed by whoever may list their keys, over several pages and without those that are gone; only what is refused
// is not known.
func TestPairsAreListedWhateverIsRefusedOfThem(t *testing.T) {
	const n = 300
	server := redistest.Start(t)
	admin := server.Client(t)
	s := open(t, admin, "db")
	var all []*kvstore.KVPair
	for i := range n {
		all = append(all, pair(fmt.Sprintf("k%03d", i), fmt.Sprint(i)))
	}
	all[7].ExpireTS, all[8].Value = kvstore.MaxExpireTS, nil
	put(t, s, all...)
	if err := admin.ZAdd(ctx, "kv:{db}:ix", redis.Z{Member: "k100x"}).Err(); err != nil { // as it is when the server has removed the pair
		t.Fatal(err)
	}
	if err := admin.SetRange(ctx, "kv:{db}:d:k200", redisdb.MaxEachPage, "x").Err(); err != nil {
		t.Fatal(err)
	}
	for _, right := range []string{"evalsha_ro", "eval_ro", "get", "strlen", "pttl", "time", "getrange", "exists"} {
		refused := []string{right}
		if right == "getrange" || right == "exists" {
			refused = append(refused, "pttl") // else the script needs neither
		}
		args := []any{"ACL", "SETUSER", "few", "reset", "on", ">pw", "~*", "&*", "+@all"}
		for _, r := range refused {
			args = append(args, "-"+r)
		}
		if err := admin.Do(ctx, args...).Err(); err != nil {
			t.Fatal(err)
		}
		few := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "few", Password: "pw"})
		defer few.Close()
		var got []redisdb.Entry
		err := redisdb.NewRows(few, "").EachPage(ctx, "db", func(page []redisdb.Entry) error { got = append(got, page...); return nil })
		if right == "exists" && len(got) == n+1 { // whether k100x is gone nobody says
			got = append(got[:101], got[102:]...)
		}
		if err != nil || len(got) != n {
			t.Errorf("without %s: %d pairs, %v", refused, len(got), err)
			continue
		}
		for i, e := range got {
			want := all[i]
			if i == 200 {
				if e.Value != nil || !e.LeftOut && e.NoValue == nil {
					t.Errorf("without %s: the huge value has %d bytes", refused, len(e.Value))
				}
				continue
			}
			if string(e.Key) != string(want.Key) || e.NoValue == nil && string(e.Value) != string(want.Value) || e.NoBytes == nil && e.Bytes != len(want.Value) ||
				e.NoExpires == nil && e.Expires.IsZero() != (want.ExpireTS == 0) || e.NoExpires == nil && !e.Expires.IsZero() && uint64(e.Expires.Unix()) != want.ExpireTS {
				t.Errorf("without %s: %+v", refused, e)
			}
			unknown := errors.Join(e.NoBytes, e.NoExpires, e.NoValue) != nil
			if may := right == "getrange" || right == "exists" || right == "pttl" || right == "time" && i == 7; unknown != may {
				t.Errorf("without %s: %s: %v, %v, %v", refused, e.Key, e.NoBytes, e.NoExpires, e.NoValue)
			}
		}
	}
}
