package cli

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/xpty"

	"holdfast/core/kvstore"
	"holdfast/internal/redistest"
)

// piped runs the real binary with a standard input.
func (s server) piped(t *testing.T, in []byte, args ...string) (out []byte, said string, code int) {
	t.Helper()
	cmd := exec.Command(binary(t), append(args, s.flags...)...)
	cmd.Stdin = bytes.NewReader(in)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			t.Fatal(err)
		}
	}
	return stdout.Bytes(), stderr.String(), cmd.ProcessState.ExitCode()
}

func TestBackupAndRestoreOverTheStandardStreams(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	for i := range 700 {
		s.put(t, "db:1", kvPair(fmt.Sprintf("k%04d", i), strings.Repeat("v\xff", 100), farAway*uint64(i%2)))
	}
	want := s.pairsOf(t, "db:1")
	whole, said, code := s.piped(t, nil, "backup", "db:1", "-")
	if code != done || said != "700 700\n" {
		t.Fatalf("exit %d: %s", code, said)
	}
	path := filepath.Join(t.TempDir(), "backup")
	s.run(t, "backup", "db:1", path).ok(t)
	if file, err := os.ReadFile(path); err != nil || !bytes.Equal(file, whole) {
		t.Errorf("%d bytes in the file, %d in the stream, %v", len(file), len(whole), err)
	}
	if out, said, code := s.piped(t, whole, "restore", "new", "-"); code != done || string(out) != "700 700\n" || said != "" {
		t.Errorf("exit %d, %q, %q", code, out, said)
	}
	if got := s.pairsOf(t, "new"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%d pairs", len(got))
	}
	s.put(t, "new", kvPair("later", "v", 0))
	before := s.everything(t)
	for what, in := range map[string][]byte{
		"nothing": nil, "a cut": whole[:len(whole)/2], "all but a byte": whole[:len(whole)-1], "too much": append(slices.Clone(whole), 0),
	} {
		out, said, code := s.piped(t, in, "restore", "new", "-", "--replace")
		if code != failed || len(out) > 0 || !strings.Contains(said, "standard input") || !strings.Contains(said, "not a whole snapshot") || strings.Count(said, "\n") != 1 {
			t.Errorf("%s: exit %d, %q, %q", what, code, out, said)
		}
	}
	if _, said, code := s.piped(t, whole, "restore", "new", "-"); code != refused {
		t.Errorf("exit %d, %q", code, said)
	}
	if after := s.everything(t); !slices.Equal(before, after) {
		t.Errorf("before %q\nafter %q", before, after)
	}
	if out, said, code := s.piped(t, nil, "backup", "none", "-"); code != failed || len(out) > 0 || !strings.Contains(said, "not found") {
		t.Errorf("exit %d, %q, %q", code, out, said)
	}
}

// What a backup is written to can be anything that a shell redirects to; a full one is an error, and a terminal refused.
func TestABackupToAStandardOutputThatCannotTakeIt(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.put(t, "db", kvPair("k", strings.Repeat("v", 200<<10), 0))
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	pty, err := xpty.NewPty(80, 24)
	if err != nil {
		t.Fatal(err)
	}
	defer pty.Close()
	for _, tt := range []struct {
		out  *os.File
		code int
		says string
	}{{full, failed, "no space left"}, {pty.(*xpty.UnixPty).Slave(), wrongUsage, "terminal"}} {
		cmd := exec.Command(binary(t), append([]string{"backup", "db", "-"}, s.flags...)...)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = tt.out, &said
		_ = cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != tt.code || !strings.Contains(said.String(), tt.says) || strings.Count(said.String(), "\n") != 1 {
			t.Errorf("exit %d: %q, want %d and %q", code, said.String(), tt.code, tt.says)
		}
	}
}

