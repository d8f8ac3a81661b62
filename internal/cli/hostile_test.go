package cli

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"holdfast/internal/redistest"
	"holdfast/views"
)

// hostile are values that strangers could write: what a terminal obeys, hides, reorders or breaks lines at.
var hostile = []string{
	"\x1b[2J\x1b]52;c;ZXZpbA==\x07", "\x9b31m\x9d0;title\x9c", "\u009b31m\u0090q", "a\r\nb\tc", "\u202egnp.exe\u202c\u2066x\u2069",
	"\x7f\x08\x00", "zero\u200bwidth\ufeff\u00ad", "line\u2028para\u2029", "\U000e0041tag", "\xff\xfe\xc3", "{\"a\":\"\x1b\"}", "'quoted\",;=cmd()",
}

// unsafe finds the first character of a line that a terminal would not simply show.
func unsafe(text string) (rune, bool) {
	if !utf8.ValidString(text) {
		return utf8.RuneError, true
	}
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs)) {
			return r, true
		}
	}
	return 0, false
}

// wreck puts a hostile value wherever one can stand, and tells how many rows each view has of it.
func (s server) wreck(t *testing.T, evil string) map[string]int {
	t.Helper()
	s.push(t, evil, `{"a":1}`)
	if err := s.c.RPush(ctx, "buf:{s}:list", evil).Err(); err != nil {
		t.Fatal(err)
	}
	s.set(t, "buf:{s}:lock", evil, time.Hour)
	s.set(t, "buf:"+evil, evil, 0)
	s.set(t, "gen:"+evil+":"+evil, "3", 0)
	s.set(t, "gen:ns:bad", evil, 0)
	s.set(t, "lock:"+evil, evil, time.Hour)
	s.set(t, "worker:"+evil, evil, 0)
	s.create(t, evil, evil, evil, time.Hour)
	s.set(t, "rec:"+evil, evil, 0)
	text, err := json.Marshal(strings.ToValidUTF8(evil, "?"))
	if err != nil {
		t.Fatal(err)
	}
	s.set(t, "actor:"+evil, `{"actorId":`+string(text)+`}`, 0)
	s.set(t, "actor:a1", `{"actorId":"a1","version":"7","actorTemplateNamespace":`+string(text)+`,"status":`+string(text)+`,"ateomPodIp":`+string(text)+`}`, 0)
	return map[string]int{"buffers": 3, "generations": 2, "locks": 1, "workers": 1, "records": 2, "leases": 1, "actors": 2}
}

func TestNoHostileValueReachesATerminal(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	for _, evil := range hostile {
		for _, key := range s.keys(t) {
			if err := s.c.Del(ctx, key).Err(); err != nil {
				t.Fatal(err)
			}
		}
		rows := s.wreck(t, evil)
		for _, v := range views.All() {
			if v.Parent != "" {
				continue // no view of `get`
			}
			table := s.run(t, "get", v.Name).ok(t)
			if r, bad := unsafe(table); bad {
				t.Errorf("%s of %q has %q: %q", v.Name, evil, r, table)
			}
			if v.Kind != "" && strings.Count(table, "\n") != rows[v.Name]+1 {
				t.Errorf("%s of %q has broken lines: %q", v.Name, evil, table)
			}
			for _, format := range []string{"json", "jsonl"} {
				text := s.run(t, "get", v.Name, "-o", format).ok(t)
				if r, bad := unsafe(text); bad {
					t.Errorf("%s of %q as %s has %q: %q", v.Name, evil, format, r, text)
				}
			}
		}
		for _, args := range [][]string{
			{"get", "actors", "a1"}, {"get", "locks", "lock:" + evil}, {"get", "generations", evil + ":" + evil}, {"get", "generations", "ns:bad"},
			{"get", "buffers", "s"}, {"get", "workers", evil}, {"get", "actors", evil}, {"get", evil}, {evil}, {"get", "locks", "lock:none" + evil},
			{"bump", "ns", "bad"}, {"bump", "ns" + evil, evil}, {"lock", "lock:" + evil, "--ttl", "1s"}, {"unlock", "lock:" + evil, "--token", "no" + evil},
			{"flush", evil, "--flush-dir", t.TempDir()}, {"flush", "s", "--flush-dir", t.TempDir()}, {"edit", "workers", evil, "--file", file(t, evil)},
			{"edit", "actors", "a1", "--file", file(t, evil)}, {"--" + evil}, {"get", "actors", "--url", "redis://" + evil}, {"get", "actors", "-o", evil},
		} {
			a := s.run(t, args...)
			if r, bad := unsafe(a.out); bad {
				t.Errorf("%q prints %q: %q", args, r, a.out)
			}
			first, usage, _ := strings.Cut(a.errors, "\n")
			if r, bad := unsafe(first); bad || usage != "" && a.code != wrongUsage {
				t.Errorf("%q: exit %d, complains with %q: %q", args, a.code, r, a.errors)
			}
		}
	}
}

// asWritten undoes what JSON does to a value: text, or base64 where it is none.
func asWritten(t *testing.T, v any) string {
	t.Helper()
	if text, ok := v.(string); ok {
		return text
	}
	b, err := base64.StdEncoding.DecodeString(v.(map[string]any)["base64"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestJSONKeepsHostileValuesWhole(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		for i, evil := range hostile {
			name := strings.Repeat("x", i+1) + evil
			version, _ := s.create(t, name, name, evil, 0)
			s.set(t, "lock:"+name, evil, time.Hour)
			s.set(t, "gen:ns:"+name, "3", 0)
			s.push(t, name, `{"a":1}`)
			found := map[string]bool{}
			for _, o := range s.get(t, "records") {
				if asWritten(t, o["key"]) == name && asWritten(t, o["namespace"]) == name && asWritten(t, o["value"]) == evil && matches(o["version"], version) {
					found["records"] = true
				}
			}
			for _, o := range s.get(t, "locks") {
				if asWritten(t, o["key"]) == "lock:"+name && asWritten(t, o["token"]) == evil {
					found["locks"] = true
				}
			}
			for _, o := range s.get(t, "generations") {
				found["generations"] = found["generations"] || strings.HasSuffix(asWritten(t, o["key"]), name)
			}
			for _, o := range s.get(t, "buffers") {
				found["buffers"] = found["buffers"] || asWritten(t, o["store"]) == name
			}
			if len(found) != 4 || !found["generations"] || !found["buffers"] {
				t.Errorf("%q: only %v give it back", evil, found)
			}
		}
	})
}
