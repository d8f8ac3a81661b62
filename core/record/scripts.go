package record

import (
	"embed"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

//go:embed lua
var files embed.FS

// Every script declares every key that it touches: on a node that a slot is being moved to or from, a key that was not
// declared looks absent and is not. What only a reading can tell is read first, and the script checks that it still is so.
var (
	createScript    = conn.NewScript(script("begin", "due", "create"))
	casScript       = conn.NewScript(script("begin", "due", "cas"))
	deleteScript    = conn.NewScript(script("begin", "due", "delete"))
	leaseNewScript  = conn.NewScript(script("begin", "due", "lease_new"))
	dropScript      = conn.NewScript(script("begin", "drop"))
	leaseKeepScript = conn.NewScript(script("lease_keep"))
	getScript       = conn.NewScript(script("get"))
	rangeScript     = conn.NewScript(script("range"))
	aliveScript     = conn.NewScript(script("alive"))
	overdueScript   = conn.NewScript(script("overdue"))
)

// script puts the texts of files together.
func script(names ...string) string {
	var text strings.Builder
	for _, name := range names {
		b, err := files.ReadFile("lua/" + name + ".lua")
		if err != nil {
			panic(err) // not built with its scripts
		}
		text.Write(b)
	}
	return text.String()
}

// errMalformed marks what stands under our keys and was not written by this package.
var errMalformed = errors.New("not written by this package")

// answer is what a reading script replies: an array of texts and small numbers.
type answer []any

// text is item i, or "" where the reply has none.
func (a answer) text(i int) string {
	if i >= len(a) {
		return ""
	}
	s, _ := a[i].(string)
	return s
}

// outcome takes the reply of a script with due.lua apart: its result, and the leases that wait to be swept.
func outcome(cmd *redis.Cmd) (said any, due []string, err error) {
	said, err = cmd.Result()
	if all, is := said.([]any); is && len(all) > 0 {
		said, due = all[0], texts(all[1:])
	}
	return said, due, err
}

func texts(items []any) []string {
	out := make([]string, 0, len(items))
	for _, item := range items {
		if text, is := item.(string); is {
			out = append(out, text)
		}
	}
	return out
}

// unscripted tells errors of a reading script after which the same is to be read by plain commands: its keys are on
// different nodes just now, or the user may run no scripts.
func unscripted(err error) bool { return conn.Moving(err) || forbidden(err) }

func forbidden(err error) bool {
	reply, ok := errors.AsType[redis.Error](err)
	if !ok {
		return false
	}
	text := reply.Error()
	return strings.HasPrefix(text, "NOPERM") || strings.HasPrefix(text, "ERR unknown command") ||
		strings.Contains(text, "The user executing the script") || strings.HasPrefix(text, "ERR ACL failure in script")
}
