// Package files opens files that a user named. Nothing in it waits past the end of a context, whatever stands under the
// name, and nothing reads without a limit.
package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// ErrKind: what stands under a name cannot be used as the file that is wanted there. ErrTooLarge: it holds more than was
// allowed.
var (
	ErrKind     = errors.New("not a file that can be used here")
	ErrTooLarge = errors.New("too large")
)

// Read returns what a file or a pipe holds: ErrTooLarge if that is more than limit bytes, the context's error if it
// ends before the other side of a pipe does, ErrKind for folders, sockets and devices. The null device is an empty file.
func Read(ctx context.Context, path string, limit int64) ([]byte, error) {
	f, err := Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := ReadAll(ctx, f, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}

// ReadAll reads a stream to its end: ErrTooLarge if that is more than limit bytes. Once it has returned the context's
// error, the stream may be read only by closing it.
func ReadAll(ctx context.Context, r io.Reader, limit int64) ([]byte, error) {
	text, err := await(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(r, limit+1)) }, nil)
	if err == nil && int64(len(text)) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return text, err
}

// Open opens a file or a pipe for reading; it and each Read end with the context. A regular file comes as an *os.File.
// Other kinds are ErrKind.
func Open(ctx context.Context, path string) (io.ReadCloser, error) {
	f, err := await(ctx, func() (*os.File, error) {
		if err := check(path, fs.ModeNamedPipe); err != nil {
			return nil, err
		}
		return os.Open(path) // of a pipe it returns when somebody opens the other end
	}, func(f *os.File) { f.Close() })
	if err != nil {
		return nil, named(path, err)
	}
	info, err := f.Stat()
	if err != nil || info.Mode().IsRegular() {
		return f, err
	}
	return stream{Reader(ctx, f), f}, nil
}

// Append opens a regular file to append to, and makes it for its owner alone if there is none. Any other kind is
// ErrKind.
func Append(path string) (*os.File, error) {
	if err := check(path, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// Without O_NONBLOCK a pipe that has come since would hold the opening.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = kindOf(path, info, 0)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

type stream struct {
	io.Reader
	io.Closer
}

// Reader makes each Read of a stream end with the context. After that the stream is not to be read by others.
func Reader(ctx context.Context, r io.Reader) io.Reader { return &reader{ctx: ctx, from: r} }

type reader struct {
	ctx  context.Context
	from io.Reader
	buf  []byte // of the Read that is left behind when the context ends
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if r.buf == nil {
		r.buf = make([]byte, 64<<10)
	}
	buf := r.buf[:min(len(p), len(r.buf))]
	n, err := await(r.ctx, func() (int, error) { return r.from.Read(buf) }, nil)
	return copy(p, buf[:n]), err
}

// await runs what may block for ever. When the context ends first it is left behind, and its late result dropped.
func await[T any](ctx context.Context, work func() (T, error), drop func(T)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	done := make(chan result, 1)
	go func() {
		value, err := work()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
	}
	if drop != nil {
		go func() {
			if r := <-done; r.err == nil {
				drop(r.value)
			}
		}()
	}
	return none, ctx.Err()
}

// check looks at what stands under a name before anything opens it: some devices act on that alone.
func check(path string, also fs.FileMode) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return kindOf(path, info, also)
}

// kindOf allows regular files and one more type. The null device can be read as an empty file, but not kept in.
func kindOf(path string, info fs.FileInfo, also fs.FileMode) error {
	kind := info.Mode().Type()
	if kind == 0 || kind == also {
		return nil
	}
	if null, err := os.Stat(os.DevNull); also != 0 && err == nil && os.SameFile(info, null) {
		return nil
	}
	name := "neither a file nor a pipe"
	switch {
	case kind&fs.ModeDir != 0:
		name = "a directory"
	case kind&fs.ModeNamedPipe != 0:
		name = "a named pipe (FIFO)"
	case kind&fs.ModeSocket != 0:
		name = "a socket"
	case kind&fs.ModeDevice != 0:
		name = "a device"
	}
	return fmt.Errorf("%s is %s: %w", path, name, ErrKind)
}

// named says which file it is where the error does not.
func named(path string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", path, err)
	}
	return err
}
