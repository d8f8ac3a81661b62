package conn

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// MaxUnasked is how many bytes of a value are read before anybody asks for it. Rows are read by hundreds in a pipeline,
// which must fit in the memory as often as it is under way.
const MaxUnasked = 1 << 20

// MaxNumber is as many bytes as are read of what should be a number.
const MaxNumber = 64

// ErrTooLarge is the problem of a row whose value is longer than MaxUnasked.
var ErrTooLarge = errors.New("too large to be read unasked")

// TooLarge is ErrTooLarge, with the size of the value.
func TooLarge(size int64) error { return fmt.Errorf("%w: %d bytes", ErrTooLarge, size) }

// unasked is MaxUnasked as an argument.
var unasked = strconv.Itoa(MaxUnasked)

// Head is the answer to one key of Heads.
type Head struct {
	Text  string
	Found bool
	Err   error // what is wrong with this key alone, such as WRONGTYPE and ErrTooLarge
}

// Heads reads strings in one pipeline, none beyond MaxUnasked bytes: a longer one is ErrTooLarge. A second trip is made
// only for keys that seem to be missing or are too large. The answers are in the order of keys. The error is a
// transport error, never that of a key.
func Heads(ctx context.Context, c redis.UniversalClient, keys []string) ([]Head, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	cmds := make([]*redis.StringCmd, len(keys))
	err := Pipeline(ctx, c, func(p redis.Pipeliner) {
		args := make([]any, 0, 4*len(keys)) // of all: a million keys feel each allocation
		for i, k := range keys {
			args = append(args, "getrange", k, "0", unasked)
			cmds[i] = redis.NewStringCmd(ctx, args[4*i:4*i+4:4*i+4]...)
			_ = p.Process(ctx, cmds[i]) // queues it
		}
	})
	if err != nil {
		return nil, err
	}
	out := make([]Head, len(keys))
	var missing, large []int // perhaps: an empty string has no first bytes, either
	for i, cmd := range cmds {
		out[i].Text, out[i].Err = cmd.Result()
		switch n := len(out[i].Text); {
		case out[i].Err != nil:
		case n == 0:
			missing = append(missing, i)
		case n > MaxUnasked:
			large = append(large, i)
		default:
			out[i].Found = true
		}
	}
	if len(missing)+len(large) == 0 {
		return out, nil
	}
	there, sizes := make([]*redis.IntCmd, len(missing)), make([]*redis.IntCmd, len(large))
	err = Pipeline(ctx, c, func(p redis.Pipeliner) {
		for n, i := range missing {
			there[n], cmds[i] = p.Exists(ctx, keys[i]), p.GetRange(ctx, keys[i], 0, MaxUnasked-1)
		}
		for n, i := range large {
			sizes[n] = p.StrLen(ctx, keys[i])
		}
	})
	if err != nil {
		return nil, err
	}
	for n, i := range missing {
		if found, err := there[n].Result(); err != nil {
			out[i].Err = err
		} else if found > 0 {
			out[i].Text, out[i].Err = cmds[i].Result()
			out[i].Found = out[i].Err == nil
		}
	}
	for n, i := range large {
		out[i] = Head{Err: TooLarge(max(sizes[n].Val(), MaxUnasked+1))} // it may have gone meanwhile
	}
	return out, nil
}
