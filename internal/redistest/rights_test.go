package redistest_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// A script that proves its rights first leaves nothing behind, whichever of them is missing.
func TestMayEndsAScriptBeforeItsFirstWrite(t *testing.T) {
	script := conn.NewScript(`may('SADD', KEYS[1], 'm')
may('INCR', KEYS[2])
redis.call('SADD', KEYS[1], 'm')
return redis.call('INCR', KEYS[2])`)
	redistest.EachRightWithheld(t, func(*testing.T, redis.UniversalClient) {}, func(c redis.UniversalClient) error {
		return script.Run(context.Background(), c, []string{"set{1}", "count{1}"}).Err()
	})
}
