package operate_test

import (
	"testing"
	"time"

	"holdfast/core/operate"
	"holdfast/internal/redistest"
)

// Above maxmemory a server refuses what takes memory. Every action that frees some works there.
func TestAFullServerLetsGoOfMemory(t *testing.T) {
	t.Parallel()
	c := redistest.Start(t, "--maxmemory-policy", "noeviction").Client(t)
	s := newStage(t, c, connected(t, c), operate.Options{})
	on := s.populate(t)
	s.do(t, planned(t)(s.CreatePair("db", "k", []byte("v"), time.Hour)))
	pair := s.load(t, "pairs", "db:k")
	if err := c.Set(ctx, "gen:user:bad", "no number", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.ConfigSet(ctx, "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	raw, err := s.Look(ctx, "generations", "user:bad")
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]operate.Action{
		"delete a pair":       planned(t)(s.Delete("pairs", "db:k", pair.Version)),
		"delete an actor":     planned(t)(s.Delete("actors", "off", 3)),
		"release a lock":      s.ReleaseLock("lock:held", on.token, on.fence),
		"unlock a buffer":     s.UnlockBuffer("locked", 0, on.bufferLock),
		"delete what is bad":  planned(t)(s.DeleteRaw("generations", "user:bad", raw)),
		"flush a live buffer": s.FlushBatch("s", 0, on.count, on.size),
		"flush a batch":       s.FlushBatch("left", on.old, 2, 14),
	} {
		if _, err := s.Do(ctx, a); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, a := range []operate.Action{
		s.FlushStore("locked"), planned(t)(s.Delete("records", on.recordID, on.version)), s.ReleaseLease(on.lease, 0),
	} {
		if _, err := s.Do(ctx, a); err != nil {
			t.Errorf("%s %s: %v", a.Verb, a.ID, err)
		}
	}
}
