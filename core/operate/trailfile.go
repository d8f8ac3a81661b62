package operate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"holdfast/core/files"
)

// appendOnly opens the audit file, and makes it for its owner alone if there is none. It must be a regular file that only
// its owner can read and write, or a device that keeps what it is given; never a link, which another may have laid.
func appendOnly(path string) (*os.File, error) {
	info, err := os.Lstat(path) // before anything is opened: some devices act on that alone, and a pipe would block
	if err == nil {
		err = keeps(path, info)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil {
		err = keeps(path, info)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// keeps refuses what cannot be a trail.
func keeps(path string, info fs.FileInfo) error {
	kind := ""
	switch mode := info.Mode(); {
	case mode.IsRegular() && mode.Perm()&0o077 != 0:
		return fmt.Errorf("%s is accessible to others (mode %04o): run chmod 600 on it", path, mode.Perm())
	case mode.IsRegular():
		return nil
	case mode&fs.ModeSymlink != 0:
		kind = "a symbolic link"
	case mode.IsDir():
		kind = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a named pipe (FIFO)"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	case mode&fs.ModeCharDevice != 0:
		for _, hole := range []string{os.DevNull, "/dev/zero"} {
			if other, err := os.Stat(hole); err == nil && os.SameFile(info, other) {
				kind = "a device that keeps nothing"
			}
		}
	default:
		kind = "a device"
	}
	if kind == "" {
		return nil
	}
	return fmt.Errorf("%s is %s: %w", path, kind, files.ErrKind)
}
