package buffer

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Lock takes the lock of a buffer or batch for ttl, rounded up to a ms; ok is false if it is held. The lock prevents
// other prepares, not pushes, and ends with its ttl whatever its holder still does. After a transport error the lock
// may be held: the token is returned beside the error, for Unlock.
func (b *Buffer) Lock(ctx context.Context, store string, at int64, ttl time.Duration) (token string, ok bool, err error) {
	const op = "buffer: lock"
	base, err := b.base(ctx, op, store, at)
	if err == nil && ttl <= 0 {
		err = conn.Fail(op, base, ErrTTL)
	}
	if err != nil {
		return "", false, err
	}
	token = rand.Text()
	ms := (ttl + time.Millisecond - 1).Milliseconds()
	err = conn.Once(ctx, b.c, "set", base+lock, token, "nx", "px", ms).Err()
	switch err {
	case nil:
		return token, true, nil
	case redis.Nil:
		return "", false, nil
	}
	return token, false, fail(op, base+lock, err)
}

// Unlock releases the lock of a buffer or batch if token still holds it. ErrNotHolder: the lock expired, was released,
// or is held by another token.
func (b *Buffer) Unlock(ctx context.Context, store string, at int64, token string) error {
	const op = "buffer: unlock"
	base, err := b.base(ctx, op, store, at)
	if err != nil {
		return err
	}
	released, err := unlockScript.Run(ctx, b.c, []string{base + lock}, token).Int()
	if err == nil && released == 0 {
		err = ErrNotHolder
	}
	return fail(op, base+lock, err)
}
