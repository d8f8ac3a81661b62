package actorstore

import (
	"context"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/internal/redistest"
)

// A document with a lone surrogate is read, updated from scratch, edited and deleted like any other, and keeps it.
func TestALoneSurrogateMakesNoDocumentUnreadable(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), NewPersistence(c)
		for _, odd := range []string{`"\ud800":[]`, `"x\udc00\ud800y":1`, `"x":"\ud800"`, `"x":["\\\ud800\\"]`, `"\ud83d\ude00":"\udfff"`} {
			doc := `{"actorId":"a1","version":"1","status":"STATUS_SUSPENDED",` + odd + `}`
			check := func(what string, err error) {
				t.Helper()
				if err != nil {
					t.Errorf("%s of %s: %v", what, doc, err)
				}
			}
			store := func() { check("set", c.Set(ctx, "actor:a1", doc, 0).Err()) }
			store()
			_, err := s.GetActor(ctx, "a1")
			check("get", err)
			rows, err := NewActorRows(c, "actor:").Read(ctx, []string{"a1"})
			check("row", err)
			check("row", rows[0].Problem())
			check("update", s.UpdateActor(ctx, &Actor{ActorId: "a1", Status: StatusSuspended, LastSnapshot: "s"}, 1))
			if got := c.Get(ctx, "actor:a1").Val(); !strings.Contains(got, odd) {
				t.Errorf("%s became %s", doc, got)
			}
			store()
			_, err = NewActorRows(c, "actor:").Replace(ctx, "a1", 1, []byte(doc))
			check("edit", err)
			store()
			check("delete", s.DeleteActor(ctx, "a1"))
		}
	})
}