// A backup that is killed, at each command that it sends and at any moment after, leaves the whole file or none, and
// nothing else anywhere.
func TestABackupThatIsKilledLeavesNothing(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	var pairs []*kvstore.KVPair
	for i := range 1500 {
		pairs = append(pairs, kvPair(fmt.Sprintf("k%05d", i), strings.Repeat("v", 2000), 0))
	}
	s.put(t, "db", pairs...)
	temp, dir := t.TempDir(), t.TempDir()
	whole := filepath.Join(t.TempDir(), "whole")
	s.run(t, "backup", "db", whole).ok(t)
	want, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "backup")
	left := func(when string) (there bool) {
		t.Helper()
		for _, folder := range []string{temp, dir} {
			entries, err := os.ReadDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if got, _ := os.ReadFile(path); filepath.Join(folder, e.Name()) != path || !bytes.Equal(got, want) {
					t.Errorf("%s: it left %s", when, filepath.Join(folder, e.Name()))
				}
				there = true
				if err := os.Remove(filepath.Join(folder, e.Name())); err != nil {
					t.Fatal(err)
				}
			}
		}
		return there
	}
	start := func(url string) *exec.Cmd {
		cmd := exec.Command(binary(t), "backup", "db", path, "--url", url)
		cmd.Env = append(os.Environ(), "TMPDIR="+temp)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	addr := strings.TrimSuffix(strings.TrimPrefix(s.flags[1], "redis://"), "/0")
	steps := 0
	for n, ended := 0, false; !ended; n++ {
		gate := redistest.NewGate(t, addr, func(i int, _ string) redistest.Hold {
			if i == n {
				return redistest.After
			}
			return redistest.Pass
		})
		cmd := start(gate.URL())
		exit := make(chan struct{})
		go func() {
			_ = cmd.Wait()
			close(exit)
		}()
		select {
		case <-gate.Held():
			_ = cmd.Process.Kill()
			<-exit
		case <-exit:
			ended = true
		}
		if left(fmt.Sprint("at command ", n)) != ended {
			t.Errorf("command %d of a backup that has ended (%v)", n, ended)
		}
		steps++
	}
	if steps < 8 {
		t.Errorf("%d steps: the test looks at nothing", steps)
	}
	for round := range 15 {
		cmd := start("redis://" + addr)
		<-time.After(time.Duration(rand.IntN(120)) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		left(fmt.Sprint("round ", round))
	}
}

func TestGetPrintsOnePair(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		s.put(t, "db", kvPair("a:b", `{"x":1}`, farAway), kvPair("\xff", "\x00\xfe", 0), kvPair("line\nbreak", "v", 0), kvPair("k", "", 0), kvPair("kk", "longer", 0))
		s.put(t, "d:b", kvPair("k", "other", 0))
		for named, want := range map[string]object{
			"db:a:b":            {"key": "a:b", "value": `{"x":1}`, "bytes": 7.0, "expires": "2200-01-01T00:00:00Z"},
			"db:a%3Ab":          {"key": "a:b", "value": `{"x":1}`, "bytes": 7.0, "expires": "2200-01-01T00:00:00Z"},
			"db:base64:/w==":    {"key": map[string]any{"base64": "/w=="}, "value": map[string]any{"base64": "AP4="}, "bytes": 2.0, "expires": nil},
			"db:\xff":           {"key": map[string]any{"base64": "/w=="}, "value": map[string]any{"base64": "AP4="}, "bytes": 2.0, "expires": nil},
			`db:line\nbreak`:    {"key": "line\nbreak", "value": "v", "bytes": 1.0, "expires": nil},
			"db:line\nbreak":    {"key": "line\nbreak", "value": "v", "bytes": 1.0, "expires": nil},
			"db:line%0Abreak":   {"key": "line\nbreak", "value": "v", "bytes": 1.0, "expires": nil},
			"db:k":              {"key": "k", "value": "", "bytes": 0.0, "expires": nil},
			"d:b:k":             {"database": "d:b", "key": "k", "value": "other", "bytes": 5.0, "expires": nil},
			"d%3Ab:k":           {"database": "d:b", "key": "k", "value": "other", "bytes": 5.0, "expires": nil},
			"db:line\\x0abreak": {"key": "line\nbreak", "value": "v", "bytes": 1.0, "expires": nil},
		} {
			if want["database"] == nil {
				want["database"] = "db"
			}
			for _, format := range []string{"json", "jsonl"} {
				got := objects(t, "["+s.run(t, "get", "kv", named, "-o", format).ok(t)+"]")
				if len(got) != 1 {
					t.Fatalf("%q: %v", named, got)
				}
				for field, value := range want {
					if fmt.Sprint(got[0][field]) != fmt.Sprint(value) {
						t.Errorf("%q: %s is %v, want %v", named, field, got[0][field], value)
					}
				}
			}
		}
		for format, want := range map[string]string{"table": "value     {\"x\":1}\n", "csv": "bytes,7\n"} {
			if got := s.run(t, "get", "kv", "db:a:b", "-o", format).ok(t); !strings.Contains(got, want) {
				t.Errorf("%s: %s", format, got)
			}
		}
		if got := s.run(t, "get", "kv", "d%3Ab", "-o", "jsonl").ok(t); !strings.Contains(got, "other") { // the database by its ID
			t.Error(got)
		}
		for _, named := range []string{"db:none", "db:", ":k", "none:k", "db:a", "db:base64:AAAA", ""} {
			s.run(t, "get", "kv", named).want(t, failed, "not found")
		}
		s.put(t, "db", kvPair("b:k", "which?", 0))
		s.put(t, "db:b", kvPair("k", "this?", 0))
		s.run(t, "get", "kv", "db:b:k").want(t, failed, "db:b%3Ak", "db%3Ab:k")
	})
}

