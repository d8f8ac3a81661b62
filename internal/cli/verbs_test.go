package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/internal/redistest"
)

// want checks the exit code of a run that is refused or fails, and what its line says.
func (a answer) want(t *testing.T, code int, says ...string) {
	t.Helper()
	l := a.line(t)
	for _, s := range says {
		if a.code != code || !strings.Contains(l, s) {
			t.Errorf("exit %d, %q; want %d and %q", a.code, l, code, s)
		}
	}
}

func TestBump(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		s.set(t, "gen:user:k", "41", time.Hour)
		if got := s.run(t, "bump", "user", "k").ok(t); got != "42\n" {
			t.Errorf("%q", got)
		}
		if got := s.run(t, "bump", "user", "new:one").ok(t); got != "1\n" {
			t.Errorf("%q", got)
		}
		if ttl := s.c.PTTL(ctx, "gen:user:k").Val(); ttl < time.Minute {
			t.Errorf("it lives %v", ttl)
		}
		s.set(t, "gen:user:text", "text", 0)
		s.run(t, "bump", "user", "text").want(t, failed, "gen:user:text")
		for want, key := range map[string]string{"1\n": "single:app:prod:user:u1", "2\n": "single:app:prod:user:u2"} {
			s.set(t, "gen:app:prod:user:single:app:prod:user:u2", "1", 0)
			if got := s.run(t, "bump", "app:prod:user", key).ok(t); got != want {
				t.Errorf("%s: %q, want %q", key, got, want)
			}
		}
	})
}

func TestLockAndUnlock(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		var token string
		var fence int64
		out := s.run(t, "lock", "lock:job:1", "--ttl", "1h").ok(t)
		if n, err := fmt.Sscanf(out, "%s %d\n", &token, &fence); n != 2 || err != nil || strings.Count(out, "\n") != 1 {
			t.Fatalf("%q: %v", out, err)
		}
		shown := s.get(t, "locks")[0]
		if shown["token"] != token || fmt.Sprint(shown["fence"]) != fmt.Sprint(fence) || !matches(shown["ttl_ms"], within(time.Hour)) {
			t.Errorf("%v, printed %q", shown, out)
		}
		s.run(t, "lock", "lock:job:1", "--ttl", "1h").want(t, refused, "lock:job:1", "held")
		s.run(t, "unlock", "lock:job:1", "--token", "guess").want(t, refused, "lock:job:1", "changed")
		if got := s.run(t, "unlock", "lock:job:1", "--token", token).ok(t); got != "" {
			t.Errorf("%q", got)
		}
		s.run(t, "unlock", "lock:job:1", "--token", token).want(t, failed, "lock:job:1", "not found")
		out = s.run(t, "lock", "lock:job:1", "--ttl", "1h").ok(t)
		if later := int64(0); fence > 0 {
			if fmt.Sscanf(out, "%s %d\n", &token, &later); later <= fence {
				t.Errorf("fence %d after %d", later, fence)
			}
		}
	})
}

// A lock that may be a mistake is refused in one line and leaves nothing; --yes takes it.
func TestAnUnusualLockIsRefusedUnlessMeant(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	before := s.everything(t)
	for _, tt := range []struct{ key, ttl, want string }{
		{"job:n", "1m", "no view would show it: only locks under lock: are shown"},
		{"actor:a1", "1m", "no view would show it"},
		{"lock", "1m", "no view would show it"},
		{"lock:job", "24h0m1s", "longer than 24h"},
	} {
		a := s.run(t, "lock", tt.key, "--ttl", tt.ttl)
		a.want(t, refused, tt.key, tt.want, "--yes")
		if strings.Count(a.errors, "\n") != 1 {
			t.Errorf("%s: %q", tt.key, a.errors)
		}
	}
	if after := s.everything(t); !slices.Equal(before, after) {
		t.Errorf("left behind: %q", after)
	}
	s.run(t, "lock", "job:n", "--ttl", "48h", "--yes").ok(t)
	s.run(t, "lock", "lock:job", "--ttl", "24h").ok(t)
	s.run(t, "lock", "job:m", "--ttl", "1m", "--read-only").want(t, refused, "read-only")
}

