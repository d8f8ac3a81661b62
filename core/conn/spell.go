package conn

import (
	"strconv"
	"strings"
)

const longestArg = 96

// Spell writes a command as one would type it: arguments that need it are quoted, long ones are cut with their length,
// and what follows AUTH is hidden.
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
	}
	return b.String()
}

func spellArg(a any) string {
	var s string
	switch v := a.(type) {
	case string:
		s = v
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
