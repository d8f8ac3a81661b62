package demo

import (
	"regexp"
	"strings"

	"github.com/alicebob/miniredis/v2/server"
)

// guard refuses the glob patterns at which the embedded server panics, and with it the dashboard: it translates globs
// into regular expressions and takes for granted that the result is one. Anybody may type `KEYS [z-a]` at our port.
func guard(c *server.Peer, command string, args ...string) bool {
	switch command {
	case "KEYS", "SCAN", "HSCAN", "SSCAN", "ZSCAN", "PSUBSCRIBE", "PUNSUBSCRIBE", "PUBSUB":
	default:
		return false
	}
	for _, arg := range args {
		if !translatable(arg) {
			c.WriteError("ERR the embedded server of the demo cannot match this pattern")
			return true
		}
	}
	return false
}

// translatable tells whether the server can make a regular expression of a glob. It copies a class as it stands, and
// quotes the rest between \Q and \E, from where only an \E in the text leads out.
func translatable(glob string) bool {
	quoted := ""
	for i := 0; i < len(glob); i++ {
		switch glob[i] {
		case '*', '?':
			quoted = ""
		case '[':
			from := i
			for i++; i < len(glob) && glob[i] != ']'; i++ {
				if glob[i] == '\\' {
					i++
				}
			}
			class := glob[from:min(i, len(glob))]
			if _, err := regexp.Compile(class + "]"); err != nil && len(class) > 1 {
				return false
			}
			quoted = ""
		default:
			if glob[i] == '\\' {
				if i++; i == len(glob) {
					return true
				}
			}
			quoted += glob[i : i+1]
			if strings.HasSuffix(quoted, `\E`) {
				return false
			}
		}
	}
	return true
}
