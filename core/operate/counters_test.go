package operate_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdfast/core"
	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/genstore"
	"holdfast/core/kind"
	"holdfast/core/operate"
	"holdfast/internal/redistest"
)

func TestABumpRaisesByOneAndKeepsTheLife(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		s.populate(t)
		for i, tt := range []struct {
			namespace, key string
			want           int
		}{{"user", "k", 42}, {"user", "single:user:1", 1}, {"user", "single:user:1", 2}} {
			out := s.do(t, s.BumpGeneration(tt.namespace, tt.key))
			if len(out.Data) != 1 || out.Data[0] != strconv.Itoa(tt.want) || out.Undo != nil {
				t.Errorf("%+v, want %d", out, tt.want)
			}
			if e := s.trail(t)[i]; !sameBytes(e["before"], tt.want-1) || !sameBytes(e["after"], tt.want) || e["id"] != tt.namespace+":"+tt.key {
				t.Error(e)
			}
		}
		if ttl := s.c.PTTL(ctx, "gen:user:k").Val(); ttl < time.Minute {
			t.Errorf("lives %v", ttl)
		}
		if err := s.c.Set(ctx, "gen:user:bad", "x", 0).Err(); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]error{"user bad": genstore.ErrNotGeneration, " ": genstore.ErrEmptyKey, "user ": genstore.ErrEmptyKey} {
			namespace, key, _ := strings.Cut(id, " ")
			if _, err := s.Do(ctx, s.BumpGeneration(namespace, key)); !errors.Is(err, want) {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
}

func TestLockAndUnlockByHand(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		on := s.populate(t)
		take := planned(t)(s.TakeLock("lock:free", "", 90*time.Second))
		out := s.do(t, take)
		var token string
		var fence int64
		if n, err := fmt.Sscan(strings.Join(out.Data, "\n"), &token, &fence); n != 2 || err != nil || len(out.Data) != 1 || fence <= 0 {
			t.Fatalf("%q: %v", out.Data, err)
		}
		if got := s.c.Get(ctx, "lock:free").Val(); got != token || !strings.Contains(take.Commands[0], token) {
			t.Errorf("holds %q, printed %q, planned %q", got, token, take.Commands)
		}
		if ttl := s.c.PTTL(ctx, "lock:free").Val(); ttl > 90*time.Second || ttl < time.Minute {
			t.Errorf("for %v", ttl)
		}
		if e := s.trail(t)[0]; e["before"] != nil || !sameBytes(e["after"], map[string]any{"token": token, "fence": fence, "ttl_ms": 90000}) {
			t.Error(e)
		}
		if _, err := s.Do(ctx, planned(t)(s.TakeLock("lock:held", "", time.Minute))); !errors.Is(err, operate.ErrHeld) || !errors.Is(err, conn.ErrPrecondition) {
			t.Errorf("held: %v", err)
		}
		for name, a := range map[string]operate.Action{
			"another token": s.ReleaseLock("lock:held", "guess", 0), "another fence": s.ReleaseLock("lock:held", on.token, on.fence+1),
		} {
			if _, err := s.Do(ctx, a); !errors.Is(err, operate.ErrConflict) || !errors.Is(err, conn.ErrPrecondition) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if s.c.Get(ctx, "lock:held").Val() != on.token {
			t.Error("it changed hands")
		}
		s.do(t, s.ReleaseLock("lock:held", on.token, 0)) // a token alone is enough
		s.do(t, *out.Undo)
		if n := s.c.Exists(ctx, "lock:held").Val() + s.c.Exists(ctx, "lock:free").Val(); n != 0 {
			t.Errorf("%d still held", n)
		}
		if _, err := s.Do(ctx, s.ReleaseLock("lock:held", on.token, 0)); !errors.Is(err, actorstore.ErrNotFound) || errors.Is(err, conn.ErrPrecondition) {
			t.Errorf("free: %v", err)
		}
	})
}

// The rule is that of the view: what it lists is usual, whatever its prefix is.
func TestAnUnusualLockIsTold(t *testing.T) {
	s := single(t, operate.Options{})
	for _, tt := range []struct {
		key  string
		ttl  time.Duration
		want []string
	}{
		{"lock:a", 24 * time.Hour, nil},
		{"job:a", time.Minute, []string{"no view would show it", "lock:"}},
		{"lock:a", 24*time.Hour + 1, []string{"longer than 24h"}},
		{"loc", 25 * time.Hour, []string{"no view would show it", "25h"}},
	} {
		take := planned(t)(s.TakeLock(tt.key, "", tt.ttl))
		if (take.Warning == "") != (tt.want == nil) {
			t.Errorf("%s for %v: %q", tt.key, tt.ttl, take.Warning)
		}
		for _, want := range tt.want {
			if !strings.Contains(take.Warning, want) {
				t.Errorf("%s for %v: %q says nothing of %q", tt.key, tt.ttl, take.Warning, want)
			}
		}
	}
	other, err := core.Open(core.Options{Conn: connected(t, s.c), Prefixes: kind.Prefixes{"lock": "mutex:"}})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	op, err := operate.New(other, operate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for key, usual := range map[string]bool{"mutex:a": true, "lock:a": false} {
		if take := planned(t)(op.TakeLock(key, "", time.Minute)); (take.Warning == "") != usual {
			t.Errorf("%s where locks are under mutex: %q", key, take.Warning)
		}
	}
}

// Nobody who has seen one manual lock may know the token of the next: it would release another's.
func TestEachManualLockHasATokenOfItsOwn(t *testing.T) {
	s := single(t, operate.Options{})
	seen := map[string]bool{}
	for range 3 {
		out := s.do(t, planned(t)(s.TakeLock("lock:a", "", time.Minute)))
		token := s.c.Get(ctx, "lock:a").Val()
		if token == "" || seen[token] || !strings.HasPrefix(out.Data[0], token+" ") {
			t.Errorf("token %q after %v, told %q", token, seen, out.Data)
		}
		seen[token] = true
		s.do(t, *out.Undo)
	}
}

func TestALockNeedsAKeyAndATime(t *testing.T) {
	s := single(t, operate.Options{})
	for _, tt := range []struct {
		key string
		ttl time.Duration
	}{{"", time.Second}, {"k", 0}, {"k", -time.Second}} {
		if _, err := s.TakeLock(tt.key, "", tt.ttl); err == nil {
			t.Errorf("%+v passes", tt)
		}
	}
	s.do(t, planned(t)(s.TakeLock("short", "", time.Microsecond)))
}

// A lost reply leaves a lock that may be held: its token is told, and the trail does not call it failed.
func TestALockWhoseReplyIsLostCanBeReleased(t *testing.T) {
	c := redistest.Single(t)
	gate := redistest.NewGate(t, c.Options().Addr, func(_ int, command string) redistest.Hold {
		if command == "eval" { // the first time by its text
			return redistest.After
		}
		return redistest.Pass
	})
	s := newStage(t, c, conn.Options{URLs: []string{gate.URL()}, Timeout: 200 * time.Millisecond}, operate.Options{})
	if err := c.ScriptFlush(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Do(ctx, planned(t)(s.TakeLock("lock:a", "", time.Minute)))
	token := c.Get(ctx, "lock:a").Val()
	if !conn.Unreachable(err) || token == "" || !strings.Contains(err.Error(), token) {
		t.Errorf("%v; it has the token %q", err, token)
	}
	if e := s.trail(t)[0]; e["result"] != "unknown" {
		t.Error(e)
	}
	s.core.Close() // the gate waits for its clients
}
