package conn

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Runner sends single commands: any UniversalClient, a pipeline or a test double.
type Runner interface {
	Process(ctx context.Context, cmd redis.Cmder) error
}

// Script is one Lua script, sent by its hash and by its text only to a server that does not have it yet.
//
// A call acts at most once whatever the client's retry settings are. go-redis repeats a command whose reply was lost
// (three times by default, and a cluster client even with MaxRetries: -1), which would bump or push twice. Redirects
// of a cluster are followed: a redirected script has not run.
type Script struct {
	text, hash string
}

// NewScript prepares the text of a script; its keys must share one hash slot.
func NewScript(text string) *Script {
	sum := sha1.Sum([]byte(text))
	return &Script{text: text, hash: hex.EncodeToString(sum[:])}
}

// Run sends the script. An error of the way (Unreachable) leaves open whether it ran.
func (s *Script) Run(ctx context.Context, c Runner, keys []string, args ...any) *redis.Cmd {
	cmd := s.command(ctx, "evalsha", s.hash, keys, args)
	if err := c.Process(ctx, cmd); err != nil && strings.HasPrefix(err.Error(), "NOSCRIPT") {
		cmd = s.command(ctx, "eval", s.text, keys, args)
		_ = c.Process(ctx, cmd) // the error stays in the command
	}
	return cmd.Cmd
}

func (s *Script) command(ctx context.Context, verb, body string, keys []string, args []any) once {
	full := make([]any, 0, 3+len(keys)+len(args))
	full = append(full, verb, body, len(keys))
	for _, k := range keys {
		full = append(full, k)
	}
	cmd := redis.NewCmd(ctx, append(full, args...)...)
	if len(keys) > 0 {
		cmd.SetFirstKeyPos(3)
	}
	return once{cmd}
}

// Once sends one command that is never repeated, for mutations that need no script.
func Once(ctx context.Context, c Runner, args ...any) *redis.Cmd {
	cmd := redis.NewCmd(ctx, args...)
	_ = c.Process(ctx, once{cmd}) // the error stays in the command
	return cmd
}

// once is a command that go-redis must not send a second time.
type once struct{ *redis.Cmd }

func (once) NoRetry() bool { return true }
