package operate_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/operate"
	"holdfast/internal/redistest"
)

// everyAction plans one of each on what populate made.
func everyAction(t *testing.T, s *stage, on seen) map[string]operate.Action {
	plan := planned(t)
	raw, _ := s.DeleteRaw("generations", "unreadable", on.raw)              // what is seen of nothing cannot be checked
	byRecipe := func(a operate.Action, _ error) operate.Action { return a } // what is seen of nothing has no recipe
	return map[string]operate.Action{
		"ReleaseRow":              byRecipe(s.ReleaseRow("locks", on.rows["mutex"])),
		"ReleaseRow field":        byRecipe(s.ReleaseRow("locks", on.rows["field"])),
		"ReleaseRow member":       byRecipe(s.ReleaseRow("workers", on.rows["member"])),
		"BumpRow":                 byRecipe(s.BumpRow("generations", on.rows["fence"])),
		"ReleaseLock of a layout": s.ReleaseLock("mutex:a", "theirs", 0),
		"Save of a layout":        plan(s.Save("state", "state:a", "new")),
		"Delete of a layout":      plan(s.Delete("state", "state:a", 7)),
		"FlushBatch":              s.FlushBatch("s", 0, on.count, on.size),
		"FlushBatch old":          s.FlushBatch("left", on.old, 2, 14),
		"FlushStore":              s.FlushStore("left"),
		"FlushStore both":         s.FlushStore("both"),
		"UnlockBuffer":            s.UnlockBuffer("locked", 0, on.bufferLock),
		"BumpGeneration":          s.BumpGeneration("user", "k"),
		"TakeLock":                plan(s.TakeLock("lock:free", "", time.Minute)),
		"ReleaseLock":             s.ReleaseLock("lock:held", on.token, on.fence),
		"Edit": plan(s.Edit(operate.Document{Kind: "actors", ID: "a1", Version: 7, Body: []byte(actorA1)},
			strings.Replace(actorA1, "pod-0", "pod-9", 1))),
		"Edit record":  plan(s.Edit(operate.Document{Kind: "records", ID: on.recordID, Version: on.version, Body: []byte("old")}, "new")),
		"Save":         plan(s.Save("workers", "ns:pool:pod-0", strings.Replace(worker, "a1", "a2", 1))),
		"Delete":       plan(s.Delete("actors", "off", 3)),
		"ReleaseLease": s.ReleaseLease(on.lease, 1),
		"DeleteRaw":    raw,
		"CreatePair":   plan(s.CreatePair("db", "k", []byte("v"), time.Minute)),
		"Restore":      s.Restore("restored", smallBackup(t), false, untold),
		"Restore over": s.Restore("full", smallBackup(t), true, untold),
	}
}

// The table above must not forget an action that is added later.
func TestEveryActionIsTried(t *testing.T) {
	s := single(t, operate.Options{})
	tried := everyAction(t, s, s.populate(t))
	for m := range reflect.TypeFor[*operate.Operator]().Methods() {
		if m.Type.NumOut() > 0 && m.Type.Out(0) == reflect.TypeFor[operate.Action]() {
			if _, ok := tried[m.Name]; !ok {
				t.Errorf("%s is not tried", m.Name)
			}
		}
	}
}

func TestReadOnlyRefusesEveryAction(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := newStage(t, c, connected(t, c), operate.Options{ReadOnly: true})
		actions := everyAction(t, s, s.populate(t))
		before, sent := dump(t, c), s.core.Conn.Log.Sent()
		if !s.ReadOnly() {
			t.Error("it does not say that it is read-only")
		}
		for _, name := range slices.Sorted(maps.Keys(actions)) {
			out, err := s.Do(ctx, actions[name])
			if !errors.Is(err, operate.ErrReadOnly) || !errors.Is(err, conn.ErrPrecondition) || len(out.Data) > 0 {
				t.Errorf("%s: %v, %v", name, out, err)
			}
		}
		if _, err := s.Load(ctx, "actors", "a1"); !errors.Is(err, operate.ErrReadOnly) {
			t.Errorf("Load: %v", err)
		}
		if n := s.core.Conn.Log.Sent() - sent; n > 0 {
			t.Errorf("%d commands were sent", n)
		}
		if after := dump(t, c); !maps.Equal(before, after) {
			t.Errorf("before %v\nafter %v", before, after)
		}
		if f := s.files(t); f != nil {
			t.Errorf("files %v", f)
		}
		trail := s.trail(t)
		if len(trail) != len(actions)+1 {
			t.Errorf("%d entries for %d actions", len(trail), len(actions)+1)
		}
		for _, e := range trail {
			if e["result"] != "refused" || !strings.Contains(e["error"].(string), "read-only") || e["summary"] == "" {
				t.Error(e)
			}
		}
	})
}

