package buffer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/core/buffer"
	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

func TestPrepareMovesTheWholeBufferAside(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		before := must[time.Time](t)(c.Time(ctx).Result())
		mustPush(t, b, "s", `{"a":1}`)
		last := mustPush(t, b, "s", `{"b":2}`)
		batch := mustPrepare(t, b, "s", "")
		if !slices.Equal(texts(batch), []string{`{"a":1}`, `{"b":2}`}) || !slices.Equal(batch.Keys, []string{"a", "b"}) {
			t.Errorf("batch %+v", batch)
		}
		if batch.At < before.UnixMilli() || batch.At > before.Add(time.Minute).UnixMilli() {
			t.Errorf("at %d, prepared after %d", batch.At, before.UnixMilli())
		}
		if s := must[buffer.Stats](t)(b.Stats(ctx, "s", batch.At)); fmt.Sprint(s) != fmt.Sprint(last) {
			t.Errorf("the batch's stats are %+v, the buffer's were %+v", s, last)
		}
		if again := must[buffer.Batch](t)(b.GetContents(ctx, "s", batch.At)); fmt.Sprint(again) != fmt.Sprint(batch) {
			t.Errorf("contents %+v, prepared %+v", again, batch)
		}
		if s := must[buffer.Stats](t)(b.Stats(ctx, "s", 0)); s.Count != 0 || s.Bytes != 0 || len(s.Keys) != 0 || !s.FirstWrite.IsZero() {
			t.Errorf("left live: %+v", s)
		}

		next := mustPush(t, b, "s", `{"c":3}`)
		if next.Count != 1 || next.Bytes != 7 || !slices.Equal(next.Keys, []string{"c"}) {
			t.Errorf("a push after the swap sees %+v", next)
		}
		if again := must[buffer.Batch](t)(b.GetContents(ctx, "s", batch.At)); fmt.Sprint(again) != fmt.Sprint(batch) {
			t.Errorf("a push changed the batch to %+v", again)
		}
		at, found, err := b.Prepare(ctx, "s", "")
		if err != nil || !found || at <= batch.At {
			t.Errorf("next prepare: %d, %v, %v", at, found, err)
		}
	})
}

func TestPrepareOfNothing(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		if batch, found, err := b.PrepareToPersist(ctx, "s", ""); found || err != nil || batch.At != 0 {
			t.Errorf("%+v, %v, %v", batch, found, err)
		}
		token, _, err := b.Lock(ctx, "s", 0, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if _, found, err := b.PrepareToPersist(ctx, "s", token); found || err != nil {
			t.Errorf("%v, %v", found, err)
		}
		if w := world(t, c); w != "" {
			t.Errorf("it left\n%s", w)
		}
	})
}

// Records without members have no keys key; renaming it would abort a literal translation midway.
func TestPrepareOfRecordsWithoutMembers(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		mustPush(t, b, "s", "{}")
		if batch := mustPrepare(t, b, "s", ""); len(batch.Records) != 1 || len(batch.Keys) != 0 {
			t.Errorf("%+v", batch)
		}
	})
}

func TestPrepareMindsTheLock(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		mustPush(t, b, "s", `{"a":1}`)
		token, ok, err := b.Lock(ctx, "s", 0, time.Minute)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		before := world(t, c)
		for _, other := range []string{"", "another's"} {
			if _, _, err := b.PrepareToPersist(ctx, "s", other); !errors.Is(err, buffer.ErrLocked) || !errors.Is(err, conn.ErrPrecondition) {
				t.Errorf("token %q: %v", other, err)
			}
		}
		if after := world(t, c); after != before {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
		batch := mustPrepare(t, b, "s", token)
		if err := b.Unlock(ctx, "s", 0, token); !errors.Is(err, buffer.ErrNotHolder) {
			t.Errorf("a prepare releases the caller's lock, yet unlock says %v", err)
		}
		if n := c.Exists(ctx, fmt.Sprintf("buf:%d:{s}:lock", batch.At)).Val(); n != 0 {
			t.Error("the lock moved along with the batch")
		}

		mustPush(t, b, "s", `{"a":1}`)
		mustPrepare(t, b, "s", "expired") // a free lock does not ask for a token

		mustPush(t, b, "s", `{"a":1}`)
		c.Set(ctx, "buf:{s}:lock", "", 0) // no token is no empty token
		if _, _, err := b.Prepare(ctx, "s", ""); !errors.Is(err, buffer.ErrLocked) {
			t.Errorf("a lock with an empty token: %v", err)
		}
	})
}

