package conn

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Moving tells whether err says that a hash slot is on its way to another node and the keys that a command names are not
// together on one of them. Nothing was done.
func Moving(err error) bool {
	reply, ok := errors.AsType[redis.Error](err)
	return ok && strings.HasPrefix(reply.Error(), "TRYAGAIN")
}

// The pauses between two tries of a command that was answered with TRYAGAIN: the first, and the longest.
const (
	firstPause   = 2 * time.Millisecond
	longestPause = 100 * time.Millisecond
)

// untilAnswered calls try, and again as long as it tells that the server answered TRYAGAIN: keys of the command lie on two
// masters, as its slot is being moved, and nothing has run. The client library does not repeat commands marked NoRetry
// for that, and others only a few times. It goes on until the deadline of ctx; where there is none, for the timeout of
// the client, as a move that was given up in the middle never ends. Its error is that of a context which ends meanwhile.
func untilAnswered(ctx context.Context, c any, try func() (again bool)) error {
	var until time.Time
	for pause := firstPause; try(); pause = min(2*pause, longestPause) {
		if until.IsZero() {
			until, _ = ctx.Deadline()
			if until.IsZero() {
				until = time.Now().Add(timeoutOf(c))
			}
		}
		if time.Until(until) < pause {
			return nil
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		}
	}
	return nil
}

// timeoutOf is how long a client waits for a reply.
func timeoutOf(c any) time.Duration {
	var timeout time.Duration
	switch client := c.(type) {
	case *Conn:
		return timeoutOf(client.UniversalClient)
	case *redis.Client:
		timeout = client.Options().ReadTimeout
	case *redis.ClusterClient:
		timeout = client.Options().ReadTimeout
	}
	if timeout <= 0 { // another client, or one that waits for ever
		return defaultTimeout
	}
	return timeout
}
