package cli

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"holdfast/core/kvstore"
	"holdfast/internal/redistest"
)

// process runs the real binary, which a test can send signals to.
type process struct {
	*exec.Cmd
	out, errors bytes.Buffer
}

func start(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(binary(t), args...)}
	p.Stdout, p.Stderr = &p.out, &p.errors
	p.Dir = t.TempDir()
	p.Env = append([]string{"HOME=" + p.Dir, "XDG_CONFIG_HOME=" + p.Dir, "PATH=" + os.Getenv("PATH")}, environ...)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	return p
}

// end waits for the process, which has ended by itself: neither by a signal nor by a panic.
func (p *process) end(t *testing.T) int {
	t.Helper()
	err := p.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	if strings.Contains(p.errors.String(), "goroutine") {
		t.Fatal(p.errors.String())
	}
	return p.ProcessState.ExitCode()
}

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readers are command lines that read what a user named, which stands at @.
func readers(url string) map[string][]string {
	return map[string][]string{
		"config":        {"get", "actors", "--url", url, "--config", "@"},
		"password-file": {"get", "actors", "--url", url, "--password-file", "@"},
		"tls-ca":        {"get", "actors", "--url", url, "--tls-ca", "@"},
		"tls-cert":      {"get", "actors", "--url", url, "--tls-cert", "@", "--tls-key", "@"},
		"file":          {"edit", "actors", "a", "--url", url, "--file", "@"},
		"restore":       {"restore", "db", "@", "--url", url},
	}
}

func at(args []string, path string) []string {
	return strings.Split(strings.ReplaceAll(strings.Join(args, "\n"), "@", path), "\n")
}

// A pipe that nobody writes to holds the command, but not against a signal.
func TestEverySignalEndsTheWaitForAPipe(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	signals := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}
	for name, args := range readers(s.URL()) {
		for i, signal := range signals {
			path := fifo(t)
			// The first signal comes while the command waits for somebody to open the pipe, if it has got that far; the others
			// surely while it waits for bytes.
			p := start(t, nil, at(args, path)...)
			if i > 0 {
				w := writeEnd(t, path)
				defer w.Close()
			}
			if err := p.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if code := p.end(t); i > 0 && (code != failed && code != wrongUsage || strings.Count(p.errors.String(), "\n") != 1) {
				t.Errorf("%s on %v: exit %d, %q", name, signal, code, &p.errors)
			}
		}
	}
	// The same of standard input.
	for _, signal := range signals {
		in, keep, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer keep.Close()
		p := &process{Cmd: exec.Command(binary(t), "edit", "actors", "a", "--url", s.URL(), "--file", "-")}
		p.Stdin, p.Stderr = in, &p.errors
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		in.Close()                                                   // the command's alone now
		if _, err := keep.Write(make([]byte, 256<<10)); err != nil { // more than a pipe holds: it reads
			t.Fatal(err)
		}
		if err := p.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if code := p.end(t); code != failed {
			t.Errorf("standard input on %v: exit %d, %q", signal, code, &p.errors)
		}
	}
}

// writeEnd opens the other end of a pipe, which waits until the command has opened its own.
func writeEnd(t *testing.T, path string) *os.File {
	t.Helper()
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestASignalEndsAWriteThatNobodyReads(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.set(t, "lock:big", strings.Repeat("x", 900<<10), 0) // more than a pipe holds
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p := &process{Cmd: exec.Command(binary(t), append([]string{"get", "locks", "-o", "json"}, s.flags...)...)}
	p.Stdout, p.Stderr = w, &p.errors
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := r.Read(make([]byte, 1)); err != nil { // it is writing
		t.Fatal(err)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != failed {
		t.Errorf("exit %d, %q", code, &p.errors)
	}
}

// A pipe, as shells make it of <(...), is as good as a file.
func TestFilesCanBePipes(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.set(t, "actor:a1", actorA1, 0)
	s.put(t, "db", &kvstore.KVPair{Key: []byte("k"), Value: []byte("v")})
	backup := filepath.Join(t.TempDir(), "backup")
	s.run(t, "backup", "db", backup).ok(t)
	text, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	moved := strings.Replace(actorA1, "pod-0", "pod-9", 1)
	for _, tt := range []struct {
		content string
		args    []string
		out     string
	}{
		{"secret\n", []string{"get", "workers", "-o", "json", "--password-file", "@", "--username", "ops"}, "[]\n"},
		{"view = \"locks\"\n", []string{"get", "workers", "-o", "json", "--config", "@"}, "[]\n"},
		{moved, []string{"edit", "actors", "a1", "--file", "@"}, ""},
		{string(text), []string{"restore", "other", "@"}, "1 1\n"},
	} {
		if err := s.c.Do(ctx, "ACL", "SETUSER", "ops", "on", ">secret", "+@all", "~*", "&*").Err(); err != nil {
			t.Fatal(err)
		}
		path := fifo(t)
		written := make(chan error, 1)
		go func() { written <- os.WriteFile(path, []byte(tt.content), 0) }()
		if out := s.run(t, at(tt.args, path)...).ok(t); out != tt.out {
			t.Errorf("%v: %q", tt.args, out)
		}
		if err := <-written; err != nil {
			t.Error(err)
		}
	}
	if got := s.value(t, "actor:a1"); !strings.Contains(got, "pod-9") {
		t.Errorf("%s", got)
	}
}

// Nothing else passes for a file, and nothing is read without end.
func TestWhatIsNoFileIsRefused(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	before := s.everything(t)
	for name, args := range readers(s.flags[1]) {
		for path, says := range map[string]string{t.TempDir(): "is a directory", "/dev/zero": "is a device"} {
			a := holdfast(t, at(args, path)...)
			if l := a.line(t); a.code == done || !strings.Contains(l, path+" "+says) {
				t.Errorf("%s: exit %d, %q", name, a.code, l)
			}
		}
	}
	huge := filepath.Join(t.TempDir(), "huge")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 1<<40); err != nil {
		t.Fatal(err)
	}
	for name, args := range readers(s.flags[1]) {
		if name == "restore" || name == "file" { // as large as what they hold may be
			continue
		}
		if l := holdfast(t, at(args, huge)...).line(t); !strings.Contains(l, huge) || !strings.Contains(l, "too large") {
			t.Errorf("%s: %q", name, l)
		}
	}
	for _, path := range []string{fifo(t), "/dev/null", "/dev/zero", t.TempDir()} {
		if l := s.run(t, "bump", "ns", "k", "--audit-file", path).line(t); !strings.Contains(l, path+" is a") {
			t.Errorf("audit file: %q", l)
		}
	}
	for _, path := range []string{fifo(t), "/dev/zero", t.TempDir()} {
		if l := s.run(t, "bump", "ns", "k", "--log-file", path).line(t); !strings.Contains(l, path+" is a") {
			t.Errorf("log file: %q", l)
		}
	}
	if after := s.everything(t); len(before)+len(after) > 0 {
		t.Errorf("before %q, after %q", before, after)
	}
	for _, path := range []string{"/dev/stderr", "/dev/null"} {
		s.run(t, "get", "actors", "--log-file", path).ok(t)
	}
}
