package conn

import (
	"context"
	"crypto/sha1"
	_ "embed"
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
// of a cluster are followed: a redirected script has not run. Nor has one that was answered with TRYAGAIN, because its slot
// is being moved: it is sent again until the context's deadline, or for the client's timeout where there is none.
type Script struct {
	text, hash string
}

//go:embed lua/rights.lua
var rightsLua string

// NewScript prepares the text of a script; its keys must share one hash slot. A text that calls may(command, key, ...)
// is given that function (lua/rights.lua): it ends the script before anything is written if the user lacks the right.
func NewScript(text string) *Script {
	if strings.Contains(text, "may(") {
		text = rightsLua + text
	}
	sum := sha1.Sum([]byte(text))
	return &Script{text: text, hash: hex.EncodeToString(sum[:])}
}

// Run sends the script, and waits while its keys are on the move from one node to another (Moving). An error of the way
// (Unreachable), or of a context that ends meanwhile, leaves open whether it ran.
func (s *Script) Run(ctx context.Context, c Runner, keys []string, args ...any) *redis.Cmd {
	return settled(ctx, func() *redis.Cmd { return s.Try(ctx, c, keys, args...) })
}

// Try is Run that does not wait for keys on the move, for whoever has another way.
func (s *Script) Try(ctx context.Context, c Runner, keys []string, args ...any) *redis.Cmd {
	return s.sent(ctx, c, "", keys, args)
}

// Read is Try of a script that writes nothing, for users who may only read the keys: EVALSHA demands the right to write
// them. Redis 6 cannot tell the two apart.
func (s *Script) Read(ctx context.Context, c Runner, keys []string, args ...any) *redis.Cmd {
	cmd := s.sent(ctx, c, "_ro", keys, args)
	if err := cmd.Err(); err != nil && strings.HasPrefix(err.Error(), "ERR unknown command") {
		return s.Try(ctx, c, keys, args...)
	}
	return cmd
}

func (s *Script) sent(ctx context.Context, c Runner, kind string, keys []string, args []any) *redis.Cmd {
	cmd := send(ctx, c, s.command(ctx, "evalsha"+kind, s.hash, keys, args))
	if err := cmd.Err(); err != nil && strings.HasPrefix(err.Error(), "NOSCRIPT") {
		cmd = send(ctx, c, s.command(ctx, "eval"+kind, s.text, keys, args))
	}
	return cmd
}

// send returns the command with its reply or error in it, or another one with the context's error.
func send(ctx context.Context, c Runner, cmd once) *redis.Cmd {
	left := false
	err := untilAnswered(ctx, c, func() bool {
		left = abandoned(ctx, func() { _ = c.Process(ctx, cmd) })
		return !left && redis.IsTryAgainError(cmd.Err())
	})
	if left || err != nil {
		lost := redis.NewCmd(ctx, cmd.Args()...)
		lost.SetErr(ctx.Err())
		return lost
	}
	return cmd.Cmd
}

// abandoned calls f and tells whether the context was cancelled before it returned. go-redis does not interrupt a read:
// f then goes on by itself for at most the client's timeout, and what it writes to must not be looked at.
func abandoned(ctx context.Context, f func()) bool {
	if ctx.Done() == nil {
		f()
		return false
	}
	if ctx.Err() != nil {
		return true
	}
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
		return false
	case <-ctx.Done():
		return true
	}
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

// Once sends one command that is never repeated unless it was refused (Moving), for mutations that need no script.
func Once(ctx context.Context, c Runner, args ...any) *redis.Cmd {
	return settled(ctx, func() *redis.Cmd { return send(ctx, c, once{redis.NewCmd(ctx, args...)}) })
}

// once is a command that go-redis must not send a second time.
type once struct{ *redis.Cmd }

func (once) NoRetry() bool { return true }
