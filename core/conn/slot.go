package conn

import (
	"strings"

	"github.com/redis/go-redis/v9"
)

// SingleServer tells whether one server has every key, so that a command may name any of them together.
func SingleServer(c redis.UniversalClient) bool {
	_, err := alone(c)
	return err == nil
}

// Tagged tells whether all keys that begin with prefix lie in one hash slot, because a hash tag stands in it.
func Tagged(prefix string) bool {
	_, rest, found := strings.Cut(prefix, "{")
	end := strings.IndexByte(rest, '}')
	return found && end > 0
}

// HashTag is the part of a key that Redis Cluster hashes: what stands between the first brace and the next closing one,
// unless that is nothing. Keys with one hash tag share a slot.
func HashTag(key string) string {
	if _, rest, found := strings.Cut(key, "{"); found {
		if tag, _, found := strings.Cut(rest, "}"); found && tag != "" {
			return tag
		}
	}
	return key
}
