package layout_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/internal/redistest"
)

// What docs/libraries.sh stored: the state that a library wrote, and what the library itself says of it.
type stored struct {
	At   float64 // when, in unix seconds
	Said json.RawMessage
	Keys []struct {
		Key     blob
		Type    string
		TTL     int64 `json:"ttl_ms"`
		Content json.RawMessage
	}
}

// blob is a text, or {"base64": ...}.
type blob string

func (b *blob) UnmarshalJSON(text []byte) error {
	var coded struct{ Base64 []byte }
	if err := json.Unmarshal(text, (*string)(b)); err == nil {
		return nil
	}
	err := json.Unmarshal(text, &coded)
	*b = blob(coded.Base64)
	return err
}

// seen is the rows of presets over the state of a library, by view and ID, and what the library says.
type seen struct {
	t    *testing.T
	rows map[string]map[string]kind.Row
	at   time.Time
}

func load(t *testing.T, library string, said any, keys map[string]string) seen {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", library+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var data stored
	if err := json.Unmarshal(text, &data); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data.Said, said); err != nil {
		t.Fatal(err)
	}
	server := redistest.Start(t)
	c := server.Client(t)
	var names []string
	for _, k := range data.Keys {
		put(t, c, string(k.Key), k.Type, k.Content)
		if k.TTL > 0 {
			c.PExpire(context.Background(), string(k.Key), time.Duration(k.TTL)*time.Millisecond)
		}
		names = append(names, string(k.Key))
	}
	return look(t, server.URL(), names, keys, time.UnixMilli(int64(data.At*1000)))
}

