package buffer_test

import (
	"context"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/buffer"
	"holdfast/internal/redistest"
)

// what differs from run to run: timestamps and tokens.
var moment = regexp.MustCompile(`\d{13,}|\d\.\d+e\+\d\d|[A-Z2-7]{26}`)

func outline(t testing.TB, c redis.UniversalClient) string {
	t.Helper()
	return moment.ReplaceAllString(world(t, c), "…")
}

// patience is how long a call may wait for a move that does not go on.
const patience = 50 * time.Millisecond

// While a slot moves, its keys lie on two masters, and a key that has not come yet looks absent. A call then does all or
// nothing.
func TestASlotThatMovesLosesNothing(t *testing.T) {
	servers := redistest.StartCluster(t)
	for name, m := range mutations() {
		t.Run(name, func(t *testing.T) {
			var whole string
			redistest.EachSplit(t, servers, "buf:{s}:list",
				func(t *testing.T, c *redis.ClusterClient) {
					m.prepare(c)
					if whole == "" {
						if err := m.act(ctx, buffer.New(c, buffer.Options{})); err != nil {
							t.Fatalf("without a move: %v", err)
						}
						whole = outline(t, c)
						for _, n := range servers {
							n.Client(t).FlushAll(ctx)
						}
						m.prepare(c)
					}
				},
				func(t *testing.T, c *redis.ClusterClient) {
					before := outline(t, c)
					ctx, cancel := context.WithTimeout(ctx, patience)
					defer cancel()
					err := m.act(ctx, buffer.New(c, buffer.Options{}))
					after := outline(t, c)
					switch {
					case err != nil && after != before && after != whole: // it may have come through as the time was over
						t.Errorf("refused (%v), and yet\nbefore %s\nafter %s", err, before, after)
					case errors.Is(err, buffer.ErrNotFound), errors.Is(err, buffer.ErrNotHolder), errors.Is(err, buffer.ErrLocked):
						t.Errorf("not so: %v", err)
					case err == nil && after != whole:
						t.Errorf("done\n%s\nwant\n%s", after, whole)
					}
				})
		})
	}
}

// What is read while a slot moves is whole, or an error.
func TestASlotThatMovesHidesNothing(t *testing.T) {
	servers := redistest.StartCluster(t)
	redistest.EachSplit(t, servers, "buf:{s}:list", func(_ *testing.T, c *redis.ClusterClient) { filled(c) },
		func(t *testing.T, c *redis.ClusterClient) {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			b, rows := buffer.New(c, buffer.Options{}), buffer.NewRows(c, "")
			for _, at := range []int64{0, 4711} {
				short, cancel := context.WithTimeout(ctx, patience)
				defer cancel()
				if s, err := b.Stats(short, "s", at); err == nil && (s.Count != 2 || s.Bytes != 14 || len(s.Keys) != 2 || s.FirstWrite.IsZero()) {
					t.Errorf("stats at %d: %+v", at, s)
				}
				if all, err := b.GetContents(short, "s", at); err == nil && (len(all.Records) != 2 || len(all.Keys) != 2) {
					t.Errorf("contents at %d: %+v", at, all)
				}
			}
			n := 0
			for _, err := range b.Records(ctx, "s", 4711) {
				if n++; err != nil {
					t.Errorf("records: %v", err)
				}
			}
			if n != 2 {
				t.Errorf("%d records", n)
			}
			for _, id := range []string{"s", "4711:s"} {
				body, found, err := rows.Inspect(ctx, id)
				if err != nil || !found || string(body) != `[{"a":1},{"b":2}]` {
					t.Errorf("inspect %s: %s, %v, %v", id, body, found, err)
				}
			}
			read, err := rows.Read(ctx, []string{"s", "4711:s"})
			if err != nil || len(read) != 2 {
				t.Fatalf("rows: %v, %v", read, err)
			}
			for _, r := range read {
				got := show(r)
				if r.Problem() != nil || got.count != 2 || got.bytes != 14 || got.keys != 2 || !got.locked || got.token != "mine" {
					t.Errorf("row %v", r)
				}
			}
			if old, err := b.GetOld(ctx); err != nil || len(old) != 1 || old[0].Err != nil || old[0].FirstWrite.IsZero() {
				t.Errorf("old: %+v, %v", old, err)
			}
			if prepared, err := b.GetPrepared(ctx); err != nil || len(prepared) != 1 || prepared[0].At != 4711 {
				t.Errorf("prepared: %+v, %v", prepared, err)
			}
		})
}
