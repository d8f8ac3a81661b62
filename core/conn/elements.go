package conn

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn/internal/resp"
)

// fewer is how much smaller the next page is after one that was too large.
const fewer = 16

// Elements reads a page of a hash or a set, by its HSCAN or SSCAN: of about count elements, or of fewer where these would
// take too much memory. ErrTooLarge where even single ones do. A client that Open did not make reads pages of any size.
func Elements(ctx context.Context, c redis.UniversalClient, scan, key string, cursor uint64, count int) (page []string, next uint64, err error) {
	for ; ; count /= fewer {
		cmd := redis.NewScanCmd(ctx, nil, scan, key, cursor, "count", max(1, count))
		err := Pipeline(ctx, c, func(p redis.Pipeliner) { _ = p.Process(ctx, cmd) })
		if err == nil {
			return cmd.Result()
		}
		if !errors.Is(err, resp.ErrTooMuch) {
			return nil, 0, err
		}
		if count <= 1 {
			return nil, 0, fmt.Errorf("%w: more than %d bytes in one element, or in few", ErrTooLarge, resp.MaxElements)
		}
	}
}
