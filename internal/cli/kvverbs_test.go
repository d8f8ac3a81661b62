package cli

import (
	"bytes"
	endian "encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

func kvPair(key, value string, expires uint64) *kvstore.KVPair {
	return &kvstore.KVPair{Key: []byte(key), Value: []byte(value), ExpireTS: expires}
}

const farAway = 7258118400 // 2200-01-01T00:00:00Z

// pairsOf is what `get kv DB` says of a database, without its name.
func (s server) pairsOf(t *testing.T, db string) []object {
	t.Helper()
	out := s.get(t, "kv", db)
	for _, o := range out {
		if o["database"] != db {
			t.Errorf("%v is not of %q", o, db)
		}
		delete(o, "database")
	}
	return out
}

func TestBackupAndRestore(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		path := filepath.Join(t.TempDir(), "backup")
		for i := range 1100 {
			s.put(t, "db:1", kvPair(fmt.Sprintf("k%04d", i), "v\xff", farAway*uint64(i%2)))
		}
		if got := s.run(t, "backup", "db:1", path, "--read-only").ok(t); got != "1100 1100\n" {
			t.Errorf("%q", got)
		}
		want := s.pairsOf(t, "db:1")
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		before, _ := os.ReadFile(path)
		s.run(t, "backup", "db:1", path).want(t, failed, "db:1", path, "the path exists")
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("the backup was changed: %v", err)
		}

		if got := s.run(t, "restore", "new", path).ok(t); got != "1100 1100\n" {
			t.Errorf("%q", got)
		}
		if got := s.pairsOf(t, "new"); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%d pairs: %v", len(got), got)
		}
		s.put(t, "new", kvPair("k", "later", 0))
		s.run(t, "restore", "new", path).want(t, refused, "new", "not empty", "--replace")
		if got := s.pairsOf(t, "new"); len(got) != 1101 {
			t.Errorf("%d pairs", len(got))
		}
		audit := filepath.Join(t.TempDir(), "audit")
		s.run(t, "restore", "new", path, "--replace", "--read-only", "--audit-file", audit).want(t, refused, "read-only")
		if got := s.run(t, "restore", "new", path, "--replace", "--audit-file", audit).ok(t); got != "1102 1100\n" {
			t.Errorf("%q", got)
		}
		if got := s.pairsOf(t, "new"); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%d pairs: %v", len(got), got)
		}
		text, _ := os.ReadFile(audit)
		if lines := strings.Split(string(text), "\n"); len(lines) != 3 || !strings.Contains(lines[0], `"verb":"restore","kind":"kv","id":"new","result":"refused"`) ||
			!strings.Contains(lines[1], `"result":"done"`) {
			t.Errorf("%s", text)
		}
	})
}

