package anykey_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/anykey"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// list reads all keys under a prefix.
func list(t testing.TB, c redis.UniversalClient, prefix string) map[string]kind.Row {
	t.Helper()
	l, err := anykey.New(c).List(t.Context(), prefix)
	must(t, err)
	out := map[string]kind.Row{}
	for !l.Done() {
		rows, err := l.Next(t.Context(), func() {})
		must(t, err)
		if len(rows) > 250 {
			t.Errorf("%d rows at once", len(rows))
		}
		for _, r := range rows {
			if _, twice := out[r.ID()]; twice {
				t.Errorf("%q came twice", r.ID())
			}
			out[r.ID()] = r
		}
	}
	must(t, l.Away())
	return out
}

// fillTypes makes n keys of every type under a prefix, in turn.
func fillTypes(t testing.TB, c redis.UniversalClient, prefix string, n int) {
	t.Helper()
	ctx := t.Context()
	for from := 0; from < n; from += 1000 {
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := from; i < min(n, from+1000); i++ {
				key := fmt.Sprintf("%s%d", prefix, i)
				switch i % 6 {
				case 0:
					p.Set(ctx, key, "text", time.Hour)
				case 1:
					p.HSet(ctx, key, "a", "1", "b", "2")
				case 2:
					p.RPush(ctx, key, "x", "y", "z")
				case 3:
					p.SAdd(ctx, key, "m")
				case 4:
					p.ZAdd(ctx, key, redis.Z{Score: 1.5, Member: "m"})
				case 5:
					p.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []string{"f", "v"}})
				}
			}
			return nil
		})
		must(t, err)
	}
}

// Every key under a prefix is listed once, whatever its type and on whichever master, with what the server tells of it.
func TestAllKeysUnderAPrefixAreListed(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		const n = 10_000
		fillTypes(t, c, "any*[x]:", n)
		must(t, c.Set(t.Context(), "anyone", "else", 0).Err())
		found := list(t, c, "any*[x]:")
		if len(found) != n {
			t.Fatalf("%d keys of %d", len(found), n)
		}
		col := anykey.Columns
		for i, want := range []struct {
			typ  string
			size int64
		}{{"string", 4}, {"hash", 2}, {"list", 3}, {"set", 1}, {"zset", 1}, {"stream", 1}} {
			r := found[fmt.Sprintf("any*[x]:%d", i)]
			if col.Type.Of(r) != want.typ || col.Size.Of(r) != want.size || col.Memory.Of(r) <= 0 || col.Encoding.Of(r) == "" || r.Bad() {
				t.Errorf("%s: %s of %d, %d bytes, %q", r.ID(), col.Type.Of(r), col.Size.Of(r), col.Memory.Of(r), col.Encoding.Of(r))
			}
			if has := !col.Expires.Of(r).IsZero(); has != (want.typ == "string") {
				t.Errorf("%s expires: %v", r.ID(), has)
			}
			for _, c := range []interface{ Err(kind.Row) error }{col.Type, col.Size, col.Memory, col.Expires, col.Encoding, col.Idle} {
				must(t, c.Err(r))
			}
		}
		if all := list(t, c, ""); len(all) != n+1 {
			t.Errorf("%d keys under no prefix", len(all))
		}
	})
}

// What a user may not ask, or the server does not know, is unknown with the reason, and the rest is shown.
func TestWhatIsRefusedIsUnknown(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client(t)
	ctx := t.Context()
	fillTypes(t, admin, "k", 6)
	col := anykey.Columns
	for command, hidden := range map[string][]interface{ Err(kind.Row) error }{
		"type": {col.Type, col.Size}, "pttl": {col.Expires}, "object": {col.Encoding, col.Idle}, "object|idletime": {col.Idle},
		"memory": {col.Memory}, "hlen": {col.Size}, "none": nil,
	} {
		rule := []any{"ACL", "SETUSER", "limited", "reset", "on", ">any", "~*", "+@all"}
		if command != "none" {
			rule = append(rule, "-"+command)
		}
		must(t, admin.Do(ctx, rule...).Err())
		c := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "limited", Password: "any"})
		row := list(t, c, "k1")["k1"] // a hash
		must(t, c.Close())
		for _, one := range []interface{ Err(kind.Row) error }{col.Type, col.Size, col.Memory, col.Expires, col.Encoding, col.Idle} {
			if err := one.Err(row); (err != nil) != slices.Contains(hidden, one) || err != nil && !strings.Contains(err.Error(), "NOPERM") {
				t.Errorf("without %s: %v", command, err)
			}
		}
	}
	must(t, admin.ConfigSet(ctx, "maxmemory-policy", "allkeys-lfu").Err())
	if row := list(t, admin, "k1")["k1"]; col.Idle.Err(row) == nil || col.Encoding.Err(row) != nil {
		t.Errorf("idle under LFU: %v, encoding %v", col.Idle.Err(row), col.Encoding.Err(row))
	}
}

