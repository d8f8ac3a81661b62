package conn

import (
	"context"
	_ "embed"
	"regexp"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// A server older than Redis 7.2 says that a script came to a command which its user may not send, and not to which.
const unnamedRefusal = "can't run this command or subcommand"

//go:embed lua/missing.lua
var missingLua string

var missingScript = NewScript(missingLua)

// refusal is such an answer with the rights that are missing.
type refusal struct {
	missing string
	answer  error
}

func (r *refusal) Error() string { return "NOPERM this user has no permission to run " + r.missing }

func (r *refusal) Unwrap() error { return r.answer }

// quotedWords are the commands that a script may send, and other words in capitals.
var quotedWords = regexp.MustCompile(`'([A-Z]{3,})'`)

// explained asks which right it is that a script was refused for. Where the server cannot tell, the commands of the script
// are named.
func (s *Script) explained(ctx context.Context, c Runner, keys []string, cmd *redis.Cmd) *redis.Cmd {
	err := cmd.Err()
	if s == missingScript || err == nil || !answered(err) || !strings.Contains(err.Error(), unnamedRefusal) {
		return cmd
	}
	var words []string
	for _, m := range quotedWords.FindAllStringSubmatch(s.text, -1) {
		words = append(words, m[1])
	}
	slices.Sort(words)
	words = slices.Compact(words)
	args := make([]any, len(words))
	for i, w := range words {
		args[i] = w
	}
	missing, _ := missingScript.Try(WithoutDoubt(ctx), c, keys[:min(1, len(keys))], args...).StringSlice()
	if len(missing) == 0 {
		missing = []string{"one of " + strings.Join(words, ", ")}
	}
	cmd.SetErr(&refusal{strings.Join(missing, " and "), err})
	return cmd
}
