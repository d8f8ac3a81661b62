package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/kvstore"
	"holdfast/internal/redistest"
)

// reading are the verbs that change nothing on a server that they did not start.
const reading = " demo get layouts check backup replicate connections version completion help "

// changing are the runs that change something, on what changeable has put there.
func changing(t *testing.T) map[string][]string {
	t.Helper()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s := newServer(t, redistest.Single(t))
	s.put(t, "from", &kvstore.KVPair{Key: []byte("k"), Value: []byte("v")})
	shot := filepath.Join(dir, "shot")
	s.run(t, "backup", "from", shot).ok(t)
	return map[string][]string{
		"flush":         {"flush", "s", "--flush-dir", filepath.Join(dir, "flushed")},
		"bump":          {"bump", "ns", "k"},
		"lock":          {"lock", "lock:free", "--ttl", "1h"},
		"unlock":        {"unlock", "lock:held", "--token", "theirs"},
		"edit":          {"edit", "actors", "a1", "--file", file("actor", `{"actorId":"a1","version":"7","actorTemplateName":"tmpl","status":"STATUS_SUSPENDED"}`)},
		"edit pair":     {"edit", "kv", "db:k", "--file", file("pair", "new")},
		"edit record":   {"edit", "records", "ns:k", "--file", file("record", "new")},
		"restore":       {"restore", "new", shot},
		"restore again": {"restore", "db", shot, "--replace"},
	}
}

// changeable puts there what those runs change.
func changeable(t *testing.T, s server) {
	t.Helper()
	if err := s.c.FlushAll(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	s.push(t, "s", `{"a":1}`)
	s.prepare(t, "s")
	s.push(t, "s", `{"a":2}`)
	s.set(t, "gen:ns:k", "41", 0)
	s.set(t, "lock:held", "theirs", time.Hour)
	s.set(t, "actor:a1", `{"actorId":"a1","version":"7","actorTemplateName":"tmpl","status":"STATUS_RUNNING"}`, 0)
	s.put(t, "db", &kvstore.KVPair{Key: []byte("k"), Value: []byte("old")})
	s.create(t, "ns", "k", "old", time.Hour)
}

// changedBy runs the command and keeps the reply to its command number n from it, counted without those that open connections. It
// tells whether that command had changed something, but for the hold of a batch; fewer: there is no such command.
func changedBy(t *testing.T, s server, n int, args []string) (a answer, command string, changed, fewer bool) {
	t.Helper()
	c := s.c.(*redis.Client)
	kept := func() string {
		var b strings.Builder
		all := redistest.Dump(t, c)
		for _, key := range s.keys(t) {
			if held := strings.HasSuffix(key, ":lock") && strings.Contains(all[key], "flush-"); !held {
				b.WriteString(key + all[key] + "\n")
			}
		}
		return b.String()
	}
	before, count := "", 0
	gate := redistest.NewGate(t, c.Options().Addr, func(_ int, cmd string) redistest.Hold {
		if cmd == "hello" || cmd == "client" || cmd == "ping" {
			return redistest.Pass
		}
		if count++; count != n+1 {
			return redistest.Pass
		}
		command, before = cmd, kept()
		return redistest.After
	}).HangUp() // a timeout would count the time that kept takes
	a = holdfast(t, append(args, "--url", gate.URL())...)
	select {
	case <-gate.Held():
		return a, command, before != kept(), false
	default:
		return a, "", false, true
	}
}

// Whoever hears "failed" does it again. Of each verb that changes something, every reply that could tell of the change is lost
// once: it may have happened, and the server is unreachable (4).
func TestEveryVerbTellsALostReplyAsOne(t *testing.T) {
	runs := changing(t)
	for _, v := range newRoot(&options{}).Commands() {
		if _, tried := runs[v.Name()]; !tried && !strings.Contains(reading, " "+v.Name()+" ") {
			t.Errorf("%s is not tried", v.Name())
		}
	}
	for name, args := range runs {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, redistest.Single(t))
			doubtful := 0
			for n := 0; ; n++ {
				changeable(t, s)
				a, command, changed, fewer := changedBy(t, s, n, args)
				if fewer {
					a.ok(t)
					break
				}
				if !changed {
					continue
				}
				doubtful++
				if text := a.errors; a.code != unreachable || strings.Count(text, "\n") != 1 || !strings.Contains(text, "may have happened") ||
					strings.Contains(text, "fail") || strings.Contains(text, "was not") {
					t.Errorf("the reply to command %d (%s) was lost: exit %d, %q", n, command, a.code, text)
				}
			}
			if doubtful == 0 {
				t.Error("no command of it changes anything")
			}
		})
	}
}
