package kind

import (
	"slices"
	"strings"

	"holdfast/core/conn"
)

// KeyPattern is one SCAN pattern that lets the keys of all kinds pass and keeps most others on the server, so that one
// walk of the keyspace serves every kind: what all patterns begin with, and the next byte of each.
func KeyPattern(kinds []Kind) string {
	starts := literals(kinds)
	if len(starts) == 0 {
		return "*"
	}
	common := starts[0]
	for _, s := range starts[1:] {
		for !strings.HasPrefix(s, common) {
			common = common[:len(common)-1]
		}
	}
	var class []byte
	seen := map[byte]bool{}
	for _, s := range starts {
		if s == common {
			return conn.EscapeGlob(common) + "*"
		}
		next := s[len(common)]
		if seen[next] {
			continue
		}
		seen[next] = true
		if strings.IndexByte(`[]^-\`, next) >= 0 { // no other may be escaped: servers differ on what `\r` means in a class
			class = append(class, '\\')
		}
		class = append(class, next)
	}
	return conn.EscapeGlob(common) + "[" + string(class) + "]*"
}

// KeyPrefixes are what the keys of all kinds begin with; none begins with another, which servers refuse.
func KeyPrefixes(kinds []Kind) []string {
	starts := literals(kinds)
	slices.Sort(starts)
	var out []string
	for _, s := range starts {
		if len(out) == 0 || !strings.HasPrefix(s, out[len(out)-1]) {
			out = append(out, s)
		}
	}
	return out
}

// literals are what the patterns of all kinds begin with.
func literals(kinds []Kind) []string {
	var starts []string
	for _, k := range kinds {
		for _, p := range k.Source.Patterns() {
			starts = append(starts, literal(p))
		}
	}
	return starts
}

// literal is the text that everything a glob matches begins with.
func literal(glob string) string {
	var text []byte
	for i := 0; i < len(glob); i++ {
		switch glob[i] {
		case '*', '?', '[':
			return string(text)
		case '\\':
			i++
			if i == len(glob) {
				return string(text)
			}
		}
		text = append(text, glob[i])
	}
	return string(text)
}