// A bad argument of a verb is one error, and nothing is half done.
func TestBadFilesOfTheKVVerbs(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.put(t, "db", kvPair("k", "v", 0))
	dir := t.TempDir()
	existing := filepath.Join(dir, "existing")
	if err := os.WriteFile(existing, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	dangling := filepath.Join(dir, "dangling")
	if err := os.Symlink("nowhere", dangling); err != nil {
		t.Fatal(err)
	}
	before := s.everything(t)
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"backup", "db", "/dev/full"}, "the path exists"}, {[]string{"backup", "db", dir}, "the path exists"},
		{[]string{"backup", "db", existing}, "the path exists"}, {[]string{"backup", "db", dangling}, "the path exists"},
		{[]string{"backup", "db", filepath.Join(existing, "x")}, "not a directory"}, {[]string{"backup", "db", filepath.Join(dir, "none", "x")}, "no such file"},
		{[]string{"backup", "db", filepath.Join(dir, strings.Repeat("n", 300))}, "name too long"}, {[]string{"backup", "db", "/proc/backup"}, ""},
		{[]string{"restore", "db", dir, "--replace"}, "a directory"}, {[]string{"restore", "db", "/dev/zero", "--replace"}, "a device"},
		{[]string{"restore", "db", os.DevNull, "--replace"}, "not a whole snapshot"}, {[]string{"restore", "db", dangling, "--replace"}, "no such file"},
	} {
		a := s.run(t, tt.args...)
		if l := a.line(t); a.code != failed || !strings.Contains(l, tt.says) {
			t.Errorf("%q: exit %d, %q, want %q", tt.args, a.code, l, tt.says)
		}
	}
	for _, folder := range []string{existing, "/dev/null", filepath.Join(existing, "x"), "/proc/holdfast"} {
		a := holdfast(t, append([]string{"replicate", "--db", "db", "--to", folder}, s.flagsFrom()...)...)
		if l := a.line(t); a.code != failed || !strings.Contains(l, folder) {
			t.Errorf("%q: exit %d, %q", folder, a.code, l)
		}
	}
	if text, err := os.ReadFile(existing); string(text) != "precious" {
		t.Errorf("%q, %v", text, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("left: %v", left)
	}
	after := slices.DeleteFunc(s.everything(t), func(line string) bool { return strings.Contains(line, ":replicas") })
	if !slices.Equal(before, after) {
		t.Errorf("before %q\nafter %q", before, after)
	}
}