// Measured in a literal translation: a timestamp in use returned the other batch.
func TestAnOccupiedTimestampTakesTheNextMillisecond(t *testing.T) {
	c, server := redistest.Mini(t)
	b := buffer.New(c, buffer.Options{})
	now := time.UnixMilli(1_700_000_000_000)
	server.SetTime(now)
	for i, part := range []string{"list", "keys", "size", "ts", "lock"} {
		c.Set(ctx, fmt.Sprintf("buf:%d:{s}:%s", now.UnixMilli()+int64(i), part), "somebody's", 0)
	}
	mustPush(t, b, "s", `{"a":1}`)
	if batch := mustPrepare(t, b, "s", ""); batch.At != now.UnixMilli()+5 || !slices.Equal(texts(batch), []string{`{"a":1}`}) {
		t.Errorf("%+v, want at %d", batch, now.UnixMilli()+5)
	}
}

// A consumer may empty its batch late or twice; were a timestamp used again, that would remove another batch.
func TestTimestampsRiseWhateverTheClockDoes(t *testing.T) {
	c, server := redistest.Mini(t)
	rapid.Check(t, func(t *rapid.T) {
		b, _ := fresh(c)
		clock := time.UnixMilli(1_700_000_000_000)
		var last int64
		for range rapid.IntRange(2, 20).Draw(t, "prepares") {
			move := rapid.SampledFrom([]time.Duration{0, 0, 1, time.Microsecond, time.Millisecond, 1500 * time.Microsecond,
				-time.Millisecond, -time.Second, -20 * time.Minute, time.Minute}).Draw(t, "move")
			clock = clock.Add(move)
			server.SetTime(clock)
			if rapid.Bool().Draw(t, "with id") {
				_, _ = b.Push(ctx, "s", []byte(`{}`), buffer.WithID(fmt.Sprint(clock, last)))
			}
			if _, err := b.Push(ctx, "s", []byte(`{}`)); err != nil {
				t.Fatal(err)
			}
			at, found, err := b.Prepare(ctx, "s", "")
			if err != nil || !found || at <= last {
				t.Fatalf("prepared at %d after %d: %v, %v", at, last, found, err)
			}
			last = at
			if rapid.Bool().Draw(t, "empty") {
				if err := b.Empty(ctx, "s", at); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestAPrepareWhoseReplyIsLostKeepsItsBatch(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		mustPush(t, b, "s", `{"warm":1}`)
		mustEmpty(t, b, "s", mustPrepare(t, b, "s", "").At)
		mustPush(t, b, "s", `{"a":1}`)
		dial := redistest.LoseReplies(1)
		lossy := buffer.New(retrying(t, c, dial), buffer.Options{})
		mustPush(t, lossy, "s", `{"b":2}`)
		dial.Arm()
		if _, _, err := lossy.PrepareToPersist(ctx, "s", ""); !conn.Unreachable(err) {
			t.Fatalf("want the loss, got %v", err)
		}
		at := must[[]int64](t)(b.Batches(ctx, "s"))
		if len(at) != 1 {
			t.Fatalf("batches %v", at)
		}
		if batch := must[buffer.Batch](t)(b.GetContents(ctx, "s", at[0])); !slices.Equal(texts(batch), []string{`{"a":1}`, `{"b":2}`}) {
			t.Errorf("%+v", batch)
		}
	})
}

func TestEmptyRemovesTheLotAndNoOther(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b := buffer.New(c, buffer.Options{})
		mustPush(t, b, "s", `{"a":1}`)
		batch := mustPrepare(t, b, "s", "")
		mustPush(t, b, "s", `{"b":1}`)
		for _, at := range []int64{0, batch.At} {
			if _, ok, err := b.Lock(ctx, "s", at, time.Minute); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		for range 2 { // idempotent
			mustEmpty(t, b, "s", batch.At)
		}
		if s := must[buffer.Stats](t)(b.Stats(ctx, "s", 0)); s.Count != 1 {
			t.Errorf("emptying a batch left %+v live", s)
		}
		mustEmpty(t, b, "s", 0)
		mustEmpty(t, b, "s", 0)
		if w := world(t, c); strings.Contains(w, "\n") || !strings.HasPrefix(w, "buf:{s}:ops ") {
			t.Errorf("left:\n%s", w)
		}
	})
}

func TestRecordsStreamsABatchInPages(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		for _, n := range []int{1, 255, 256, 257, 1000} {
			b, _ := fresh(c)
			var want []string
			for i := range n {
				want = append(want, fmt.Sprintf(`{"n":%d}`, i))
				mustPush(t, b, "s", want[i])
			}
			at, _, err := b.Prepare(ctx, "s", "")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for record, err := range b.Records(ctx, "s", at) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(record))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d records came, want %d", len(got), n)
			}
			for range b.Records(ctx, "s", at) {
				break // a reader may stop
			}
		}
	})
}

