package conn

import (
	"context"
	"errors"
	"fmt"
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

// A command that a moving slot refuses is sent again, ever more slowly: a key takes milliseconds, a large slot longer.
const (
	movingFirst = 2 * time.Millisecond
	movingMax   = 250 * time.Millisecond
	movingLimit = 30 * time.Second // then the caller is told, whose context may have no end
)

// settled calls run until no moving slot refuses it, for as long as the context lasts.
func settled(ctx context.Context, run func() *redis.Cmd) *redis.Cmd {
	for wait, waited := movingFirst, time.Duration(0); ; wait = min(2*wait, movingMax) {
		cmd := run()
		if !Moving(cmd.Err()) || waited > movingLimit {
			return cmd
		}
		timer := time.NewTimer(wait)
		waited += wait
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			cmd.SetErr(fmt.Errorf("%w: %w", ctx.Err(), cmd.Err()))
			return cmd
		}
	}
}
