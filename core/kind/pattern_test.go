package kind

import (
	"slices"
	"strings"
	"testing"
)

// patterned is a source of nothing but patterns.
type patterned struct {
	Source
	patterns []string
}

func (p patterned) Patterns() []string { return p.patterns }

// kindsOf makes a kind of each pattern.
func kindsOf(patterns ...string) []Kind {
	var kinds []Kind
	for _, p := range patterns {
		kinds = append(kinds, Kind{Source: patterned{patterns: []string{p}}})
	}
	return kinds
}

func TestOnePatternServesAllKinds(t *testing.T) {
	for _, tt := range []struct {
		patterns string // separated by spaces
		want     string
	}{
		{"buf:* gen:* actor:* worker:* lock:* rec:{*}:lease:* rec:*", "[bgawlr]*"},
		{"actor:*", "actor:*"},
		{"prod:buf:* prod:gen:* prod:gauge:*", "prod:[bg]*"},
		{"prod:* prod:gen:*", "prod:*"},
		{"rec:{*}:lease:* rec:{*}:lk:*", "rec:{*"},
		{`\*a:* \[b:* \?c:*`, `[*\[?]*`},
		{`\^a:* \-b:* \]c:* \\d:*`, `[\^\-\]\\]*`},
		{`a\*b:* a\*c:*`, `a\*[bc]*`},
		{"* gen:*", "*"},
		{"?en:* gen:*", "*"},
		{"[ab]:* gen:*", "*"},
		{`\`, "*"},
		{"", "*"},
	} {
		if got := KeyPattern(kindsOf(strings.Fields(tt.patterns)...)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.patterns, got, tt.want)
		}
	}
}

func TestPrefixesThatServersTake(t *testing.T) {
	for _, tt := range []struct {
		kinds []Kind
		want  []string
	}{
		{kindsOf("a:*", "b:*"), []string{"a:", "b:"}},
		{kindsOf("rec:{*}:lease:*", "rec:{*}:lk:*", "rec:*", "recent:*"), []string{"rec:", "recent:"}},
		{kindsOf("kv:*", "kv:{*}:d:*"), []string{"kv:"}},
		{kindsOf(`a\*b:*`, "*"), []string{""}},
	} {
		if got := KeyPrefixes(tt.kinds); !slices.Equal(got, tt.want) {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