// pages reads all pages of a key.
func pages(t testing.TB, c redis.UniversalClient, key string, b anykey.Bounds) (all []anykey.Page) {
	t.Helper()
	for from := ""; ; {
		p, err := anykey.New(c).Page(t.Context(), key, from, b)
		must(t, err)
		all = append(all, p)
		if from = p.Next; from == "" {
			return all
		}
	}
}

// A key is read page by page: nothing is missing, nothing comes twice, and no page is larger than it may be.
func TestKeysAreReadPageByPage(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, n := t.Context(), 1234
		must(t, c.Set(ctx, "string", strings.Repeat("0123456789", n), 0).Err())
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range n {
				one := fmt.Sprintf("%05d", i)
				p.HSet(ctx, "hash", one, "v")
				p.RPush(ctx, "list", one)
				p.SAdd(ctx, "set", one)
				p.ZAdd(ctx, "zset", redis.Z{Score: float64(i), Member: one})
				p.XAdd(ctx, &redis.XAddArgs{Stream: "stream", ID: fmt.Sprintf("%d-1", i+1), Values: []string{"n", one}})
			}
			return nil
		})
		must(t, err)
		small := anykey.Bounds{Elements: 100, Bytes: 1 << 20, Cut: 100}
		for _, typ := range []string{"hash", "list", "set", "zset", "stream"} {
			seen := map[string]int{}
			all := pages(t, c, typ, small)
			for i, p := range all {
				if p.Type != typ || p.Size != int64(n) || len(p.Elements) == 0 || len(p.Elements) > 2*small.Elements || i == 0 && p.From != 0 {
					t.Errorf("%s: page %d of %d elements from %d, size %d", typ, i, len(p.Elements), p.From, p.Size)
				}
				for _, e := range p.Elements {
					name := e.Name.Begin
					if typ == "list" || len(e.Fields) == 2 {
						name = append(e.Fields, e.Value)[len(e.Fields)/2].Begin
					}
					seen[name]++
				}
			}
			if len(seen) != n || len(all) < 5 {
				t.Errorf("%s: %d elements in %d pages", typ, len(seen), len(all))
			}
		}
		whole := ""
		for _, p := range pages(t, c, "string", anykey.Bounds{Bytes: 1000}) {
			whole += p.Value
		}
		if len(whole) != 10*n {
			t.Errorf("a string of %d bytes", len(whole))
		}
		if p := pages(t, c, "list", small)[1]; p.Part() != "elements 101 to 200 of 1234" {
			t.Errorf("the second page is said to be %q", p.Part())
		}
		if p := pages(t, c, "missing", small); len(p) != 1 || p[0].Type != "none" {
			t.Errorf("a key that is missing: %v", p)
		}
	})
}

// Elements larger than a page may be are cut on the server, and those of a page end when it has enough.
func TestLargeElementsAreCut(t *testing.T) {
	c := redistest.Single(t)
	ctx, long := t.Context(), strings.Repeat("x", 1<<20)
	for i := range 40 {
		must(t, c.RPush(ctx, "list", fmt.Sprint(i, long)).Err())
		must(t, c.ZAdd(ctx, "zset", redis.Z{Score: float64(i), Member: fmt.Sprint(i, long)}).Err())
		must(t, c.XAdd(ctx, &redis.XAddArgs{Stream: "stream", Values: []string{"f", long}}).Err())
		must(t, c.HSet(ctx, "hash", fmt.Sprint(i), long).Err())
	}
	for _, typ := range []string{"list", "zset", "stream", "hash"} {
		n := 0
		for _, p := range pages(t, c, typ, anykey.Bounds{Elements: 100, Bytes: 10_000, Cut: 1000}) {
			body, err := json.Marshal(p)
			must(t, err)
			if n += len(p.Elements); typ != "hash" && len(body) > 60_000 {
				t.Errorf("%s: a page of %d bytes", typ, len(body))
			}
			for _, e := range p.Elements {
				if one := append(e.Fields, e.Value, e.Name); !slices.ContainsFunc(one, anykey.Text.Cut) {
					t.Errorf("%s: nothing of %d elements is cut", typ, len(one))
				}
			}
		}
		if n != 40 {
			t.Errorf("%s: %d elements", typ, n)
		}
	}
}

