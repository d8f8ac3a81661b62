package conn

import (
	"cmp"
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

// Run sends the script, and waits while its keys are on the move from one node to another (Moving). A transport error
// (Unreachable), or of a context that ends meanwhile, leaves open whether it ran.
func (s *Script) Run(ctx context.Context, c Runner, keys []string, args ...any) *redis.Cmd {
	return s.sent(ctx, c, process, "", keys, args)
}

// Try is Run that does not wait for keys on the move, for whoever has another way.
func (s *Script) Try(ctx context.Context, c Runner, keys []string, args ...any) *redis.Cmd {
	return s.sent(ctx, c, processNow, "", keys, args)
}

// Read is Try of a script that writes nothing, for users who may only read the keys: EVALSHA demands the right to write
// them. Redis 6 cannot tell the two apart, and miniredis takes TIME for a writing command.
func (s *Script) Read(ctx context.Context, c Runner, keys []string, args ...any) *redis.Cmd {
	return s.readOnly(ctx, c, processNow, keys, args)
}

// Query is Read that waits while the keys are on the move, as Run does.
func (s *Script) Query(ctx context.Context, c Runner, keys []string, args ...any) *redis.Cmd {
	return s.readOnly(ctx, c, process, keys, args)
}

func (s *Script) readOnly(ctx context.Context, c Runner, way way, keys []string, args []any) *redis.Cmd {
	cmd := s.sent(ctx, c, way, "_ro", keys, args)
	if err := cmd.Err(); err != nil && (strings.HasPrefix(err.Error(), "ERR unknown command") || strings.Contains(err.Error(), "Write commands are not allowed")) {
		return s.sent(ctx, c, way, "", keys, args)
	}
	return cmd
}

// sent sends the script by one of the two ways, process or processNow.
func (s *Script) sent(ctx context.Context, c Runner, way way, kind string, keys []string, args []any) *redis.Cmd {
	cmd := send(ctx, c, way, s.command(ctx, "evalsha"+kind, s.hash, keys, args))
	if err := cmd.Err(); err != nil && strings.HasPrefix(err.Error(), "NOSCRIPT") {
		cmd = send(ctx, c, way, s.command(ctx, "eval"+kind, s.text, keys, args))
	}
	return s.explained(ctx, c, keys, cmd)
}

type way func(ctx context.Context, c Runner, cmd redis.Cmder) error

// send returns the command with its reply or error in it, or another one with the context's error.
func send(ctx context.Context, c Runner, way way, cmd once) *redis.Cmd {
	if err := way(ctx, c, cmd); err != nil && !answered(err) { // it may still be written to
		lost := redis.NewCmd(ctx, cmd.Args()...)
		lost.SetErr(err)
		return lost
	}
	return cmd.Cmd
}

// Ask sends one command that reads and returns its value, redis.Nil where there is none. A context that ends is told at
// once; the command must not be looked at then.
func Ask[T any](ctx context.Context, c Runner, cmd interface {
	redis.Cmder
	Result() (T, error)
}) (T, error) {
	return ask(ctx, c, process, cmd)
}

// AskNow is Ask for a command that can be asked in parts instead: while its keys are on the move it does not wait for the
// end of that, but for a moment at most (Moving).
func AskNow[T any](ctx context.Context, c Runner, cmd interface {
	redis.Cmder
	Result() (T, error)
}) (T, error) {
	return ask(ctx, c, processNow, cmd)
}

func ask[T any](ctx context.Context, c Runner, way way, cmd interface {
	redis.Cmder
	Result() (T, error)
}) (T, error) {
	if err := way(ctx, c, cmd); err != nil && !answered(err) { // it may still be written to
		var none T
		return none, err
	}
	return cmd.Result()
}

// process waits while the command's keys are on the move.
func process(ctx context.Context, c Runner, cmd redis.Cmder) error {
	var err error
	ended := untilAnswered(ctx, c, func() bool {
		err = processNow(ctx, c, cmd)
		return redis.IsTryAgainError(err)
	})
	return cmp.Or(ended, err)
}

// processNow does not.
func processNow(ctx context.Context, c Runner, cmd redis.Cmder) error {
	return during(ctx, c, func(ctx context.Context) error { return c.Process(ctx, cmd) })
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
	return send(ctx, c, process, once{redis.NewCmd(ctx, args...)})
}

// once is a command that go-redis must not send a second time.
type once struct{ *redis.Cmd }

func (once) NoRetry() bool { return true }
