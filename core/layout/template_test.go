package layout

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestTemplatesTakeKeysApart(t *testing.T) {
	for _, tt := range []struct {
		template, key string
		want          []string // nil: no match
	}{
		{"rq:worker:{name}", "rq:worker:w1", []string{"w1"}},
		{"rq:worker:{name}", "rq:worker:a:b", nil},
		{"rq:worker:{name...}", "rq:worker:a:b", []string{"a:b"}},
		{"rq:worker:{name}", "rq:worker:", nil},
		{"{q}:{job}:lock", "mail:7:lock", []string{"mail", "7"}},
		{"{q}:{job}:lock", "a:b:7:lock", nil},
		{"{q...}:{job}:lock", "a:b:7:lock", nil}, // the shortest that fits
		{"bull:{q}:wait", "bull:mail:wait", []string{"mail"}},
		{"bull:{q}:wait", "bull:mail:7:wait", nil},
		{"asynq:{{{q}}}:pending", "asynq:{default}:pending", []string{"default"}},
		{"cas:{sha}:s:{rest...}", "cas:ab:s:3:a:b", []string{"ab", "3:a:b"}},
		{"processes", "processes", []string{}},
		{"processes", "processes2", nil},
		{"a.{x}.b{y}c", "a.1.b2c", []string{"1", "2"}},
	} {
		p, err := parseTemplate(tt.template)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := p.match(tt.key)
		if ok != (tt.want != nil) || !slices.Equal(got, tt.want) {
			t.Errorf("%s of %s: %q %v, want %q", tt.template, tt.key, got, ok, tt.want)
		}
	}
}

// What fills a template is found again, and two templates that both take a key apart are known to overlap.
func TestTemplatesAreTheirOwnInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		forms := []string{"a:{x}:b", "a:{x}:{y}", "a:{x...}", "a:{x}", "{{{x}}}:{y...}", "a:{x}b{y}", "a{x}", "a:b:{x}"}
		one := rapid.SampledFrom(forms).Draw(t, "one")
		other := rapid.SampledFrom(forms).Draw(t, "other")
		p, _ := parseTemplate(one)
		q, _ := parseTemplate(other)
		key, ok := p.fill(func(string) (string, bool) { return rapid.StringMatching("[ab:{}]{1,4}").Draw(t, "part"), true })
		if !ok {
			t.Fatal("not filled")
		}
		values, ok := p.match(key)
		if !ok {
			return // a part held its separator
		}
		i := -1
		again, _ := p.fill(func(string) (string, bool) { i++; return values[i], true })
		if again != key {
			t.Errorf("%s: %q became %q", one, key, again)
		}
		if _, both := q.match(key); both && !overlap(p.symbols(), q.symbols()) {
			t.Errorf("%s and %s both match %q, and are said not to overlap", one, other, key)
		}
	})
}
