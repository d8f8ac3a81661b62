package kvstore

import (
	"errors"
	"os"
)

// Scratch is a temporary file. It has no name if the system allows that, so that nothing is left of it however the
// process ends; otherwise Close removes it.
type Scratch struct {
	*os.File
	named bool
}

// CreateScratch opens a new file in dir ("": the system's folder for such); where it needs a name, that begins with prefix.
func CreateScratch(dir, prefix string) (*Scratch, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	f, err := unnamedFile(dir)
	if err == nil {
		return &Scratch{File: f}, nil
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		return nil, err
	}
	if f, err = CreateTempFile(dir, prefix); err != nil {
		return nil, err
	}
	return &Scratch{f, true}, nil
}

// Close frees the file.
func (s *Scratch) Close() error {
	err := s.File.Close()
	if s.named {
		err = errors.Join(err, os.Remove(s.Name()))
	}
	return err
}

// keep gives the file a name that must be free (os.ErrExist), all at once.
func (s *Scratch) keep(path string) error {
	if s.named {
		return os.Link(s.Name(), path) // unlike a rename, it refuses a name that somebody took meanwhile
	}
	return nameFile(s.File, path)
}
