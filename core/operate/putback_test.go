package operate_test

import (
	"errors"
	"testing"
	"time"

	"holdfast/core/kind"
	"holdfast/core/operate"
)

// deletable is one of each kind that can be deleted: its raw key, and what makes another in its place.
var deletable = []struct {
	of      kind.Name
	id, key string
}{
	{"actors", "off", "actor:off"},
	{"workers", "ns:pool:pod-0", "worker:ns:pool:pod-0"},
	{"records", "ns:k%3A1", "rec:{ns}:r:k%3A1"},
	{"pairs", "db:k", "kv:{db}:d:k"},
}

func (s *stage) populateDeletable(t *testing.T) seen {
	t.Helper()
	on := s.populate(t)
	s.do(t, planned(t)(s.CreatePair("db", "k", []byte("old"), time.Hour)))
	if err := s.c.PExpire(ctx, "actor:off", time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	return on
}

func TestWhatWasDeletedCanBePutBack(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		s.populateDeletable(t)
		for _, tt := range deletable {
			doc := s.load(t, tt.of, tt.id)
			life := s.c.PTTL(ctx, tt.key).Val()
			lease := s.c.Type(ctx, tt.key).Val() == "hash" // of a record
			leaseID := ""
			if lease {
				leaseID = s.c.HGet(ctx, tt.key, "lease").Val()
			}
			out := s.do(t, planned(t)(s.Delete(tt.of, tt.id, doc.Version)))
			if s.c.Exists(ctx, tt.key).Val() != 0 || out.Undo == nil {
				t.Fatalf("%s: %+v", tt.of, out)
			}
			s.do(t, *out.Undo)
			if back := s.load(t, tt.of, tt.id); string(back.Body) != string(doc.Body) {
				t.Errorf("%s came back as %q", tt.of, back.Body)
			}
			if now := s.c.PTTL(ctx, tt.key).Val(); now > life+2*time.Second || life > 0 && life-now > time.Minute || life < 0 && now > 0 {
				t.Errorf("%s lived %v and now %v", tt.of, life, now)
			}
			if lease && s.c.HGet(ctx, tt.key, "lease").Val() != leaseID {
				t.Errorf("%s lost its lease", tt.of)
			}
			if _, err := s.Do(ctx, *out.Undo); !errors.Is(err, operate.ErrConflict) {
				t.Errorf("%s is there again and was made once more: %v", tt.of, err)
			}
		}
	})
}

// A record cannot come back to a lease that ended.
func TestWhatLostItsLeaseStaysDeleted(t *testing.T) {
	s := single(t, operate.Options{})
	on := s.populate(t)
	out := s.do(t, planned(t)(s.Delete("records", on.recordID, on.version)))
	s.do(t, s.ReleaseLease(on.lease, 0))
	if _, err := s.Do(ctx, *out.Undo); !errors.Is(err, operate.ErrConflict) {
		t.Error(err)
	}
}