func TestABackupThatCannotBe(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.put(t, "db", kvPair("k", "v", 0))
	dir := t.TempDir()
	s.run(t, "backup", "none", filepath.Join(dir, "b")).want(t, failed, "none", "not found")
	s.run(t, "backup", "", filepath.Join(dir, "b")).want(t, failed, "not found")
	s.run(t, "backup", "db", filepath.Join(dir, "no", "folder")).want(t, failed, "no such file")
	s.run(t, "backup", "db", dir).want(t, failed, "the path exists")
	s.set(t, "kv:{bad}:seq", "no number", 0)
	s.run(t, "backup", "bad", filepath.Join(dir, "b")).want(t, failed, "bad")
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestABackupThatHasNoRoomLeavesNothing(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.put(t, "db", kvPair("k", strings.Repeat("v", 300<<10), 0))
	dir := t.TempDir()
	if text, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=128k", "none", dir).CombinedOutput(); err != nil {
		t.Skipf("no small disk to fill: %s", text)
	}
	defer exec.Command("umount", dir).Run()
	s.run(t, "backup", "db", filepath.Join(dir, "b")).want(t, failed, "db", "no space left")
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	t.Setenv("TMPDIR", dir) // where the walk is spooled
	s.run(t, "backup", "db", filepath.Join(t.TempDir(), "b")).want(t, failed, "db", "no space left")
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// badBackups are the ways in which a file is no backup, and what is said of each.
func badBackups(whole []byte) map[string]struct {
	content []byte
	says    string
} {
	flipped := slices.Clone(whole)
	flipped[len(flipped)/2] ^= 4
	newer := slices.Clone(whole)
	endian.BigEndian.PutUint32(newer[8:], endian.BigEndian.Uint32(newer[8:])+1)
	endian.BigEndian.PutUint32(newer[12:], crc32.Checksum(newer[:12], crc32.MakeTable(crc32.Castagnoli)))
	return map[string]struct {
		content []byte
		says    string
	}{
		"zero bytes":      {nil, "not a whole snapshot"},
		"truncated":       {whole[:len(whole)-1], "not a whole snapshot"},
		"bit flipped":     {flipped, "not a whole snapshot"},
		"continued":       {append(slices.Clone(whole), 0), "not a whole snapshot"},
		"newer":           {newer, "newer format"},
		"something else":  {[]byte(strings.Repeat("text\n", 100)), "not a whole snapshot"},
		"only a preamble": {whole[:16], "not a whole snapshot"},
	}
}

func TestARestoreOfABadFileTouchesNothing(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	for i := range 50 {
		s.put(t, "db", kvPair(fmt.Sprint("key", i), "value", 0))
	}
	path := filepath.Join(t.TempDir(), "backup")
	s.run(t, "backup", "db", path).ok(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before := s.everything(t)
	for what, tt := range badBackups(whole) {
		bad := file(t, string(tt.content))
		for _, db := range []string{"db", "new"} {
			a := s.run(t, "restore", db, bad, "--replace")
			if l := a.line(t); a.code != failed || !strings.Contains(l, tt.says) || !strings.Contains(l, bad) || !strings.Contains(l, db) {
				t.Errorf("%s: exit %d, %q", what, a.code, l)
			}
		}
	}
	s.run(t, "restore", "db", filepath.Join(t.TempDir(), "none"), "--replace").want(t, failed, "no such file")
	s.run(t, "restore", "db", t.TempDir(), "--replace").want(t, failed, "is a directory")
	s.run(t, "restore", "", path).want(t, failed, "empty database name")
	if after := s.everything(t); !slices.Equal(before, after) {
		t.Errorf("before %q\nafter %q", before, after)
	}
}

// A restore that somebody decided and did not survive is finished by whoever opens the database; not by who may not write.
func TestReadOnlyFinishesNoRestore(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.put(t, "db", kvPair("k", "v", 0))
	s.set(t, "kv:{db}:epoch", "1-TOKEN", 0)
	before := s.everything(t)
	path := filepath.Join(t.TempDir(), "backup")
	s.run(t, "backup", "db", path, "--read-only").want(t, refused, "read-only", "restore")
	s.run(t, "get", "kv", "db").want(t, failed, "restored")
	if after := s.everything(t); !slices.Equal(before, after) {
		t.Errorf("before %q\nafter %q", before, after)
	}
	if got := s.run(t, "backup", "db", path).ok(t); got != "1 0\n" { // what was staged is gone: it was of nothing
		t.Errorf("%q", got)
	}
}

func TestGetPrintsThePairsOfADatabase(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		s.put(t, "db:1", kvPair("a:b", "text\n", 0), kvPair("\xff", "\x00\xfe", farAway), kvPair("b", "", farAway))
		s.put(t, "db", kvPair("other", "", 0))
		for format, want := range map[string]string{
			"json": `[
  {"database":"db:1","key":"a:b","bytes":5,"expires":null,"value":"text\n"},
  {"database":"db:1","key":"b","bytes":0,"expires":"2200-01-01T00:00:00Z","value":""},
  {"database":"db:1","key":{"base64":"/w=="},"bytes":2,"expires":"2200-01-01T00:00:00Z","value":{"base64":"AP4="}}
]
`,
			"jsonl": `{"database":"db:1","key":"a:b","bytes":5,"expires":null,"value":"text\n"}
{"database":"db:1","key":"b","bytes":0,"expires":"2200-01-01T00:00:00Z","value":""}
{"database":"db:1","key":{"base64":"/w=="},"bytes":2,"expires":"2200-01-01T00:00:00Z","value":{"base64":"AP4="}}
`,
			"csv": `database,key,bytes,expires,value,error
db:1,a:b,5,,"text
",
db:1,b,0,2200-01-01T00:00:00Z,,
db:1,base64:/w==,2,2200-01-01T00:00:00Z,base64:AP4=,
`,
			"table": `DATABASE  KEY          BYTES  EXPIRES               VALUE
db:1      a:b          5                            text\n
db:1      b            0      2200-01-01T00:00:00Z  
db:1      base64:/w==  2      2200-01-01T00:00:00Z  base64:AP4=
`,
		} {
			if got := s.run(t, "get", "kv", "db:1", "-o", format).ok(t); got != want {
				t.Errorf("%s: %s", format, got)
			}
		}
		s.run(t, "get", "kv", "none").want(t, failed, "none", "not found")
	})
}

