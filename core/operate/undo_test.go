package operate_test

import (
	"errors"
	"testing"
	"time"

	"holdfast/core/kvstore"
	"holdfast/core/operate"
)

// An undo takes back the very thing that was made: not another of the same name that has come in its place, whose token may
// even be the same.
func TestAnUndoSparesWhatCameInItsPlace(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		for what, tt := range map[string]struct {
			done    operate.Action
			another func()
		}{
			"a lock": {planned(t)(s.TakeLock("lock:a", "same", time.Minute)), func() {
				must(s.core.Actors.ReleaseLock(ctx, "lock:a", "same"))
				if ok, err := s.core.Actors.AcquireLock(ctx, "lock:a", "same", time.Minute); !ok || err != nil {
					t.Fatal(ok, err)
				}
			}},
			"a pair": {planned(t)(s.CreatePair("db", "k", []byte("v"), 0)), func() {
				db, err := s.core.KV("db")
				must(err)
				must(db.Put(&kvstore.KVPair{Key: []byte("k"), Value: []byte("theirs")}))
				must(db.Close())
			}},
		} {
			out := s.do(t, tt.done)
			tt.another()
			before := dump(t, s.c)
			if _, err := s.Do(ctx, *out.Undo); !errors.Is(err, operate.ErrConflict) {
				t.Errorf("%s: %v", what, err)
			}
			if after := dump(t, s.c); !sameBytes(before, after) {
				t.Errorf("%s: %v became %v", what, before, after)
			}
		}
	})
}
