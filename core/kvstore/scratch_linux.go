package kvstore

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ownFiles is where the files that a process has open can be linked from.
const ownFiles = "/proc/self/fd"

// unnamedFile opens a file of a folder's disk that no folder holds: errors.ErrUnsupported where there are no such files.
func unnamedFile(dir string) (*os.File, error) {
	if _, err := os.Stat(ownFiles); err != nil {
		return nil, errors.ErrUnsupported
	}
	for {
		fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
		switch err {
		case nil:
			return os.NewFile(uintptr(fd), dir+" (a file without a name)"), nil
		case unix.EINTR:
		case unix.EOPNOTSUPP, unix.EISDIR, unix.EINVAL:
			return nil, errors.ErrUnsupported
		default:
			return nil, &os.PathError{Op: "create a file in", Path: dir, Err: err}
		}
	}
}

// nameFile gives an unnamed file a name, which must be free.
func nameFile(f *os.File, path string) error {
	from := fmt.Sprintf("%s/%d", ownFiles, f.Fd())
	if err := unix.Linkat(unix.AT_FDCWD, from, unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW); err != nil {
		return &os.LinkError{Op: "link", Old: f.Name(), New: path, Err: err}
	}
	return nil
}
