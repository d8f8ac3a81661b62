package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func socket(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return path
}

func regular(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// writer opens the other end of a pipe, which waits for the reader.
func writer(t *testing.T, path string, write func(*os.File)) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			write(f)
			err = f.Close()
		}
		done <- err
	}()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestReadTakesFilesAndPipes(t *testing.T) {
	text := strings.Repeat("x", 200<<10) // more than a pipe holds
	pipe := fifo(t)
	writer(t, pipe, func(f *os.File) { _, _ = f.WriteString(text) })
	for _, path := range []string{regular(t, text), pipe} {
		if got, err := Read(t.Context(), path, int64(len(text))); err != nil || string(got) != text {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	if got, err := Read(t.Context(), os.DevNull, 0); err != nil || len(got) > 0 {
		t.Errorf("null device: %q, %v", got, err)
	}
	if _, err := Read(t.Context(), regular(t, text), int64(len(text))-1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte too much: %v", err)
	}
}

func TestOtherKindsAreRefusedBeforeTheyAreOpened(t *testing.T) {
	dir, pipe, sock := t.TempDir(), fifo(t), socket(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(pipe, link); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{dir: "is a directory", sock: "is a socket", "/dev/zero": "is a device"} {
		if _, err := Read(t.Context(), path, 1<<20); !errors.Is(err, ErrKind) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("read: %v, want %q", err, says)
		}
	}
	for path, says := range map[string]string{
		dir: "is a directory", sock: "is a socket", "/dev/zero": "is a device", os.DevNull: "is a device", pipe: "is a named pipe", link: "is a named pipe",
	} {
		if _, err := Append(path); !errors.Is(err, ErrKind) || !strings.Contains(err.Error(), says) {
			t.Errorf("append: %v, want %q", err, says)
		}
	}
}

// Whichever end of a pipe keeps us waiting, for its opening or for its bytes.
func TestReadingEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	closed, silent := fifo(t), fifo(t)
	opened, release := make(chan struct{}), make(chan struct{})
	writer(t, silent, func(*os.File) { close(opened); <-release })
	defer close(release)
	results := make(chan error)
	for _, path := range []string{closed, silent} {
		go func() {
			_, err := Read(ctx, path, 1<<20)
			results <- err
		}()
	}
	<-opened
	cancel()
	for range 2 {
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
	// What may wait for a writer by now drops what it gets when one comes.
	w, err := os.OpenFile(closed, os.O_RDWR, 0) // which waits for nobody
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
}

func TestStreamsEndWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	defer w.Close()
	go func() { _, _ = w.Write([]byte("first")) }()
	in := Reader(ctx, r)
	got := make([]byte, 5)
	if _, err := io.ReadFull(in, got); err != nil || !bytes.Equal(got, []byte("first")) {
		t.Fatalf("%q, %v", got, err)
	}
	result := make(chan error)
	go func() {
		_, err := in.Read(got)
		result <- err
	}()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := ReadAll(ctx, r, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAppendMakesAFileForItsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	for range 2 {
		f, err := Append(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString("line\n")
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	info, statErr := os.Stat(path)
	if errors.Join(err, statErr) != nil || string(text) != "line\nline\n" || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v", text, info.Mode(), err)
	}
	if _, err := Append(filepath.Join(path, "no", "folder")); err == nil {
		t.Error("no error")
	}
}