func TestFlush(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		dir := filepath.Join(t.TempDir(), "new", "dir")
		s.push(t, "s/1", `{"n":1}`)
		at := s.prepare(t, "s/1")
		s.push(t, "s/1", `{"n":2}`, `{"n":3}`)
		paths := strings.Split(strings.TrimSuffix(s.run(t, "flush", "s/1", "--flush-dir", dir).ok(t), "\n"), "\n")
		if len(paths) != 2 || paths[0] != filepath.Join(dir, fmt.Sprintf("s%%2F1-%d.jsonl", at)) {
			t.Fatalf("%q", paths)
		}
		for i, want := range []string{"{\"n\":1}\n", "{\"n\":2}\n{\"n\":3}\n"} {
			if got, err := os.ReadFile(paths[i]); err != nil || string(got) != want {
				t.Errorf("%q, %v", got, err)
			}
		}
		if left := s.get(t, "buffers"); len(left) > 0 {
			t.Errorf("%v", left)
		}
		// Nothing to persist is no failure.
		for _, store := range []string{"s/1", "nobody's"} {
			if got := s.run(t, "flush", store, "--flush-dir", dir).ok(t); got != "" {
				t.Errorf("%q", got)
			}
		}
		s.push(t, "s/1", `{"n":4}`)
		if _, _, err := s.core.Buffers.Lock(ctx, "s/1", 0, time.Hour); err != nil {
			t.Fatal(err)
		}
		s.run(t, "flush", "s/1", "--flush-dir", dir).want(t, refused, "locked")
		s.run(t, "flush", "", "--flush-dir", dir).want(t, failed, "store")
		s.push(t, "t", `{"n":5}`)
		s.run(t, "flush", "t", "--flush-dir", file(t, "")).want(t, failed, "untouched")
		if left := s.get(t, "buffers"); len(left) != 2 {
			t.Errorf("%v", left)
		}
	})
}

// Without --flush-dir files go where the command runs, and their whole paths are printed.
func TestFlushHere(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	t.Chdir(t.TempDir())
	s.push(t, "s", `{"n":1}`)
	path := strings.TrimSpace(s.run(t, "flush", "s").ok(t))
	here, _ := os.Getwd()
	if _, err := os.Stat(path); err != nil || filepath.Dir(path) != here {
		t.Errorf("%q: %v", path, err)
	}
}

func TestEdit(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		s.set(t, "actor:a1", actorA1, time.Hour)
		s.set(t, "actor:sp:a2", actorA2, 0)
		s.set(t, "worker:ns:pool:pod-0", worker, 0)
		version, lease := s.create(t, "ns", "k:1", `{"big":12345678901234567890}`, time.Hour)
		edit := func(view, key, text string, more ...string) answer {
			t.Helper()
			return s.run(t, append([]string{"edit", view, key, "--file", file(t, text)}, more...)...)
		}
		moved := strings.Replace(actorA1, "pod-0", "pod-9", 1)
		if out := edit("actors", "a1", moved).ok(t); out != "" {
			t.Errorf("%q", out)
		}
		stored := strings.Replace(moved, `"version":"7"`, `"version":"8"`, 1)
		if got := s.c.Get(ctx, "actor:a1").Val(); got != stored || s.c.PTTL(ctx, "actor:a1").Val() < time.Minute {
			t.Errorf("%s, for %v", got, s.c.PTTL(ctx, "actor:a1").Val())
		}
		edit("actors", "a1", moved).want(t, refused, "a1", "version 7", "version 8")
		edit("actors", "a1", stored).ok(t) // no change
		edit("actors", "a1", strings.Replace(stored, "tmpl", "other", 1)).want(t, refused, "immutable")
		edit("actors", "a1", "{").want(t, failed, "not valid JSON")
		for _, nothing := range []string{"", "\n", " \r\n\t"} { // cut off, or the end of a pipe that failed
			edit("actors", "a1", nothing).want(t, refused, "a1", "empty", "--allow-empty")
		}
		edit("actors", "nobody", stored).want(t, failed, "not found")
		if got := s.c.Get(ctx, "actor:a1").Val(); got != stored {
			t.Errorf("written though refused: %s", got)
		}
		edit("actors", "sp:a2", strings.Replace(actorA2, "pod-1", "pod-2", 1)).ok(t)
		edit("workers", "ns:pool:pod-0", strings.Replace(worker, "a1", "a2", 1)).ok(t)
		edit("workers", "ns:pool:pod-0", worker).want(t, refused, "version 2", "version 3")

		edit("records", "ns:k:1", "{\n\t\"big\": 12345678901234567891\n}\n").ok(t) // by its plain name
		edit("records", "ns:k%3A1", `{"big":12345678901234567891}`).ok(t)          // no change
		rec := s.get(t, "records")[0]
		if rec["value"] != `{"big":12345678901234567891}` || !matches(rec["version"], version+1) || !matches(rec["lease"], lease) {
			t.Errorf("%v", rec)
		}
		edit("records", "ns:none", "x").want(t, failed, "not found")
		s.create(t, "ns", "plain", "some text", time.Hour)
		edit("records", "ns:plain", "").want(t, refused, "ns:plain", "empty", "--allow-empty")
		edit("records", "ns:plain", "", "--allow-empty").ok(t)
		s.run(t, "edit", "actors", "a1", "--file", filepath.Join(t.TempDir(), "none")).want(t, failed, "--file")
	})
}

