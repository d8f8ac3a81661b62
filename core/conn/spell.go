package conn

import (
	"strconv"
	"strings"
)

// Longer arguments are cut, and longer commands, in bytes; thousands of arguments would fill log and screen.
const (
	longestArg     = 96
	longestCommand = 4 << 10
)

// Spell writes a command as one would type it: arguments that need it are quoted, long ones are cut with their length, a
// long list of them is cut with its, and what follows AUTH is hidden.
func Spell(args []any) string {
	var b strings.Builder
	for i, a := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		text := spellArg(a)
		if i == 0 {
			text = strings.ToUpper(text)
		}
		if text == "AUTH" || (i > 0 && strings.EqualFold(text, "auth") && strings.EqualFold(spellArg(args[0]), "hello")) {
			b.WriteString(text + " ***")
			break
		}
		b.WriteString(text)
		if left := len(args) - 1 - i; left > 0 && b.Len() > longestCommand {
			b.WriteString(" ...(" + strconv.Itoa(left) + " more arguments)")
			break
		}
	}
	return b.String()
}

func spellArg(a any) string {
	var s string
	switch v := a.(type) {
	case string:
		s = v
	case *string:
		s = *v
	case []byte:
		s = string(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	default:
		return "?"
	}
	if len(s) > longestArg {
		return strconv.Quote(s[:longestArg]) + "...(" + strconv.Itoa(len(s)) + " bytes)"
	}
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' || r == '\'' || r >= 0x7f }) {
		return strconv.Quote(s)
	}
	return s
}
