package conn

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

// A row is read by several commands, and a server may refuse one of them: what the others tell holds.

// NoAnswer tells errors that say nothing of what was asked for: the server cannot be reached, or it refuses every
// command alike.
func NoAnswer(err error) bool {
	if reply, ok := errors.AsType[redis.Error](err); ok {
		for _, code := range []string{"BUSY ", "NOAUTH ", "WRONGPASS "} {
			if strings.HasPrefix(reply.Error(), code) {
				return true
			}
		}
	}
	return Unreachable(err)
}

// Refused tells whether a reachable server refused this one question, for example because the user lacks a right.
// Nothing is known of the key then, neither that it has another type nor that it is missing.
func Refused(err error) bool {
	return err != nil && err != redis.Nil && answered(err) && !NoAnswer(err) && !redis.HasErrorPrefix(err, "WRONGTYPE")
}

// Gone are those of keys that the server says are missing. One of which it does not say so counts as there. The error is of
// the way only. Without keys nothing is asked.
func Gone(ctx context.Context, c redis.UniversalClient, keys []string) (map[string]bool, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	there := make([]*redis.IntCmd, len(keys))
	err := Pipeline(ctx, c, func(p redis.Pipeliner) {
		for i, key := range keys { // one by one: a slot may be on its way to another node
			there[i] = p.Exists(ctx, key)
		}
	})
	if err != nil {
		return nil, err
	}
	gone := make(map[string]bool, len(keys))
	for i, key := range keys {
		n, err := there[i].Result()
		gone[key] = err == nil && n == 0
	}
	return gone, nil
}
