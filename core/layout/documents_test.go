package layout_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/internal/redistest"
)

const editable = `
[[layout]]
name = "note"
view = "notes"
keys = ["note:{id}"]
type = "string"
match = "^[{]"
columns = [{ name = "id", from = "part", part = "id" }, { name = "text", from = "value" }]
edit = "value"

[[layout]]
name = "plain"
view = "plain"
keys = ["plain:{id}"]
type = "hash"
columns = [{ name = "data", from = "field", field = "data" }]
edit = "data"

[[layout]]
name = "counted"
view = "counted"
keys = ["counted:{id}"]
type = "hash"
columns = [{ name = "data", from = "field", field = "data" }]
edit = "data"
version = "version"

[[layout]]
name = "tagged"
view = "tagged"
keys = ["tagged:{id}"]
type = "hash"
columns = [{ name = "data", from = "field", field = "data" }]
edit = "data"
version = "etag"

[[layout]]
name = "fixed"
view = "fixed"
keys = ["fixed:{id}"]
type = "hash"
columns = [{ name = "data", from = "field", field = "data" }]
`

const etag = "0f8fad5b-d9cb-469f-a165-70867728950E"

// edited are one document of each way to check an edit.
var edited = []struct {
	view    kind.Name
	id      string
	make    func(ctx context.Context, c redis.UniversalClient)
	change  func(ctx context.Context, c redis.UniversalClient, n int)
	says    string
	version int64 // after an edit; 0: a fingerprint
}{
	{
		"notes", "note:a", func(ctx context.Context, c redis.UniversalClient) { c.Set(ctx, "note:a", "old", time.Hour) },
		func(ctx context.Context, c redis.UniversalClient, n int) {
			c.Set(ctx, "note:a", fmt.Sprint("theirs", n), redis.KeepTTL)
		},
		"content", 0,
	},
	{"plain", "plain:a", hash("plain:a", "data", "old", "other", "1"), setter("plain:a", "data"), "content", 0},
	{"counted", "counted:a", hash("counted:a", "data", "old", "other", "1", "version", "7"), setter("counted:a", "version"), "version", 8},
	{"tagged", "tagged:a", hash("tagged:a", "data", "old", "other", "1", "etag", etag), setter("tagged:a", "etag"), "etag", 0},
}

func hash(key string, fields ...any) func(context.Context, redis.UniversalClient) {
	return func(ctx context.Context, c redis.UniversalClient) {
		c.HSet(ctx, key, fields...)
		c.PExpire(ctx, key, time.Hour)
	}
}

func setter(key, field string) func(context.Context, redis.UniversalClient, int) {
	return func(ctx context.Context, c redis.UniversalClient, n int) { c.HSet(ctx, key, field, fmt.Sprint(100+n)) }
}

func TestAnEditKeepsLifeAndOtherFieldsAndRenewsTheVersion(t *testing.T) {
	for _, tt := range edited {
		t.Run(string(tt.view), func(t *testing.T) {
			redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
				ctx := context.Background()
				d := act(t, c, editable).kinds[tt.view].Documents
				tt.make(ctx, c)
				body, version, err := d.Load(ctx, tt.id)
				if err != nil || string(body) != "old" {
					t.Fatalf("%q %v", body, err)
				}
				if says := kind.Condition(d, tt.id, version); !strings.Contains(says, tt.says) {
					t.Errorf("it says %q", says)
				}
				next, err := d.Replace(ctx, tt.id, version, []byte("new\x00"))
				if err != nil || next == version || tt.version != 0 && next != tt.version {
					t.Errorf("version %d after %d: %v", next, version, err)
				}
				if body, at, err := d.Load(ctx, tt.id); err != nil || at != next || string(body) != "new\x00" {
					t.Errorf("%q, version %d, %v", body, at, err)
				}
				if life := c.PTTL(ctx, tt.id).Val(); life < time.Minute {
					t.Errorf("lives %v", life)
				}
				if tt.view != "notes" && c.HGet(ctx, tt.id, "other").Val() != "1" {
					t.Error("another field changed")
				}
				if now := c.HGet(ctx, tt.id, "etag").Val(); tt.view == "tagged" && (now == etag || len(now) != len(etag) || strings.Count(now, "-") != 4) {
					t.Errorf("etag %q", now)
				}
				if _, err := d.Replace(ctx, tt.id, version, []byte("late")); !errors.Is(err, layout.ErrChanged) || !errors.Is(err, conn.ErrPrecondition) {
					t.Errorf("the old version: %v", err)
				}
				tt.change(ctx, c, 1)
				for what, err := range map[string]error{"replace": second(d.Replace(ctx, tt.id, next, []byte("late"))), "remove": d.Remove(ctx, tt.id, next)} {
					if !errors.Is(err, layout.ErrChanged) {
						t.Errorf("%s what somebody changed: %v", what, err)
					}
				}
				c.Del(ctx, tt.id)
				for what, err := range map[string]error{"replace": second(d.Replace(ctx, tt.id, next, []byte("late"))), "remove": d.Remove(ctx, tt.id, next)} {
					if !errors.Is(err, layout.ErrGone) {
						t.Errorf("%s what is gone: %v", what, err)
					}
				}
			})
		})
	}
}

