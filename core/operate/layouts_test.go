package operate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"holdfast/core/conn"
	"holdfast/core/layout"
	"holdfast/core/operate"
)

func TestALockOfALayoutIsReleasedByItsRecipeAndPutBack(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		on := s.populate(t)
		release := planned(t)(s.ReleaseRow("locks", on.rows["mutex"]))
		for _, want := range []string{"mutex:a", "theirs", "A waiter takes it."} {
			if !strings.Contains(release.Summary, want) {
				t.Errorf("%q does not say %q", release.Summary, want)
			}
		}
		if release.Verb != operate.Unlock || !release.Destructive || !strings.Contains(release.Commands[0], "mutex:a theirs mutex-free a") {
			t.Errorf("%+v", release)
		}
		before := dump(t, s.c)
		out := s.do(t, release)
		if n := s.c.Exists(ctx, "mutex:a").Val(); n != 0 {
			t.Error("it is still held")
		}
		if e := s.trail(t)[0]; e["verb"] != "unlock" || e["result"] != "done" || !sameBytes(e["before"], map[string]any{"value": "theirs"}) {
			t.Error(e)
		}
		s.do(t, *out.Undo)
		if after := dump(t, s.c); !sameBytes(before, after) || s.c.PTTL(ctx, "mutex:a").Val() < time.Minute {
			t.Errorf("before %v\nafter  %v", before, after)
		}
		s.do(t, release) // it is as it was seen
		if err := s.c.Set(ctx, "mutex:a", "another", 0).Err(); err != nil {
			t.Fatal(err)
		}
		for what, a := range map[string]operate.Action{"release": release, "put back": *out.Undo} {
			if _, err := s.Do(ctx, a); !errors.Is(err, operate.ErrConflict) || !errors.Is(err, conn.ErrPrecondition) || s.c.Get(ctx, "mutex:a").Val() != "another" {
				t.Errorf("%s: %v", what, err)
			}
		}
		if trail := s.trail(t); trail[len(trail)-1]["result"] != "refused" {
			t.Error(trail[len(trail)-1])
		}
	})
}

func TestALockIsReleasedByTheTokenAsItsLayoutSays(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		s.populate(t)
		for _, tt := range []struct {
			key, token string
			want       error
		}{
			{"mutex:a", "guess", operate.ErrConflict},
			{"mutex:free", "theirs", layout.ErrGone},
			{"rlock:a", "u9:1", operate.ErrConflict},
			{"rlock:a#u9:1", "u9:1", layout.ErrGone},
			{"job:1:lock", "worker-1", layout.ErrNever},
		} {
			before := dump(t, s.c)
			_, err := s.Do(ctx, s.ReleaseLock(tt.key, tt.token, 0))
			if !errors.Is(err, tt.want) || !errors.Is(err, conn.ErrPrecondition) || !sameBytes(before, dump(t, s.c)) {
				t.Errorf("%s: %v", tt.key, err)
			}
			if tt.want == layout.ErrNever && !strings.Contains(err.Error(), "the job would run twice") {
				t.Error(err)
			}
		}
		if err := s.c.HSet(ctx, "rlock:a", "u2:7", "1").Err(); err != nil {
			t.Fatal(err)
		}
		s.do(t, s.ReleaseLock("mutex:a", "theirs", 0))
		s.do(t, s.ReleaseLock("rlock:a", "u1:7", 0)) // of several holders the one with this token
		if s.c.Exists(ctx, "mutex:a").Val() != 0 || s.c.HExists(ctx, "rlock:a", "u1:7").Val() || !s.c.HExists(ctx, "rlock:a", "u2:7").Val() {
			t.Error("not the ones that were meant")
		}
	})
}

func TestWhatALayoutRefusesSaysWhyBeforeAnythingIsSent(t *testing.T) {
	s := single(t, operate.Options{})
	on := s.populate(t)
	held := s.row(t, "locks", "lock:held")
	sent := s.core.Conn.Log.Sent()
	_, never := s.ReleaseRow("locks", on.rows["never"])
	_, fence := s.ReleaseRow("generations", on.rows["fence"])
	_, lock := s.BumpRow("locks", on.rows["mutex"])
	_, ours := s.ReleaseRow("locks", held)
	for what, err := range map[string]error{"never": never, "a fence": fence, "a lock": lock} {
		if !errors.Is(err, conn.ErrPrecondition) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if ours == nil || errors.Is(ours, conn.ErrPrecondition) {
		t.Errorf("a lock of ours: %v", ours)
	}
	if why := s.Refusal(operate.Unlock, "locks", on.rows["never"]); !strings.Contains(why, "the job would run twice") {
		t.Error(why)
	}
	if s.Refusal(operate.Unlock, "locks", on.rows["mutex"]) != "" || s.Refusal(operate.Bump, "generations", on.rows["fence"]) != "" {
		t.Error("what can be done is refused")
	}
	if n := s.core.Conn.Log.Sent() - sent; n > 0 {
		t.Errorf("%d commands were sent", n)
	}
}

func TestABumpOfALayoutTellsTheNewFence(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		on := s.populate(t)
		out := s.do(t, planned(t)(s.BumpRow("generations", on.rows["fence"])))
		fence := s.c.Get(ctx, "fence:{a}").Val()
		if len(out.Data) != 1 || out.Data[0] != fence || out.Undo != nil || out.NoUndo == "" || s.c.Exists(ctx, "cached:{a}").Val() != 0 {
			t.Errorf("%+v, %s", out, fence)
		}
		if e := s.trail(t)[0]; !sameBytes(e["after"], map[string]any{"fence": fence}) {
			t.Error(e)
		}
	})
}

func TestADocumentOfALayoutIsSavedUnderItsVersion(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		s.populate(t)
		doc := s.load(t, "state", "state:a")
		edit := planned(t)(s.Edit(doc, `{"version": 3}`)) // which is not that of the row
		if !strings.Contains(edit.Summary, "if its version is still the one shown") {
			t.Error(edit.Summary)
		}
		out := s.do(t, edit)
		if got := s.c.HGetAll(ctx, "state:a").Val(); got["data"] != `{"version": 3}` || got["version"] != "8" || got["other"] != "1" {
			t.Errorf("%v", got)
		}
		if _, err := s.Do(ctx, edit); !errors.Is(err, operate.ErrConflict) {
			t.Error(err)
		}
		s.do(t, *out.Undo)
		if got := s.c.HGetAll(ctx, "state:a").Val(); got["data"] != "old" || got["version"] != "9" {
			t.Errorf("%v", got)
		}
	})
}