func put(t *testing.T, c redis.UniversalClient, key, typ string, content json.RawMessage) {
	t.Helper()
	ctx := context.Background()
	into := func(v any) {
		if err := json.Unmarshal(content, v); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
	}
	var err error
	switch typ {
	case "string":
		var v blob
		into(&v)
		err = c.Set(ctx, key, string(v), 0).Err()
	case "list", "set":
		var all []blob
		into(&all)
		for _, v := range all {
			if typ == "list" {
				err = c.RPush(ctx, key, string(v)).Err()
			} else {
				err = c.SAdd(ctx, key, string(v)).Err()
			}
		}
	case "hash":
		var all [][2]blob
		into(&all)
		for _, v := range all {
			err = c.HSet(ctx, key, string(v[0]), string(v[1])).Err()
		}
	case "zset":
		var all [][2]json.RawMessage
		into(&all)
		for _, pair := range all {
			var member blob
			var score float64
			if err := json.Unmarshal(pair[0], &member); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(pair[1], &score); err != nil {
				t.Fatal(err)
			}
			err = c.ZAdd(ctx, key, redis.Z{Score: score, Member: string(member)}).Err()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// look reads all rows that the presets make of some keys. keys are templates for presets without any, by name.
func look(t *testing.T, url string, names []string, keys map[string]string, at time.Time) seen {
	t.Helper()
	specs := layout.Presets()
	for i, s := range specs {
		if k := keys[s.Name]; k != "" {
			specs[i].Keys = []string{k}
		}
	}
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{url}}, Layouts: specs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for _, err := range c.LayoutErrors {
		t.Error(err)
	}

	all := map[string]map[string]kind.Row{}
	for _, k := range c.Kinds() {
		ids := map[string]bool{}
		for _, name := range names {
			if id, ok := k.Source.Identify(name); ok {
				ids[id] = true
			}
		}
		list, err := k.Source.Read(context.Background(), slices.Collect(maps.Keys(ids)))
		if err != nil {
			t.Fatal(err)
		}
		all[string(k.Name)] = map[string]kind.Row{}
		for _, r := range list {
			if r.Bad() {
				t.Errorf("%s %s is unreadable: %v", k.Name, r.ID(), r.Problem())
			}
			all[string(k.Name)][r.ID()] = r
		}
	}
	return seen{t, all, at}
}

// want compares the columns of the row of a view.
func (s seen) want(view, id string, columns map[string]any) {
	s.t.Helper()
	r, ok := s.rows[view][id]
	if !ok {
		s.t.Errorf("%s has no row %q, but %q", view, id, slices.Sorted(maps.Keys(s.rows[view])))
		return
	}
	for column, want := range columns {
		have := value(s.t, r, column)
		if at, is := have.(time.Time); is {
			have = at.UTC()
		}
		if at, is := want.(time.Time); is {
			want = at.UTC().Truncate(time.Millisecond) // as rows keep it
		}
		if fmt.Sprint(have) != fmt.Sprint(want) {
			s.t.Errorf("%s %s: %s is %v, want %v", view, id, column, have, want)
		}
	}
}

// count compares how many rows a view has.
func (s seen) count(view string, want int) {
	s.t.Helper()
	if have := s.rows[view]; len(have) != want {
		s.t.Errorf("%d rows of %s, want %d: %q", len(have), view, want, slices.Sorted(maps.Keys(have)))
	}
}

// within tells whether a deadline is near what it should be.
func (s seen) within(view, id, column string, low, high time.Duration) {
	s.t.Helper()
	r := s.rows[view][id]
	if r.None() {
		s.t.Errorf("%s has no row %q", view, id)
		return
	}
	at, _ := value(s.t, r, column).(time.Time)
	if left := time.Until(at); left < low || left > high {
		s.t.Errorf("%s %s: %s is %v away, want %v to %v", view, id, column, left, low, high)
	}
}

func seconds(f float64) time.Time {
	whole := int64(f)
	return time.Unix(whole, int64((f-float64(whole))*1e9)).UTC()
}

// iso is a time as Python's isoformat writes it.
func iso(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05.999999999", strings.TrimSuffix(s, "+00:00"))
	if err != nil {
		t.Error(err)
	}
	return at
}

func TestBullMQ(t *testing.T) {
	var said struct {
		Queue  string
		Counts map[string]int
		Active []struct {
			ID          string
			ProcessedOn int64
		}
		Oldest  int64
		Holders map[string]string
	}
	s := load(t, "bullmq", &said, nil)
	n := said.Counts
	s.count("queues", 1)
	s.want("queues", "bull:"+said.Queue+":meta", map[string]any{
		"queue": said.Queue, "waiting": n["waiting"] + n["prioritized"], "active": n["active"], "delayed": n["delayed"], "failed": n["failed"], "done": n["completed"],
		"oldest": time.UnixMilli(said.Oldest),
	})
	s.count("locks", len(said.Active))
	for _, job := range said.Active {
		id := "bull:" + said.Queue + ":" + job.ID + ":lock"
		s.want("locks", id, map[string]any{"layout": "bullmq", "holder": said.Holders[job.ID], "held_since": time.UnixMilli(job.ProcessedOn)})
		s.within("locks", id, "ttl_ms", 0, 30*time.Second)
	}
}

type saidLocks struct {
	Locks []struct{ Key, Token string }
}

func TestStringLocks(t *testing.T) {
	for library, keys := range map[string]map[string]string{
		"redlock": {"redlock": "resource:{name}"}, "redis-py": {"redis-py": "orders"}, "django-redis": {"django-redis": ":1:{name...}"},
	} {
		t.Run(library, func(t *testing.T) {
			var said saidLocks
			s := load(t, library, &said, keys)
			lock := said.Locks[0]
			s.count("locks", 1)
			s.want("locks", lock.Key, map[string]any{"token": lock.Token, "layout": library})
			s.within("locks", lock.Key, "ttl_ms", 500*time.Second, 600*time.Second)
		})
	}
}

func TestSidekiq(t *testing.T) {
	var said struct {
		Queues []struct {
			Name   string
			Size   int
			Oldest float64
		}
		Processes []struct {
			Identity, Hostname, Quiet string
			Queues                    []string
			Busy                      int
			Beat                      float64
			StartedAt                 float64 `json:"started_at"`
		}
		Scheduled, Retry, Dead, Processed int
	}
	s := load(t, "sidekiq", &said, nil)
	s.count("workers", len(said.Processes))
	for _, p := range said.Processes {
		s.want("workers", "sidekiq/processes#"+p.Identity, map[string]any{
			"pod": p.Identity, "ip": p.Hostname, "pool": strings.Join(p.Queues, ", "), "state": "running", "job": fmt.Sprintf("%d running", p.Busy),
			"alive_until": seconds(p.Beat).Add(time.Minute), "started": seconds(p.StartedAt),
		})
	}
	for _, q := range said.Queues {
		if q.Size > 0 { // a list without elements is no key
			s.want("queues", "queue:"+q.Name, map[string]any{"queue": q.Name, "waiting": q.Size, "oldest": seconds(q.Oldest)})
		}
	}
	s.want("queues", "schedule", map[string]any{"delayed": said.Scheduled + said.Retry, "failed": said.Dead, "consumed": said.Processed})
}

func TestRQ(t *testing.T) {
	var said struct {
		saidLocks
		Queues []struct {
			Name                                       string
			Count, Active, Scheduled, Failed, Finished int
			Oldest                                     string
		}
		Workers []struct {
			Name, Hostname, State, Job, Birth string
			Queues                            []string
		}
	}
	s := load(t, "rq", &said, nil)
	s.count("queues", len(said.Queues))
	for _, q := range said.Queues {
		s.want("queues", "rq:queue:"+q.Name, map[string]any{"queue": q.Name, "waiting": q.Count, "active": q.Active, "delayed": q.Scheduled, "failed": q.Failed, "done": q.Finished})
		if q.Oldest != "" {
			s.want("queues", "rq:queue:"+q.Name, map[string]any{"oldest": iso(t, q.Oldest)})
		}
	}
	s.count("workers", len(said.Workers))
	for _, w := range said.Workers {
		s.want("workers", "rq/rq:worker:"+w.Name, map[string]any{
			"pod": w.Name, "ip": w.Hostname, "pool": strings.Join(w.Queues, ","), "state": w.State, "job": w.Job, "started": iso(t, w.Birth),
		})
		s.within("workers", "rq/rq:worker:"+w.Name, "alive_until", 0, 500*time.Second)
	}
	for _, l := range said.Locks {
		s.want("locks", l.Key, map[string]any{"token": l.Token, "holder": l.Token})
		s.within("locks", l.Key, "ttl_ms", 0, 61*time.Second)
	}
}

func TestCelery(t *testing.T) {
	var said struct {
		Results []struct{ ID, Status, Done string }
		Waiting int
		Unacked []string
		Active  []struct{ ID, Name string }
	}
	s := load(t, "celery", &said, nil)
	s.want("queues", "celery", map[string]any{"queue": "celery", "waiting": said.Waiting})
	s.count("results", len(said.Results))
	for _, r := range said.Results {
		s.want("results", "celery-task-meta-"+r.ID, map[string]any{"id": r.ID, "status": r.Status, "done": iso(t, r.Done)})
		s.within("results", "celery-task-meta-"+r.ID, "expires", 23*time.Hour, 24*time.Hour)
	}
	s.count("unacked", len(said.Unacked))
	tasks := map[string]string{}
	for _, r := range s.rows["unacked"] {
		tasks[fmt.Sprint(value(t, r, "id"))] = fmt.Sprint(value(t, r, "task"))
		given := value(t, r, "given").(time.Time)
		if again := value(t, r, "again").(time.Time); again.Sub(given) != time.Hour || given.After(s.at) {
			t.Errorf("%s: given at %v, again at %v", r.ID(), given, again)
		}
		s.want("unacked", r.ID(), map[string]any{"queue": "celery"})
	}
	for _, a := range said.Active {
		if tasks[a.ID] != a.Name {
			t.Errorf("%s is %q, want %q", a.ID, tasks[a.ID], a.Name)
		}
	}
}
