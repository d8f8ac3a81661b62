package kvstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// NewSnapshotStream encodes what an iterator walks as a snapshot while it is read, so that a snapshot costs the memory
// of its largest pair. The iterator must show one moment, sorted; Close closes it.
func NewSnapshotStream(h SnapshotHeader, it Iterator) io.ReadCloser {
	s := &snapshotStream{it: it}
	s.w, s.err = NewSnapshotWriter(&s.buf, h)
	return s
}

const streamChunk = 64 << 10

type snapshotStream struct {
	it  Iterator
	w   *SnapshotWriter
	buf bytes.Buffer
	err error // returned when buf is empty; io.EOF after the trailer
}

func (s *snapshotStream) Read(p []byte) (int, error) {
	for s.buf.Len() < streamChunk && s.err == nil {
		s.err = s.fill()
	}
	if errors.Is(s.err, ErrClosed) || errors.Is(s.err, ErrStale) || s.buf.Len() == 0 {
		return 0, s.err // a stale stream says so at once, not after what was buffered
	}
	return s.buf.Read(p)
}

func (s *snapshotStream) fill() error {
	if s.it.HasNext() {
		return s.w.Add(s.it.Next())
	}
	if err := s.it.Err(); err != nil {
		return err // without a trailer: what was read so far is no snapshot
	}
	if err := s.w.Close(); err != nil {
		return err
	}
	return io.EOF
}

func (s *snapshotStream) Close() error {
	if s.err == nil || s.err == io.EOF {
		s.err = ErrClosed
	}
	return s.it.Close()
}

// VerifiedSnapshot is a snapshot all of which was read and found in order; it stands at its first pair.
type VerifiedSnapshot struct {
	*SnapshotReader
	Pairs uint64 // how many there are
	file  io.ReadSeekCloser
}

// OpenSnapshot spools a stream into a temporary file in dir ("": the system's), verifies all of it and returns a reader
// at its start. Errors: ErrSnapshot, ErrVersion, or the stream's own failure. The caller closes the result; the stream
// stays open.
func OpenSnapshot(r io.Reader, dir string) (*VerifiedSnapshot, error) {
	f, err := CreateScratch(dir, "snapshot-")
	if err != nil {
		return nil, err
	}
	v := &VerifiedSnapshot{file: f}
	if err := v.verify(io.TeeReader(r, f)); err != nil {
		v.Close()
		return nil, err
	}
	return v, nil
}

// OpenSnapshotFile verifies the whole of a snapshot file and returns a reader at its start. It reads the file twice: if
// somebody changes it in between, Next says so at the end at the latest.
func OpenSnapshotFile(path string) (*VerifiedSnapshot, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	v := &VerifiedSnapshot{file: f}
	if err := v.verify(f); err != nil {
		v.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

func (v *VerifiedSnapshot) verify(r io.Reader) error {
	s, err := NewSnapshotReader(r)
	if err != nil {
		return err
	}
	for err == nil {
		_, err = s.Next()
	}
	if err != io.EOF {
		return err
	}
	v.Pairs = s.count
	if _, err := v.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	v.SnapshotReader, err = NewSnapshotReader(v.file)
	return err
}

// Close frees the file.
func (v *VerifiedSnapshot) Close() error { return v.file.Close() }
