package operate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

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
		return fmt.Errorf("%s can be read or written by others (mode %04o): take that from them with chmod 600", path, mode.Perm())
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

// escaped spells the characters of a JSON text that a terminal acts on or does not show as JSON allows (\uXXXX): somebody
// will read the file with cat. They can stand in strings alone.
func escaped(line []byte) []byte {
	var b strings.Builder
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRune(line[i:])
		switch {
		case r < utf8.RuneSelf || !hidden(r):
			b.Write(line[i : i+size])
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += size
	}
	return []byte(b.String())
}

// hidden tells characters that change how others are shown, or are not seen: C1 controls, bidi and other formats, line and
// paragraph separators, unusual spaces, variation selectors, fillers and marks that pile up.
func hidden(r rune) bool {
	return !unicode.IsPrint(r) || unicode.In(r, unicode.Mn, unicode.Me, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) ||
		r == 0x2800 // a blank of Braille
}
