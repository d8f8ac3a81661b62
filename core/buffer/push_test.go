package buffer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/buffer"
	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

func TestPushTellsWhatTheBufferThenHolds(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		server := must[time.Time](t)(c.Time(ctx).Result()).Truncate(time.Millisecond)
		var first time.Time
		bytes := 0
		for i, step := range []struct {
			record string
			keys   []string
		}{
			{`{"b":1}`, []string{"b"}},
			{`{"a":{"not":"a key"},"b":[{"nor":1}]}`, []string{"a", "b"}},
			{`{}`, []string{"a", "b"}}, // a record without members skips SADD, which would abort the push
			{" {\"a\":1,\n\"a\":2}\n", []string{"a", "b"}},
			{`{"":0,"\u00e9\"\\":"}","ü{":"\"c\":1"}`, []string{"", "a", "b", `é"\`, "ü{"}},
		} {
			s := mustPush(t, b, "s", step.record)
			bytes += len(step.record)
			if i == 0 {
				first = s.FirstWrite
			}
			if s.Count != int64(i+1) || s.Bytes != int64(bytes) || !slices.Equal(s.Keys, step.keys) || s.Repeated {
				t.Errorf("push %d: %+v", i, s)
			}
			if !s.FirstWrite.Equal(first) || first.Before(server) || first.After(server.Add(time.Minute)) || first.Location() != time.UTC {
				t.Errorf("push %d: first write %v, the first push came after %v", i, s.FirstWrite, server)
			}
			if again := must[buffer.Stats](t)(b.Stats(ctx, "s", 0)); fmt.Sprint(again) != fmt.Sprint(s) {
				t.Errorf("push %d told %+v, Stats %+v", i, s, again)
			}
		}
		if other := mustPush(t, b, "other", `{"z":1}`); other.Count != 1 {
			t.Errorf("another store: %+v", other)
		}
	})
}

func TestPushTakesOnlyAJSONObject(t *testing.T) {
	c, _ := redistest.Mini(t)
	b := buffer.New(c, buffer.Options{})
	for _, record := range []string{"", " ", "null", "[]", `[{"a":1}]`, "1", `"a"`, "true", `{"a":1`, `{"a":1}}`, `{"a":1}{"b":2}`, `{a:1}`, `{"a":1,}`, "{\"a\":\"\xff\"}", "\ufeff{}"} {
		if _, err := b.Push(ctx, "s", []byte(record)); !errors.Is(err, buffer.ErrRecord) {
			t.Errorf("push %q: %v", record, err)
		}
	}
	if _, err := b.Push(ctx, "s", nil); !errors.Is(err, buffer.ErrRecord) {
		t.Errorf("push nil: %v", err)
	}
	if w := world(t, c); w != "" {
		t.Errorf("refused records left\n%s", w)
	}
}

// Lua's unpack ends near 8,000 values, in the midst of the writes of a literal translation.
func TestPushOfARecordWithVeryManyMembers(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		wide := map[string]int{}
		for i := range 20_000 {
			wide[fmt.Sprint("member-", i)] = i
		}
		record := must[[]byte](t)(json.Marshal(wide))
		if s := mustPush(t, b, "s", string(record)); s.Count != 1 || s.Bytes != int64(len(record)) || len(s.Keys) != len(wide) {
			t.Errorf("count %d, bytes %d, %d keys", s.Count, s.Bytes, len(s.Keys))
		}
		if batch := mustPrepare(t, b, "s", ""); len(batch.Keys) != len(wide) {
			t.Errorf("%d keys persist", len(batch.Keys))
		}
	})
}

// A script that fails midway keeps what it wrote, so everything is checked before the first write.
func TestAForeignKeyStopsACallBeforeItsFirstWrite(t *testing.T) {
	list := func(c redis.UniversalClient, key string) { c.RPush(ctx, key, "foreign") }
	text := func(v any) func(redis.UniversalClient, string) {
		return func(c redis.UniversalClient, key string) { c.Set(ctx, key, v, 0) }
	}
	never := func(c redis.UniversalClient, key string) {
		c.ZAdd(ctx, key, redis.Z{Score: math.Inf(1), Member: "foreign"})
	}
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		for _, test := range []struct {
			part, how          string
			spoil              func(redis.UniversalClient, string)
			noPush, noPrepare  bool // the call has no reason to look at the key, or to mind it
			noStats, onlyOneID bool
		}{
			{part: "list", how: "text", spoil: text("x")},
			{part: "keys", how: "list", spoil: list},
			{part: "size", how: "list", spoil: list},
			{part: "size", how: "text", spoil: text("many"), noPrepare: true},
			{part: "size", how: "negative", spoil: text("-5"), noPrepare: true},
			{part: "size", how: "overflow", spoil: text(int64(math.MaxInt64)), noPrepare: true, noStats: true},
			{part: "ts", how: "list", spoil: list},
			{part: "ts", how: "text", spoil: text("yesterday"), noPrepare: true},
			{part: "ts", how: "far", spoil: text("1234567890123456"), noPrepare: true, noStats: true},
			{part: "lock", how: "list", spoil: list, noPush: true, noStats: true},
			{part: "ops", how: "text", spoil: text("x"), noStats: true, onlyOneID: true},
			{part: "ops", how: "never", spoil: never, noStats: true, onlyOneID: true},
		} {
			t.Run(test.part+" "+test.how, func(t *testing.T) {
				b, prefix := fresh(c)
				mustPush(t, b, "s", `{"a":1}`, buffer.WithID("first"))
				c.Del(ctx, prefix+"{s}:"+test.part)
				test.spoil(c, prefix+"{s}:"+test.part)
				before := world(t, c)
				refused := func(call string, err error) {
					t.Helper()
					if !errors.Is(err, buffer.ErrCorrupt) {
						t.Errorf("%s: %v", call, err)
					}
				}
				if !test.noPush {
					_, err := b.Push(ctx, "s", []byte(`{"b":1}`), buffer.WithID("second"))
					refused("push with id", err)
				}
				if !test.noPush && !test.onlyOneID {
					_, err := b.Push(ctx, "s", []byte(`{"b":1}`))
					refused("push", err)
				}
				if !test.noPrepare {
					_, _, err := b.PrepareToPersist(ctx, "s", "")
					refused("prepare to persist", err)
					_, _, err = b.Prepare(ctx, "s", "")
					refused("prepare", err)
				}
				if !test.noStats {
					_, err := b.Stats(ctx, "s", 0)
					refused("stats", err)
				}
				if after := world(t, c); after != before {
					t.Errorf("before\n%s\nafter\n%s", before, after)
				}
			})
		}
	})
}

func TestPushWithAnIDHappensOnce(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		id := buffer.WithID("op-1")
		once := mustPush(t, b, "s", `{"a":1}`, id)
		mustPush(t, b, "s", `{"b":1}`)
		s := mustPush(t, b, "s", `{"a":1}`, id)
		if !s.Repeated || s.Count != 2 || s.Bytes != 14 || !slices.Equal(s.Keys, []string{"a", "b"}) || !s.FirstWrite.Equal(once.FirstWrite) {
			t.Errorf("repeated: %+v", s)
		}
		if s := mustPush(t, b, "s", `{"other":1}`, id); !s.Repeated || s.Count != 2 {
			t.Errorf("the id alone counts: %+v", s)
		}
		if s := mustPush(t, b, "elsewhere", `{"a":1}`, id); s.Repeated {
			t.Errorf("each store has ids of its own: %+v", s)
		}

		batch := mustPrepare(t, b, "s", "")
		if s := mustPush(t, b, "s", `{"a":1}`, id); !s.Repeated || s.Count != 0 || s.Bytes != 0 || !s.FirstWrite.IsZero() {
			t.Errorf("repeated after the swap: %+v", s)
		}
		mustEmpty(t, b, "s", batch.At)
		mustPush(t, b, "s", `{"c":1}`)
		mustEmpty(t, b, "s", 0)
		if s := mustPush(t, b, "s", `{"a":1}`, id); !s.Repeated || s.Count != 0 {
			t.Errorf("repeated after emptying: %+v", s)
		}
		for _, id := range []string{"", strings.Repeat("x", 129)} {
			if _, err := b.Push(ctx, "s", []byte("{}"), buffer.WithID(id)); !errors.Is(err, buffer.ErrID) {
				t.Errorf("id of %d bytes: %v", len(id), err)
			}
		}
	})
}

// What a push costs without an id: four keys, no fifth.
func TestPushWithoutAnIDRemembersNothing(t *testing.T) {
	c, _ := redistest.Mini(t)
	mustPush(t, buffer.New(c, buffer.Options{}), "s", `{"a":1}`)
	if keys := must[[]string](t)(c.Keys(ctx, "*").Result()); len(keys) != 4 {
		t.Errorf("keys: %q", keys)
	}
}

func TestIDsAreForgottenByAgeAndByNumber(t *testing.T) {
	c, server := redistest.Mini(t)
	b := buffer.New(c, buffer.Options{})
	noon := time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)
	knows := func(store, id string) bool {
		return c.ZScore(ctx, "buf:{"+store+"}:ops", id).Err() == nil
	}

	server.SetTime(noon)
	mustPush(t, b, "aged", `{}`, buffer.WithID("old"))
	if ttl := c.PTTL(ctx, "buf:{aged}:ops").Val(); ttl < buffer.OpWindow || ttl > buffer.OpWindow+time.Second {
		t.Errorf("an idle store forgets after %v, want %v", ttl, buffer.OpWindow)
	}
	server.SetTime(noon.Add(buffer.OpWindow - time.Second))
	mustPush(t, b, "aged", `{}`, buffer.WithID("young"))
	if !knows("aged", "old") {
		t.Error("an id is forgotten within the window")
	}
	server.SetTime(noon.Add(buffer.OpWindow + time.Second))
	mustPush(t, b, "aged", `{}`, buffer.WithID("new"))
	if knows("aged", "old") || !knows("aged", "young") {
		t.Error("the window does not move on")
	}

	// The clock stands still, and the ids sort against the order in which they came.
	var many []redis.Z
	for i := range buffer.OpLimit {
		many = append(many, redis.Z{Score: float64(i), Member: fmt.Sprintf("z%05d", i)})
	}
	c.ZAdd(ctx, "buf:{full}:ops", many...)
	server.SetTime(time.UnixMilli(1)) // and is far behind what is remembered
	for _, id := range []string{"c", "b", "a"} {
		mustPush(t, b, "full", `{}`, buffer.WithID(id))
	}
	if n := c.ZCard(ctx, "buf:{full}:ops").Val(); n != buffer.OpLimit {
		t.Errorf("%d ids, want %d", n, buffer.OpLimit)
	}
	if knows("full", "z00002") || !knows("full", "z00003") || !knows("full", "a") || !knows("full", "c") {
		t.Error("the newest ids went first")
	}
}

// go-redis sends a command again when its reply is lost, three times by default: measured, a push pushed twice.
func TestAPushWhoseReplyIsLostHappensOnce(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		mustPush(t, b, "s", `{"warm":1}`) // loads the script

		dial := redistest.LoseReplies(1)
		lossy := buffer.New(retrying(t, c, dial), buffer.Options{})
		mustPush(t, lossy, "s", `{"warm":2}`)
		dial.Arm()
		if _, err := lossy.Push(ctx, "s", []byte(`{"n":1}`)); !conn.Unreachable(err) {
			t.Fatalf("without an id the caller must hear of the loss: %v", err)
		}
		if s := must[buffer.Stats](t)(b.Stats(ctx, "s", 0)); s.Count != 3 {
			t.Errorf("%d records, want 3", s.Count)
		}

		dial = redistest.LoseReplies(3)
		lossy = buffer.New(retrying(t, c, dial), buffer.Options{})
		mustPush(t, lossy, "s", `{"warm":3}`)
		dial.Arm()
		var err error
		var s buffer.Stats
		for attempt := 0; attempt == 0 || conn.Unreachable(err); attempt++ {
			s, err = lossy.Push(ctx, "s", []byte(`{"n":2}`), buffer.WithID("n2"))
		}
		if err != nil || !s.Repeated || s.Count != 5 {
			t.Errorf("%+v, %v; want the fifth record, once", s, err)
		}
	})
}
