package redistest_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/internal/redistest"
)

// A key that has moved is still found, through ASK; two keys on different masters cannot be read together.
func TestSplitsOfASlotAreReal(t *testing.T) {
	ctx := context.Background()
	servers := redistest.StartCluster(t)
	var together, apart int
	redistest.EachSplit(t, servers, "{s}", func(t *testing.T, c *redis.ClusterClient) {
		for _, key := range []string{"a{s}", "b{s}"} {
			if err := c.Set(ctx, key, key, 0).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}, func(t *testing.T, c *redis.ClusterClient) {
		for _, key := range []string{"a{s}", "b{s}"} {
			if got := c.Get(ctx, key).Val(); got != key {
				t.Errorf("%s: got %q", key, got)
			}
		}
		if c.Do(ctx, "MGET", "a{s}", "b{s}").Err() == nil {
			together++
		} else {
			apart++
		}
	})
	if together != 2 || apart != 2 {
		t.Errorf("%d splits answered for both keys and %d did not, want 2 and 2", together, apart)
	}
}
