package conn

import "github.com/redis/go-redis/v9"

// IsNil tells a client that is none: nil itself, or a nil pointer to one of the client library's or ours.
func IsNil(c redis.UniversalClient) bool {
	switch c := c.(type) {
	case nil:
		return true
	case *Conn:
		return c == nil
	case *redis.Client:
		return c == nil
	case *redis.ClusterClient:
		return c == nil
	case *redis.Ring:
		return c == nil
	}
	return false
}
