package layout_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/layout"
	"holdfast/internal/redistest"
)

const printers = `
[[layout]]
name = "printers"
view = "printers"
keys = ["print:{floor}:job:{id}", "print:{floor}:log:{id}"]
type = "hash"
columns = [
  { name = "floor", from = "part", part = "floor" },
  { name = "owner", from = "field", field = "doc", pointer = "/owner/name" },
  { name = "pages", from = "field", field = "pages", type = "int" },
  { name = "since", from = "field", field = "at", type = "time", format = "unix-ms" },
  { name = "lines", from = "length", key = "print:{floor}:log:{id}", of = "list", type = "int" },
  { name = "_who", from = "field", field = "doc", pointer = "/owner/id" },
  { name = "mail", from = "field", key = "user:{_who}", field = "mail" },
  { name = "urgent", from = "contains", key = "print:{floor}:urgent", of = "set", member = "{id}", type = "bool" },
  { name = "expires", from = "ttl", type = "deadline" },
]

[[layout]]
name = "beats"
view = "beats"
keys = ["beats"]
type = "zset"
rows = "member"
max = 3
columns = [
  { name = "who", from = "member" },
  { name = "beat", from = "score", type = "time", format = "unix" },
  { name = "alive", from = "score", type = "deadline", format = "unix", add = "60s" },
]

[[layout]]
name = "holders"
view = "holders"
keys = ["hold:{name}"]
type = "hash"
rows = "field"
skip = ["mode"]
columns = [
  { name = "uuid", from = "member", pattern = "^(?P<uuid>[^:]+):(?P<thread>\\d+)$" },
  { name = "count", from = "value", type = "int" },
]
`

func TestARowIsMadeOfItsKeysPartsFieldsAndOtherKeys(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx := context.Background()
		c.HSet(ctx, "print:3:job:7", "doc", `{"owner":{"name":"Ada","id":"u1"}}`, "pages", "12", "at", "1700000000123")
		c.RPush(ctx, "print:3:log:7", "a", "b")
		c.HSet(ctx, "user:u1", "mail", "ada@example.org")
		c.SAdd(ctx, "print:3:urgent", "7")
		k := compile(t, c, printers)[0]
		got := rows(t, k, "print:3:log:7")
		r := got["print:3:job:7"]
		for column, want := range map[string]any{
			"layout": "printers", "floor": "3", "owner": "Ada", "pages": int64(12), "lines": int64(2), "mail": "ada@example.org", "urgent": true,
			"since": time.UnixMilli(1700000000123).UTC(), "expires": time.Time{},
		} {
			if have := value(t, r, column); have != want {
				t.Errorf("%s is %v, want %v", column, have, want)
			}
		}
		if r.Bad() {
			t.Error(r.Problem())
		}
	})
}

func TestWhatIsNotAsDescribedIsABadRow(t *testing.T) {
	c := redistest.Single(t)
	ctx := context.Background()
	c.Set(ctx, "print:1:job:1", "a string", 0)
	c.HSet(ctx, "print:1:job:2", "pages", "many")
	c.HSet(ctx, "print:1:job:3", "doc", "{")
	c.HSet(ctx, "print:1:job:4", "pages", "1", "at", "tomorrow")
	k := compile(t, c, printers)[0]
	got := rows(t, k, "print:1:job:1", "print:1:job:2", "print:1:job:3", "print:1:job:4", "print:1:job:5")
	for id, want := range map[string]error{"print:1:job:1": layout.ErrWrongType, "print:1:job:2": layout.ErrValue, "print:1:job:3": layout.ErrValue, "print:1:job:4": layout.ErrValue} {
		if err := got[id].Problem(); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", id, err, want)
		}
	}
	if len(got) != 4 {
		t.Errorf("%d rows, want 4: what is not there is none", len(got))
	}
}

func TestMembersOfACollectionAreRows(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx := context.Background()
		for i := range 5 {
			c.ZAdd(ctx, "beats", redis.Z{Score: float64(1700000000 + i), Member: fmt.Sprintf("w#%d", i)})
		}
		c.HSet(ctx, "hold:a%#b", "uuid-1:7", "2", "mode", "write")
		kinds := compile(t, c, printers)
		beats, holders := kinds[1], kinds[2]
		got := rows(t, beats, "beats")
		if len(got) != 4 || !errors.Is(got["beats#"].Problem(), layout.ErrMore) {
			t.Errorf("%v, want three members and a row that says there are more", got)
		}
		if alive := value(t, got["beats#w#0"], "alive"); alive != time.Unix(1700000060, 0).UTC() {
			t.Errorf("alive until %v", alive)
		}
		one, err := beats.Source.Read(ctx, []string{"beats#w#4", "beats#nobody"})
		if err != nil || len(one) != 1 || value(t, one[0], "who") != "w#4" {
			t.Errorf("%v %v, want the one member that is there", one, err)
		}
		held := rows(t, holders, "hold:a%#b")
		r := held["hold:a%25%23b#uuid-1:7"]
		if len(held) != 1 || value(t, r, "uuid") != "uuid-1" || value(t, r, "count") != int64(2) {
			t.Errorf("%v, want one holder", held)
		}
		if keys := holders.Source.Keys(r.ID()); len(keys) != 1 || keys[0] != "hold:a%#b" {
			t.Errorf("keys %q", keys)
		}
	})
}
