package operate_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/operate"
	"holdfast/internal/redistest"
)

// A user who lacks one right of an action gets all of it or none, and is told which right. The steps of a flush are the one
// exception, and they say so.
func TestAnActionThatLacksARightIsDoneWholeOrNotAtAll(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(everyAction(t, single(t, operate.Options{}), seen{}))) {
		t.Run(name, func(t *testing.T) { eachRight(t, name, false) })
	}
}

// So does one who takes an action back.
func TestAnUndoThatLacksARightIsDoneWholeOrNotAtAll(t *testing.T) {
	undone := 0
	for _, name := range slices.Sorted(maps.Keys(everyAction(t, single(t, operate.Options{}), seen{}))) {
		s := single(t, operate.Options{})
		if s.do(t, everyAction(t, s, s.populate(t))[name]).Undo != nil {
			undone++
			t.Run(name, func(t *testing.T) { eachRight(t, name, true) })
		}
	}
	if undone < 5 {
		t.Errorf("only %d actions could be undone", undone)
	}
}

// eachRight carries out an action, or takes it back, once without each of its rights.
func eachRight(t *testing.T, name string, undo bool) {
	var s *stage
	var action operate.Action
	redistest.EachRight(t, func(t *testing.T, c redis.UniversalClient) {
		s = newStage(t, c, conn.Options{URLs: []string{"redis://limited:any@" + c.(*redis.Client).Options().Addr}}, operate.Options{})
		action = everyAction(t, s, s.populate(t))[name]
		if undo {
			action = *s.do(t, action).Undo
		}
	}, func(redis.UniversalClient) error {
		_, err := s.Do(ctx, action)
		return err
	}, func(w redistest.Withheld, t *testing.T) {
		if w.Err != nil && !names(w.Err, w.Command) {
			t.Errorf("the error does not name the right to %s: %v", w.Command, w.Err)
		}
		switch {
		case w.Err == nil:
		case action.Verb == operate.Flush && strings.Contains(w.Err.Error(), "stays prepared"):
			w.Before, w.After = unprepared(w.Before), unprepared(w.After)
		case action.Verb == operate.Restore && strings.Contains(w.Err.Error(), "it is done, but"):
			w.Err = nil
		}
		w.WholeOrNothing(t)
	})
}

// names tells whether an error says which right is missing.
func names(err error, command string) bool {
	text := strings.ToLower(err.Error())
	return (strings.Contains(text, "noperm") || strings.Contains(text, "no permission")) &&
		regexp.MustCompile(`\b`+command+`\b`).MatchString(text)
}

// unprepared is the keyspace with batches beside the live buffer that they were, without holds that run out and without
// what is remembered of timestamps.
func unprepared(all map[string]string) map[string]string {
	out := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		held := strings.HasSuffix(key, ":lock") && strings.Contains(all[key], "flush-") && !strings.HasSuffix(all[key], "until -1")
		if store := batchKey.ReplaceAllString(key, "buf:{"); !held && !strings.HasSuffix(key, ":ops") {
			values := append(strings.Split(out[store], "\n"), all[key])
			slices.Sort(values)
			out[store] = strings.Join(values, "\n")
		}
	}
	return out
}

var batchKey = regexp.MustCompile(`^buf:\d+:\{`)
