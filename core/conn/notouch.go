package conn

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// noTouch has a server not take what a new connection reads for use of the keys, where it can do that and survives it.
// Redis 8.0 to 8.3 and Valkey 8 crash when such a connection names a key of a slot that moves, or wakes a client that
// waits for one (redis/redis#14415, valkey-io/valkey#2347). A server that does not tell what it is is not asked.
func noTouch(ctx context.Context, cn *redis.Conn) error {
	info, err := cn.Info(ctx, "server").Result()
	if err == nil && survivesNoTouch(info) {
		_ = cn.Do(ctx, "client", "no-touch", "on").Err() // refused: it works all the same
	}
	return nil
}

// survivesNoTouch tells from INFO server whether CLIENT NO-TOUCH is there and does no harm. Valkey calls itself Redis 7.2, too.
func survivesNoTouch(info string) bool {
	if v, ok := versionOf(info, "valkey_version"); ok {
		return v[0] >= 9
	}
	v, ok := versionOf(info, "redis_version")
	return ok && (v == [2]int{7, 2} || v[0] == 8 && v[1] >= 4 || v[0] > 8)
}

// versionOf reads the first two numbers of a version in INFO server.
func versionOf(info, name string) (v [2]int, ok bool) {
	_, err := fmt.Sscanf(field(info, name), "%d.%d", &v[0], &v[1])
	return v, err == nil
}
