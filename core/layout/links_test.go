package layout_test

import (
	"slices"
	"testing"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/internal/redistest"
)

const farm = `
[[layout]]
name = "hands"
view = "workers"
keys = ["farm:hand:{name}"]
type = "hash"
columns = [
  { name = "pod", from = "part", part = "name" },
  { name = "pool", from = "field", field = "fields" },
  { name = "alive_until", from = "ttl" },
]
links = [{ label = "field", view = "queues", row = "farm:field:{pool}" }]

[[layout]]
name = "gates"
view = "locks"
keys = ["farm:gate:{gate}"]
type = "string"
columns = [
  { name = "token", from = "value" },
  { name = "holder", from = "value", pattern = "^[^/]+" },
  { name = "ttl_ms", from = "ttl" },
]
links = [{ label = "holder", view = "workers", row = "hands/farm:hand:{holder}" }]
release = { how = "never", because = "cows" }

[[layout]]
name = "fields"
view = "queues"
keys = ["farm:field:{field}"]
type = "list"
columns = [
  { name = "queue", from = "part", part = "field" },
  { name = "waiting", from = "length" },
  { name = "consumed", from = "value", key = "farm:reaped:{field}" },
]

[[layout]]
name = "barns"
view = "barns"
about = "Barns of the farm"
keys = ["farm:barn:{barn}"]
type = "hash"
columns = [
  { name = "barn", from = "part", part = "barn" },
  { name = "_raw", from = "field", field = "raw" },
  { name = "state", from = "field", field = "state", type = "status", tones = { full = "warn" } },
  { name = "since", from = "field", field = "since", type = "time", format = "unix" },
]
`

// ours are the kinds of workers and locks, as core has them.
func ours(t *testing.T, s *redistest.Server) []kind.Kind {
	c := s.Client(t)
	return []kind.Kind{actorstore.NewWorkerRows(c, "worker:").Kind(), actorstore.NewLockRows(c, "lock:").Kind()}
}

func TestRowsLeadToRows(t *testing.T) {
	s := redistest.Start(t)
	c := s.Client(t)
	ctx := t.Context()
	c.HSet(ctx, "farm:hand:ann", "fields", "north, south")
	c.Set(ctx, "farm:gate:1", "ann/7", 0)
	c.Set(ctx, "lock:actor:a", "t", 0)
	specs, err := layout.Parse("farm.toml", []byte(farm))
	if err != nil {
		t.Fatal(err)
	}
	kinds, set, errs := layout.Compile(c, ours(t, s), specs)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	of := func(name kind.Name, key string) kind.Row {
		k := kinds[slices.IndexFunc(kinds, func(k kind.Kind) bool { return k.Name == name })]
		for _, r := range rows(t, k, key) {
			return r
		}
		t.Fatalf("%s is not read", key)
		return kind.Row{}
	}
	if got, want := set.Links("workers", of("workers", "farm:hand:ann")), []layout.LinkTo{{"field", "queues", "farm:field:north"}, {"field", "queues", "farm:field:south"}}; !slices.Equal(got, want) {
		t.Errorf("a worker leads to %v, want %v", got, want)
	}
	if got, ok := set.Holder("locks", of("locks", "farm:gate:1")); !ok || got.View != "workers" || got.ID != "hands/farm:hand:ann" {
		t.Errorf("a lock is held by %v", got)
	}
	if got, ok := set.Holder("locks", of("locks", "lock:actor:a")); ok || set.Links("locks", of("locks", "lock:actor:a")) != nil {
		t.Errorf("a lock of ours leads to %v", got)
	}
	if !set.LeadFrom("workers", "queues") || set.LeadFrom("queues", "workers") {
		t.Error("the views that lead to others are not known")
	}
	var none *layout.Set
	if none.Own() != nil || none.LeadFrom("workers", "queues") || none.Links("locks", of("locks", "farm:gate:1")) != nil {
		t.Error("no layouts lead somewhere")
	}
}

func TestALinkTakesWhatRowsHold(t *testing.T) {
	s := redistest.Start(t)
	specs, err := layout.Parse("farm.toml", []byte(`
[[layout]]
name = "hands"
view = "workers"
keys = ["farm:hand:{name}"]
type = "hash"
columns = [
  { name = "pod", from = "part", part = "name" },
  { name = "_first", from = "field", field = "fields" },
]
links = [{ label = "field", view = "queues", row = "farm:field:{_first}" }]
`))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, errs := layout.Compile(s.Client(t), ours(t, s), specs); len(errs) != 1 {
		t.Errorf("a link of a hidden column: %v", errs)
	}
}

func TestViewsOfLayoutsTellTheirColumns(t *testing.T) {
	s := redistest.Start(t)
	specs, err := layout.Parse("farm.toml", []byte(farm))
	if err != nil {
		t.Fatal(err)
	}
	_, set, errs := layout.Compile(s.Client(t), ours(t, s), specs)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	own := set.Own()
	if len(own) != 1 || own[0].Name != "barns" || own[0].Title != "Barns" || own[0].Layout != "barns" {
		t.Fatalf("own views %+v", own)
	}
	var names []string
	for _, c := range own[0].Columns {
		names = append(names, c.Name())
	}
	if want := []string{"barn", "state", "since"}; !slices.Equal(names, want) {
		t.Errorf("columns %v, want %v", names, want)
	}
	if c := own[0].Columns[1]; !c.Status || c.Tones["full"] != "warn" {
		t.Errorf("a status is %+v", c)
	}
}

// A queue tells how fast its jobs are finished once two readings tell it; a lock since when its token was seen.
func TestReadingsTellRatesAndWhenATokenWasFirstSeen(t *testing.T) {
	s := redistest.Start(t)
	r := s.Client(t)
	ctx := t.Context()
	r.RPush(ctx, "farm:field:north", "a", "b")
	r.Set(ctx, "farm:reaped:north", 10, 0)
	r.Set(ctx, "farm:gate:1", "ann/7", time.Hour)
	c := opened(t, s.URL(), farm)
	row := func(view kind.Name, id string) kind.Row {
		r, _ := c.Live.Snapshot().Table(view).Get(id)
		return r
	}
	perSecond := func() float64 {
		finished, _ := layout.QueueRate(row("queues", "farm:field:north"))
		return finished.At(time.Now())
	}
	seen := func() time.Time { return actorstore.LockColumns.Seen.Of(row("locks", "farm:gate:1")) }
	redistest.Eventually(t, "all is read", func() bool {
		return !row("queues", "farm:field:north").None() && !seen().IsZero() && c.Live.Snapshot().Pushed
	})
	if rate := perSecond(); rate != 0 {
		t.Errorf("%v a second before anything happened", rate)
	}
	first := seen()
	r.Set(ctx, "farm:reaped:north", 30, 0)
	r.LPop(ctx, "farm:field:north")
	redistest.Eventually(t, "the rate rises", func() bool { return perSecond() > 0 })
	r.Expire(ctx, "farm:gate:1", 3*time.Hour)
	redistest.Eventually(t, "the lock is renewed", func() bool {
		return time.Until(actorstore.LockColumns.Expires.Of(row("locks", "farm:gate:1"))) > 2*time.Hour
	})
	if !seen().Equal(first) {
		t.Errorf("a renewed lock was seen first at %v, before at %v", seen(), first)
	}
	r.Set(ctx, "farm:gate:1", "bob/1", time.Hour)
	redistest.Eventually(t, "another token is another lock", func() bool { return seen().After(first) })
}
