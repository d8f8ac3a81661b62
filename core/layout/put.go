package layout

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// PutString sets a string that still holds what was seen, and keeps its life: ErrChanged or ErrGone.
func PutString(ctx context.Context, c redis.UniversalClient, key, seen, body string) error {
	return verdict(editStringScript.Run(ctx, c, []string{key}, seen, body).Int64())
}

// PutField sets a field of a hash that still holds what was seen. The hash keeps its life and the field its own: ErrChanged or
// ErrGone.
func PutField(ctx context.Context, c redis.UniversalClient, key, field, seen, body string) error {
	return verdict(editFieldScript.Run(ctx, c, []string{key}, field, seen, field, body).Int64())
}
