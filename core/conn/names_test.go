package conn_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// anyName draws bytes of every kind, often those that Escape and SCAN care about.
func anyName(t *rapid.T, label string) string {
	b := rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte(`%{}:*?[]\^-aA0%41`)))
	return string(rapid.SliceOfN(b, 0, 12).Draw(t, label))
}

func TestEscapeTable(t *testing.T) {
	for name, want := range map[string]string{
		"":           "",
		"plain-name": "plain-name",
		"a:b":        "a%3Ab",
		"{tag}":      "%7Btag%7D",
		"100%":       "100%25",
		"%41":        "%2541",
		`*?[x]\`:     "%2A%3F%5Bx%5D%5C",
		"\x00\n\x7f": "%00%0A%7F",
		"née ✓\xff":  "née ✓\xff",
	} {
		if got := conn.Escape(name); got != want {
			t.Errorf("Escape(%q) is %q, want %q", name, got, want)
		}
	}
}

func TestUnescapeRefusesWhatEscapeCannotHaveMade(t *testing.T) {
	for _, text := range []string{"a:b", "{", "}", "*", "?", "[", "]", `\`, "\x00", "\x7f", "%", "%4", "a%", "%zz", "%3a", "%41", "%FF", "%3A%"} {
		if name, err := conn.Unescape(text); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", text)) {
			t.Errorf("Unescape(%q) is %q, %v", text, name, err)
		}
	}
}

func TestEscapeIsUndoneAndKeepsNamesApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyName(t, "a"), anyName(t, "b")
		if back, err := conn.Unescape(conn.Escape(a)); err != nil || back != a {
			t.Fatalf("%q became %q, %v", a, back, err)
		}
		if (conn.Escape(a) == conn.Escape(b)) != (a == b) {
			t.Fatalf("%q and %q alias", a, b)
		}
		if strings.ContainsAny(conn.Escape(a), `{}:*?[]\`) {
			t.Fatalf("%q keeps what is special: %q", a, conn.Escape(a))
		}
	})
}

func FuzzUnescape(f *testing.F) {
	for _, seed := range []string{"", "a%3Ab", "%41", "%", "{", "\xff%00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if name, err := conn.Unescape(text); err == nil && conn.Escape(name) != text {
			t.Errorf("%q and %q carry one name, %q", text, conn.Escape(name), name)
		}
	})
}

func TestEscapeGlobMatchesItselfAlone(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		rapid.Check(t, func(t *rapid.T) {
			literal := rapid.StringMatching(`[*?\[\]\\^\-ab]{1,6}`).Draw(t, "literal")
			others := rapid.SliceOfN(rapid.StringMatching(`[*?\[\]\\^\-ab]{1,6}`), 0, 8).Draw(t, "others")
			var want, got []string
			for _, key := range append(others, literal, literal+"x", "x"+literal) {
				if err := c.Set(ctx, key, 1, 0).Err(); err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(key, literal) && !slices.Contains(want, key) {
					want = append(want, key)
				}
			}
			err := conn.Scan(ctx, c, conn.EscapeGlob(literal)+"*", 1000, func(keys []string) error { got = append(got, keys...); return nil })
			slices.Sort(want)
			slices.Sort(got)
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("%q finds %q, %v; want %q", literal, got, err, want)
			}
			for _, key := range append(others, literal, literal+"x", "x"+literal) {
				c.Del(ctx, key)
			}
		})
	})
}