func second[T any](_ T, err error) error { return err }

func TestWhatIsRemovedIsPutBackWhole(t *testing.T) {
	for _, tt := range edited {
		t.Run(string(tt.view), func(t *testing.T) {
			redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
				ctx := context.Background()
				d := act(t, c, editable).kinds[tt.view].Documents
				tt.make(ctx, c)
				before := content(t, c)
				_, version, back, err := d.Keep(ctx, tt.id)
				if err != nil {
					t.Fatal(err)
				}
				if err := d.Remove(ctx, tt.id, version); err != nil || c.Exists(ctx, tt.id).Val() != 0 {
					t.Fatal(err)
				}
				if err := back(ctx); err != nil {
					t.Fatal(err)
				}
				if after := content(t, c); !maps.Equal(before, after) {
					t.Errorf("before %v\nafter  %v", before, after)
				}
				if err := back(ctx); !errors.Is(err, layout.ErrTaken) {
					t.Errorf("twice: %v", err)
				}
			})
		})
	}
}

func TestAnEditThatLacksARightIsDoneWholeOrNotAtAll(t *testing.T) {
	for _, tt := range edited {
		for name, do := range map[string]func(d kind.Documents, version int64) error{
			"replace": func(d kind.Documents, version int64) error {
				_, err := d.Replace(context.Background(), tt.id, version, []byte("new"))
				return err
			},
			"remove": func(d kind.Documents, version int64) error { return d.Remove(context.Background(), tt.id, version) },
		} {
			t.Run(string(tt.view)+" "+name, func(t *testing.T) {
				var d kind.Documents
				var version int64
				redistest.EachRightWithheld(t, func(t *testing.T, c redis.UniversalClient) {
					ctx := context.Background()
					tt.make(ctx, c)
					d = act(t, c, editable).kinds[tt.view].Documents
					var err error
					if _, version, err = d.Load(ctx, tt.id); err != nil {
						t.Fatal(err)
					}
				}, func(redis.UniversalClient) error { return do(d, version) })
			})
		}
	}
}

// What cannot be read as described is edited where the check still holds, and left alone where it does not.
func TestUnreadableRowsAreEditedOnlyUnderACheck(t *testing.T) {
	c := redistest.Single(t)
	ctx := context.Background()
	a := act(t, c, editable)
	c.Set(ctx, "note:bad", "no object", 0)
	c.Set(ctx, "plain:bad", "a string", 0)
	c.HSet(ctx, "counted:bad", "data", "without a version")
	c.HSet(ctx, "fixed:a", "data", "x")
	if row := a.row(t, "notes", "note:bad"); !row.Bad() {
		t.Fatal("it is readable")
	}
	notes := a.kinds["notes"].Documents
	_, version, err := notes.Load(ctx, "note:bad")
	if err == nil {
		_, err = notes.Replace(ctx, "note:bad", version, []byte("{}"))
	}
	if err != nil || a.row(t, "notes", "note:bad").Bad() {
		t.Errorf("it was not repaired: %v", err)
	}
	for view, id := range map[kind.Name]string{"plain": "plain:bad", "counted": "counted:bad"} {
		before := content(t, c)
		if _, _, err := a.kinds[view].Documents.Load(ctx, id); err == nil {
			t.Errorf("%s opens", id)
		}
		if _, err := a.kinds[view].Documents.Replace(ctx, id, 1, []byte("x")); err == nil || !maps.Equal(before, content(t, c)) {
			t.Errorf("%s is written: %v", id, err)
		}
	}
	if a.kinds["fixed"].Documents != nil {
		t.Error("fixed can be edited")
	}
}

// Of many who edit at once each sees what it edits, and no update is lost: a counter in the document counts the edits.
func TestNoEditIsLost(t *testing.T) {
	c := redistest.Single(t)
	ctx := context.Background()
	for _, tt := range edited {
		d := act(t, c, editable).kinds[tt.view].Documents
		tt.make(ctx, c)
		_, version, err := d.Load(ctx, tt.id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Replace(ctx, tt.id, version, []byte("0")); err != nil {
			t.Fatal(err)
		}
		const editors, each = 4, 25
		var all sync.WaitGroup
		for range editors {
			all.Go(func() {
				for done := 0; done < each; {
					body, version, err := d.Load(ctx, tt.id)
					n := 0
					if _, bad := fmt.Sscan(string(body), &n); err != nil || bad != nil {
						t.Errorf("%q: %v", body, err)
						return
					}
					switch _, err := d.Replace(ctx, tt.id, version, fmt.Append(nil, n+1)); {
					case err == nil:
						done++
					case !errors.Is(err, layout.ErrChanged):
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		if body, _, err := d.Load(ctx, tt.id); err != nil || string(body) != fmt.Sprint(editors*each) {
			t.Errorf("%s: %s of %d edits are there: %v", tt.view, body, editors*each, err)
		}
	}
}
