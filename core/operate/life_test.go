package operate_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/operate"
	"holdfast/internal/redistest"
)

// What an action makes for a time lives that long by the clock of the server, however far that is from ours.
func TestALifeIsOfTheServersClock(t *testing.T) {
	t.Parallel()
	const life = time.Hour
	for name, at := range map[string]time.Time{"behind": time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC), "ahead": time.Date(2040, 2, 3, 4, 5, 6, 0, time.UTC)} {
		t.Run(name, func(t *testing.T) {
			_, mini := redistest.Mini(t)
			mini.SetTime(at)
			c := redis.NewClient(&redis.Options{Addr: mini.Addr()})
			t.Cleanup(func() { c.Close() })
			s := newStage(t, c, conn.Options{URLs: []string{"redis://" + mini.Addr()}}, operate.Options{})
			for _, doc := range []struct{ key, text string }{{"actor:off", actorOff}, {"worker:ns:pool:pod-0", worker}} {
				if err := c.Set(ctx, doc.key, doc.text, life).Err(); err != nil {
					t.Fatal(err)
				}
			}
			lives := func(what, key string) {
				t.Helper()
				if left := c.PTTL(ctx, key).Val(); (left - life).Abs() > time.Minute {
					t.Errorf("%s lives %v", what, left)
				}
			}
			s.do(t, planned(t)(s.CreatePair("db", "k", []byte("v"), life)))
			lives("a new pair", s.core.Live.Keys("pairs", "db:k")[0])
			s.do(t, planned(t)(s.TakeLock("lock:a", "", life)))
			lives("a lock", "lock:a")
			for _, row := range []struct {
				of kind.Name
				id string
			}{{"pairs", "db:k"}, {"actors", "off"}, {"workers", "ns:pool:pod-0"}} {
				key := s.core.Live.Keys(row.of, row.id)[0]
				out := s.do(t, planned(t)(s.Delete(row.of, row.id, s.load(t, row.of, row.id).Version)))
				if c.Exists(ctx, key).Val() != 0 || out.Undo == nil {
					t.Fatalf("%s: %+v", key, out)
				}
				s.do(t, *out.Undo)
				lives("what came back as "+key, key)
			}
		})
	}
}