// What get prints can be edited and given back.
func TestEditTakesWhatGetPrints(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.set(t, "actor:a1", actorA1, 0)
	for _, row := range s.get(t, "actors") {
		text := s.run(t, "get", "actors", row["id"].(string), "-o", "json").ok(t)
		_, content, _ := strings.Cut(text, `"content":`)
		content, _, _ = strings.Cut(content, `,"raw_keys"`)
		s.run(t, "edit", "actors", "a1", "--file", file(t, content)).ok(t)
	}
	if got := s.c.Get(ctx, "actor:a1").Val(); got != actorA1 {
		t.Errorf("%s", got)
	}
}

func TestReadOnlyRefusesEveryVerbThatActs(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		furnish(t, s)
		audit, dir := filepath.Join(t.TempDir(), "audit"), t.TempDir()
		before := s.everything(t)
		verbs := [][]string{
			{"flush", "s"}, {"flush", "nobody's"}, {"bump", "user", "k"}, {"lock", "lock:free", "--ttl", "1h"}, {"lock", "lock:actor:a1", "--ttl", "1h"},
			{"unlock", "lock:actor:a1", "--token", "theirs"}, {"unlock", "lock:free", "--token", "t"},
			{"edit", "actors", "a1", "--file", file(t, strings.Replace(actorA1, "pod-0", "pod-9", 1))},
			{"edit", "actors", "a1", "--file", file(t, actorA1)}, {"edit", "records", "ns:none", "--file", file(t, "x")},
		}
		for i, args := range verbs {
			a := s.run(t, append(args, "--read-only", "--audit-file", audit, "--flush-dir", dir)...)
			a.want(t, refused, "read-only")
			text, err := os.ReadFile(audit)
			lines := strings.Split(strings.TrimSpace(string(text)), "\n")
			if err != nil || len(lines) != i+1 || !strings.Contains(lines[i], `"verb":"`+args[0]+`"`) || !strings.Contains(lines[i], `"result":"refused"`) {
				t.Errorf("%v: %s, %v", args, text, err)
			}
		}
		s.run(t, "get", "actors", "a1", "--read-only").ok(t)
		if after := s.everything(t); !slices.Equal(before, after) {
			t.Errorf("before %q\nafter %q", before, after)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
			t.Errorf("%v, %v", files, err)
		}
	})
}

// everything is the dump of each key, without the time it has left.
func (s server) everything(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, key := range s.keys(t) {
		value, err := s.c.Dump(ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, key+" "+value)
	}
	return out
}

func TestAnAuditFileThatCannotBeWrittenComesFirst(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.push(t, "s", `{"n":1}`)
	before := s.everything(t)
	for _, args := range [][]string{{"flush", "s"}, {"bump", "ns", "k"}, {"lock", "k", "--ttl", "1h"}} {
		s.run(t, append(args, "--audit-file", filepath.Join(t.TempDir(), "no", "folder"))...).want(t, failed, "audit file")
	}
	if after := s.everything(t); !slices.Equal(before, after) {
		t.Errorf("%q", after)
	}
}

func TestWhatWasDoneAndCannotBePrintedIsAnError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	s := newServer(t, redistest.Single(t))
	for _, args := range [][]string{{"lock", "lock:k", "--ttl", "1h"}, {"get", "actors"}, {"get", "actors", "-o", "json"}, {"--help"}, {"version"}} {
		var errors strings.Builder
		if args[0] != "version" { // which asks no server
			args = append(args, s.flags...)
		}
		if code := run(ctx, args, nil, full, &errors); code != failed || !strings.Contains(errors.String(), "no space left") {
			t.Errorf("%v: exit %d, %q", args, code, errors.String())
		}
	}
}