func TestGetPrintsADatabaseOfManyPages(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	var pairs []*kvstore.KVPair
	for i := range 1600 {
		pairs = append(pairs, kvPair(fmt.Sprintf("k%05d", i), strings.Repeat("v", i%9), 0))
	}
	s.put(t, "db", pairs...)
	s.put(t, "gone", kvPair("k", "v", 0))
	store, err := s.core.KV("gone")
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Delete([]byte("k")); err != nil {
		t.Fatal(err)
	}
	if got := s.pairsOf(t, "db"); len(got) != 1600 || got[1599]["key"] != "k01599" || got[512]["key"] != "k00512" {
		t.Errorf("%d pairs", len(got))
	}
	for format, lines := range map[string][2]int{"jsonl": {1600, 0}, "csv": {1601, 1}, "table": {1601, 1}, "json": {1602, 2}} {
		for i, db := range []string{"db", "gone"} {
			if got := s.run(t, "get", "kv", db, "-o", format).ok(t); strings.Count(got, "\n") != lines[i] && !(format == "json" && got == "[]\n") {
				t.Errorf("%s of %s has %d lines", format, db, strings.Count(got, "\n"))
			}
		}
	}
	if a := s.run(t, "get", "kv", "db", "-o", "yaml"); a.code != wrongUsage {
		t.Errorf("exit %d", a.code)
	}
}

func TestGetPrintsNoHostilePairRaw(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	for i, evil := range hostile {
		db := fmt.Sprint(i, evil)
		s.put(t, db, kvPair(evil, evil, 0))
		if table := s.run(t, "get", "kv", db).ok(t); strings.Count(table, "\n") != 2 {
			t.Errorf("broken lines: %q", table)
		} else if r, bad := unsafe(table); bad {
			t.Errorf("%q has %q: %q", evil, r, table)
		}
		for _, format := range []string{"json", "jsonl"} {
			text := s.run(t, "get", "kv", db, "-o", format).ok(t)
			if r, bad := unsafe(text); bad || !json.Valid([]byte(text)) {
				t.Errorf("%q as %s has %q: %q", evil, format, r, text)
			}
		}
	}
}

func TestEditOfAPair(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		in := time.Now().Unix() + 1000
		s.put(t, "db", kvPair("k", `{"a":1}`, uint64(in)), kvPair("x:y", "one", 0), kvPair("p%3Aq", "percent", 0))
		s.put(t, "db:x", kvPair("y", "two", 0), kvPair("z", "three", 0))
		edit := func(key, text string, more ...string) answer {
			t.Helper()
			return s.run(t, append([]string{"edit", "kv", key, "--file", file(t, text)}, more...)...)
		}
		value := func(db, key string) string {
			t.Helper()
			store, err := s.core.KV(db)
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			b, expires, err := store.LoadValue(ctx, []byte(key))
			if err != nil {
				t.Fatal(err)
			}
			if db == "db" && key == "k" && expires.Unix() != in {
				t.Errorf("it expires %v", expires)
			}
			return string(b)
		}
		edit("db:k", `{"a":2}`, "--read-only").want(t, refused, "read-only")
		edit("db:k", "{\n\t\"a\": 2\n}\n").ok(t)
		if got := value("db", "k"); got != `{"a":2}` {
			t.Errorf("%q", got)
		}
		edit("db%3Ax:z", "by its ID").ok(t)
		edit("db:x:z", "by its name").ok(t)
		if got := value("db:x", "z"); got != "by its name" {
			t.Errorf("%q", got)
		}
		edit("db:x:y", "which?").want(t, failed, "db:x%3Ay", "db%3Ax:y")
		edit("db:x%3Ay", "first").ok(t)
		edit("db%3Ax:y", "second").ok(t)
		if one, two := value("db", "x:y"), value("db:x", "y"); one != "first" || two != "second" {
			t.Errorf("%q, %q", one, two)
		}
		edit("db:p%3Aq", "plain").ok(t)
		if got := value("db", "p%3Aq"); got != "plain" {
			t.Errorf("%q", got)
		}
		edit("db:none", "x").want(t, failed, "db:none", redisdb.ErrNotFound.Error())
		edit("db", "x").want(t, failed, "db")
		s.put(t, "db", kvPair("late", "v", uint64(time.Now().Unix())-1))
		edit("db:late", "x").want(t, failed, redisdb.ErrNotFound.Error())
	})
}
