package actorstore

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore/internal/fencing"
	"holdfast/core/actorstore/internal/sentinel"
	"holdfast/core/conn"
)

//go:embed lua/acquire.lua
var acquireLua string

//go:embed lua/release.lua
var releaseLua string

var (
	acquireScript = conn.NewScript(acquireLua)
	releaseScript = conn.NewScript(releaseLua)
)

// counterOutlives is how much longer than its lock a counter of fencing numbers lives. It may be short, since a new
// counter starts above the old one; it bridges a clock that a failover set back.
const counterOutlives = time.Hour

// AcquireLock takes the lock at key, any key, for ttl (milliseconds, rounded up) if it is free, and stores value in it
// as its token. It returns whether it did. It is not reentrant: a held lock is refused to its own token, too. After a
// transport error the lock may have been taken; ReleaseLock with the same token settles it.
//
// Errors: ErrInvalid for ttl <= 0, an empty key or token, or a key that is a lock's counter; ErrBadRecord for a key of
// another type.
func (s *Persistence) AcquireLock(ctx context.Context, key string, value string, ttl time.Duration) (bool, error) {
	_, acquired, err := s.AcquireLockFenced(ctx, key, value, ttl)
	return acquired, err
}

// AcquireLockFenced is AcquireLock that also returns the fencing number it minted: greater than that of any earlier
// holder, so that a resource which refuses lower numbers than it has seen is safe from a holder that outstayed its ttl.
func (s *Persistence) AcquireLockFenced(ctx context.Context, key, value string, ttl time.Duration) (fence int64, acquired bool, err error) {
	const op = "actorstore: acquire lock"
	if err := checkLock(key, value); err != nil {
		return 0, false, conn.Fail(op, key, err)
	}
	if ttl <= 0 {
		return 0, false, conn.Fail(op, key, fmt.Errorf("%w: a lock's ttl must be positive, not %v", ErrInvalid, ttl))
	}
	ms := int64((ttl-1)/time.Millisecond) + 1
	life := ms + counterOutlives.Milliseconds()
	fence, err = acquireScript.Run(ctx, s.c, []string{key, fencing.Counter(key)}, value, ms, life).Int64()
	if err == redis.Nil {
		return 0, false, nil
	}
	return fence, err == nil, conn.Fail(op, key, sentinel.AsRecord(err))
}

// ReleaseLock frees the lock at key if value is its token. A lock that is gone or another's is left as it is and is no
// error, as in the seed: it is not the caller's any more, which is what the call is for.
func (s *Persistence) ReleaseLock(ctx context.Context, key string, value string) error {
	_, err := s.release(ctx, key, value, 0)
	return err
}

// ReleaseLockFenced is ReleaseLock for an operator's hand: it frees the lock only if it is the one that was seen, by
// token and fencing number, and says so when it is not. A fence of 0, one that was not known, compares the token alone.
// Errors: ErrNotFound (no lock), ErrFailedPrecondition (it changed hands).
func (s *Persistence) ReleaseLockFenced(ctx context.Context, key, value string, fence int64) error {
	code, err := s.release(ctx, key, value, fence)
	switch {
	case err != nil:
		return err
	case code < 0:
		err = fmt.Errorf("%w: the lock changed hands", ErrFailedPrecondition)
	case code == 0:
		err = ErrNotFound
	}
	return conn.Fail(opRelease, key, err)
}

const opRelease = "actorstore: release lock"

func (s *Persistence) release(ctx context.Context, key, value string, fence int64) (code int, err error) {
	if err := checkLock(key, value); err != nil {
		return 0, conn.Fail(opRelease, key, err)
	}
	keys, args := []string{key}, []any{value}
	if fence != 0 {
		keys, args = append(keys, fencing.Counter(key)), append(args, strconv.FormatInt(fence, 10))
	}
	code, err = releaseScript.Run(ctx, s.c, keys, args...).Int()
	return code, conn.Fail(opRelease, key, sentinel.AsRecord(err))
}

func checkLock(key, token string) error {
	if key == "" || token == "" {
		return fmt.Errorf("%w: a lock needs a key and a token", ErrInvalid)
	}
	if lock, ok := fencing.Lock(key); ok {
		return fmt.Errorf("%w: the key is the fence counter of lock %q", ErrInvalid, lock)
	}
	return nil
}
