package record

import (
	"embed"
	"errors"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

//go:embed lua
var files embed.FS

var (
	createScript       = conn.NewScript(writing("create"))
	casScript          = conn.NewScript(writing("cas"))
	deleteScript       = conn.NewScript(writing("delete"))
	sweepScript        = conn.NewScript(writing("sweep"))
	leaseNewScript     = conn.NewScript(writing("lease_new"))
	leaseKeepScript    = conn.NewScript(writing("lease_keep"))
	leaseReleaseScript = conn.NewScript(writing("lease_release"))
	getScript          = conn.NewScript(script("get"))
	rangeScript        = conn.NewScript(script("range"))
	leaseGetScript     = conn.NewScript(script("lease_get"))
)

// writing puts a script between what those that write have in common.
func writing(name string) string { return script("begin") + script(name) + script("tidy") }

func script(name string) string {
	b, err := files.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(err) // not built with its scripts
	}
	return string(b)
}

// errMalformed marks what stands under our keys and was not written by this package.
var errMalformed = errors.New("not written by this package")

// answer is what a reading script replies: an array of texts and small numbers.
type answer []any

func reply(cmd *redis.Cmd) (answer, error) {
	a, err := cmd.Slice()
	return a, err
}

// text is item i, or "" where the reply has none.
func (a answer) text(i int) string {
	if i >= len(a) {
		return ""
	}
	s, _ := a[i].(string)
	return s
}