// Whoever writes the records to a file must not take a part for the whole.
func TestAShortSequenceOfRecordsEndsWithAnError(t *testing.T) {
	c, _ := redistest.Mini(t)
	b := buffer.New(c, buffer.Options{})
	prepare := func() int64 {
		for range 600 {
			mustPush(t, b, "s", `{}`)
		}
		at, _, err := b.Prepare(ctx, "s", "")
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	last := func(at int64, midway func()) (n int, last error) {
		for _, err := range b.Records(ctx, "s", at) {
			if err != nil {
				last = err
				continue
			}
			if n++; n == 300 {
				midway()
			}
		}
		return n, last
	}
	at := prepare()
	if n, err := last(at, func() { mustEmpty(t, b, "s", at) }); n != 512 || !errors.Is(err, buffer.ErrNotFound) {
		t.Errorf("emptied midway: %d records, then %v", n, err)
	}
	at = prepare()
	if n, err := last(at, func() { c.LPop(ctx, fmt.Sprintf("buf:%d:{s}:list", at)) }); n != 512 || !errors.Is(err, buffer.ErrCorrupt) {
		t.Errorf("changed midway: %d records, then %v", n, err)
	}
	if n, err := last(7, nil); n != 0 || !errors.Is(err, buffer.ErrNotFound) {
		t.Errorf("no such batch: %d records, then %v", n, err)
	}
	if n, err := last(0, nil); n != 0 || !errors.Is(err, buffer.ErrTimestamp) {
		t.Errorf("live: %d records, then %v", n, err)
	}
}

func TestRecordsStayByteForByte(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		b, _ := fresh(c)
		rapid.Check(t, func(t *rapid.T) {
			name, value := rapid.String().Draw(t, "name"), rapid.String().Draw(t, "value")
			record, _ := json.MarshalIndent(map[string]any{name: value, "nested": []any{map[string]any{name + "!": 1}}}, " ", "\t")
			var want map[string]json.RawMessage
			if err := json.Unmarshal(record, &want); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Push(ctx, name+"s", record); err != nil {
				t.Fatal(err)
			}
			batch, found, err := b.PrepareToPersist(ctx, name+"s", "")
			if err != nil || !found || len(batch.Records) != 1 || string(batch.Records[0]) != string(record) {
				t.Fatalf("pushed %q, got %q, %v, %v", record, batch.Records, found, err)
			}
			if len(batch.Keys) != len(want) {
				t.Fatalf("keys %q of %s", batch.Keys, record)
			}
			for _, k := range batch.Keys {
				if _, ok := want[k]; !ok {
					t.Fatalf("key %q of %s", k, record)
				}
			}
		})
	})
}