// A stream comes with its groups: how far behind they are, their consumers, and what these have not acknowledged.
func TestStreamsComeWithTheirGroups(t *testing.T) {
	server := redistest.Start(t)
	c := server.Client(t)
	ctx := t.Context()
	for i := range 5 {
		must(t, c.XAdd(ctx, &redis.XAddArgs{Stream: "s", ID: fmt.Sprintf("%d-1", i+1), Values: []string{"n", fmt.Sprint(i)}}).Err())
	}
	must(t, c.XGroupCreate(ctx, "s", "g", "0").Err())
	must(t, c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "one", Streams: []string{"s", ">"}, Count: 3}).Err())
	must(t, c.XAck(ctx, "s", "g", "1-1").Err())
	read := func(c redis.UniversalClient) anykey.Page {
		p, err := anykey.New(c).Page(ctx, "s", "", anykey.OnScreen)
		must(t, err)
		return p
	}
	p := read(c)
	if len(p.Groups) != 1 || p.NoGroups != nil {
		t.Fatalf("%+v", p)
	}
	g := p.Groups[0]
	if g.Name != "g" || g.Lag != 2 || g.NoLag != nil || g.Pending != 2 || g.Last != "3-1" || len(g.Consumers) != 1 || g.Consumers[0].Name != "one" || g.Consumers[0].Pending != 2 {
		t.Errorf("%+v", g)
	}
	if len(g.Entries) != 2 || g.Entries[0].ID != "2-1" || g.Entries[0].Consumer != "one" || g.Entries[0].Deliveries != 1 {
		t.Errorf("pending: %+v", g.Entries)
	}
	body, err := json.Marshal(p)
	must(t, err)
	for _, part := range []string{`{"id":"1-1","fields":{"n":"0"}}`, `"group":"g","lag":2,"pending":2`, `"consumer":"one","pending":2`, `"id":"2-1","consumer":"one"`} {
		if !strings.Contains(string(body), part) {
			t.Errorf("%s is not in %s", part, body)
		}
	}
	must(t, c.XDel(ctx, "s", "4-1").Err())
	if g := read(c).Groups[0]; g.NoLag == nil {
		t.Errorf("lag after an entry was deleted: %d", g.Lag)
	}
	for command, unknown := range map[string]func(anykey.Page) error{
		"xinfo":           func(p anykey.Page) error { return p.NoGroups },
		"xinfo|consumers": func(p anykey.Page) error { return p.Groups[0].NoConsumers },
		"xpending":        func(p anykey.Page) error { return p.Groups[0].NoEntries },
	} {
		must(t, c.Do(ctx, "ACL", "SETUSER", "limited", "reset", "on", ">any", "~*", "+@all", "-"+command).Err())
		limited := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "limited", Password: "any"})
		p := read(limited)
		if err := unknown(p); len(p.Elements) != 4 || err == nil || !strings.Contains(err.Error(), "NOPERM") {
			t.Errorf("without %s: %d entries, %v", command, len(p.Elements), err)
		}
		must(t, limited.Close())
	}
}

// Edits of strings and fields are made if the content is still the one shown; every life stays.
func TestEditsCompareAndKeepTheLife(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		ctx := t.Context()
		must(t, c.Set(ctx, "s", "old", time.Hour).Err())
		must(t, c.HSet(ctx, "h#%", "f#%", "old", "other", "1").Err())
		must(t, c.Expire(ctx, "h#%", time.Hour).Err())
		for _, tt := range []struct {
			docs    kind.Documents
			id, key string
			get     func() string
			meddle  func() error
		}{
			{anykey.New(c).Kind().Documents, "s", "s", func() string { return c.Get(ctx, "s").Val() }, func() error { return c.Set(ctx, "s", "theirs", redis.KeepTTL).Err() }},
			{anykey.NewFields(c).Kind().Documents, anykey.FieldID("h#%", "f#%"), "h#%", func() string { return c.HGet(ctx, "h#%", "f#%").Val() }, func() error { return c.HSet(ctx, "h#%", "f#%", "theirs").Err() }},
		} {
			body, version, err := tt.docs.Load(ctx, tt.id)
			must(t, err)
			next, err := tt.docs.Replace(ctx, tt.id, version, []byte("new\x00"))
			must(t, err)
			if string(body) != "old" || tt.get() != "new\x00" || c.TTL(ctx, tt.key).Val() < 59*time.Minute {
				t.Errorf("%s: %q became %q, to live %v", tt.id, body, tt.get(), c.TTL(ctx, tt.key).Val())
			}
			must(t, tt.meddle())
			if _, err := tt.docs.Replace(ctx, tt.id, next, []byte("late")); !errors.Is(err, conn.ErrPrecondition) || tt.get() != "theirs" {
				t.Errorf("%s: %v, %q", tt.id, err, tt.get())
			}
			must(t, c.Del(ctx, tt.key).Err())
			if _, err := tt.docs.Replace(ctx, tt.id, next, []byte("late")); !errors.Is(err, conn.ErrPrecondition) || c.Exists(ctx, tt.key).Val() != 0 {
				t.Errorf("%s, gone: %v", tt.id, err)
			}
		}
		must(t, c.RPush(ctx, "l", "x").Err())
		if _, _, err := anykey.New(c).Kind().Documents.Load(ctx, "l"); err == nil {
			t.Error("a list can be edited")
		}
	})
}

// A listing that nobody wants any more ends.
func TestAListingEndsWithItsContext(t *testing.T) {
	c := redistest.Single(t)
	fillTypes(t, c, "k", 3000)
	l, err := anykey.New(c).List(t.Context(), "k")
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	if _, err = l.Next(ctx, stop); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