// A plan is what the operator agrees to: it must name what is then sent.
func TestPlansNameTheCommandsThatAreSent(t *testing.T) {
	names := slices.Sorted(maps.Keys(everyAction(t, single(t, operate.Options{}), seen{})))
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			s := single(t, operate.Options{})
			on := s.populate(t)
			action := everyAction(t, s, on)[name]
			earlier := s.core.Conn.Log.Sent()
			s.do(t, action)
			var sent []string
			all := s.core.Conn.Log.Last()
			for _, e := range all[len(all)-int(s.core.Conn.Log.Sent()-earlier):] {
				sent = append(sent, strings.Replace(e.Text, "EVAL ", "EVALSHA ", 1))
			}
			for _, planned := range action.Commands {
				words := strings.Fields(planned)
				key := words[slices.IndexFunc(words, func(w string) bool { return strings.Contains(w, ":") })]
				_, key, _ = strings.Cut(key, "{") // a new batch has its timestamp before this
				if !slices.ContainsFunc(sent, func(text string) bool { return strings.HasPrefix(text, words[0]) && strings.Contains(text, key) }) {
					t.Errorf("%q was not sent, but %q", planned, sent)
				}
			}
			for _, text := range sent {
				verb, _, _ := strings.Cut(text, " ")
				if slices.Contains([]string{"DEL", "UNLINK", "SET", "RENAME"}, verb) &&
					!slices.ContainsFunc(action.Commands, func(p string) bool { return strings.HasPrefix(p, verb+" ") }) {
					t.Errorf("%q was not planned, but %q", text, action.Commands)
				}
			}
		})
	}
}

func TestSummariesSayWhatIsGoneAfterwards(t *testing.T) {
	s := single(t, operate.Options{FlushDir: "/var/flushed"})
	on := s.populate(t)
	for name, want := range map[string][]string{
		"FlushBatch":     {"flush s: ", "(3 when last seen, 21 B)", "/var/flushed", "delete"},
		"FlushBatch old": {"batch", "of left", "(2 when last seen", "/var/flushed", "delete"},
		"FlushStore":     {"all of left", "/var/flushed", "delete"},
		"UnlockBuffer":   {"locked", on.bufferLock},
		"BumpGeneration": {"k in user"},
		"TakeLock":       {"lock:free", "1m0s"},
		"ReleaseLock":    {"lock:held", "theirs"},
		"Edit":           {"actors a1", "version 7"},
		"Save":           {"workers ns:pool:pod-0"},
		"Delete":         {"delete actors off", "version 3"},
		"ReleaseLease":   {on.lease, "1 when last seen"},
		"CreatePair":     {"put k into db for 1m0s", "if it is not there yet"},
	} {
		a := everyAction(t, s, on)[name]
		for _, w := range want {
			if !strings.Contains(a.Summary, w) {
				t.Errorf("%s: %q does not say %q", name, a.Summary, w)
			}
		}
		gone := strings.HasPrefix(name, "Flush") || strings.HasPrefix(name, "Delete") || strings.Contains(name, "Unlock") || strings.HasPrefix(name, "Release")
		if a.Destructive != gone {
			t.Errorf("%s: destructive %v", name, a.Destructive)
		}
	}
}

func TestACancelledActionSaysSoAtOnce(t *testing.T) {
	s := single(t, operate.Options{})
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	for name, a := range everyAction(t, s, s.populate(t)) {
		if _, err := s.Do(cancelled, a); !errors.Is(err, cancelled.Err()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, e := range s.trail(t) {
		if e["result"] != "unknown" {
			t.Error(e)
		}
	}
}
