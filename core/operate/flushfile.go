package operate

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"holdfast/core/files"
)

// Errors of writing a batch. The batch is untouched.
var (
	ErrFileExists = errors.New("the file exists with other content: move it away first")
	ErrTorn       = errors.New("the batch changed while it was read")
)

// writeBatch writes a batch as JSON Lines. The file gets its name only when it is whole and on the disk; one that has
// that name already must hold the same.
func (o *Operator) writeBatch(ctx context.Context, store string, at, count int64) (path string, err error) {
	dir, name := o.opts.FlushDir, fmt.Sprintf("%s-%d.jsonl", fileName(store), at)
	if err := o.makeDir(dir); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, "."+name+".*"+tempSuffix)
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name()) // after publish only a second name, or none
	defer f.Close()
	if err := o.copyBatch(ctx, f, store, at, count); err != nil {
		return "", err
	}
	if err := o.sync(f); err != nil {
		return "", err
	}
	path = filepath.Join(dir, name)
	if err := publish(f, path); err != nil {
		return "", err
	}
	sweep(dir, "."+name+".")
	// Under the name may be the file of an earlier flush, which was not synced if it crashed.
	return path, errors.Join(o.syncName(path), o.syncName(dir))
}

const tempSuffix = ".tmp"

// publish gives a written file its name unless that is taken by other content. A link never replaces anything, as a
// rename would; where the file system has none, the name was free a moment ago.
func publish(written *os.File, path string) error {
	err := os.Link(written.Name(), path)
	if err != nil && !errors.Is(err, os.ErrExist) {
		return os.Rename(written.Name(), path)
	}
	if err == nil {
		return nil
	}
	same, err := sameContent(written, path)
	if err == nil && !same {
		err = fmt.Errorf("%s: %w", path, ErrFileExists)
	}
	return err
}

// sweep removes what earlier attempts at the same file left when they were killed, as far as it may.
func sweep(dir, prefix string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), prefix)
		number, temp := strings.CutSuffix(number, tempSuffix)
		if ours && temp && strings.Trim(number, "0123456789") == "" {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

func (o *Operator) copyBatch(ctx context.Context, to io.Writer, store string, at, count int64) error {
	w := bufio.NewWriterSize(to, 1<<16)
	written := int64(0)
	for record, err := range o.core.Buffers.Records(ctx, store, at) {
		if err != nil {
			return err
		}
		if err := writeLine(w, record); err != nil {
			return err
		}
		written++
	}
	if written != count {
		return ErrTorn
	}
	return w.Flush()
}

// writeLine writes one record on one line: JSON without its white space, other text as a JSON string, and what is not
// UTF-8 as {"base64": "..."}. JSON keeps its bytes, also those that a terminal acts on or hides: programs read the file, some of
// them by digests, and what they push again must be what was there. What is spelled here is safe to show.
func writeLine(w *bufio.Writer, record []byte) error {
	var line bytes.Buffer
	if utf8.Valid(record) && json.Compact(&line, record) == nil {
		line.WriteByte('\n')
	} else {
		line.Reset()
		enc := json.NewEncoder(&line)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(text(record)); err != nil {
			return err
		}
		_, err := w.Write(files.ShowJSON(line.Bytes()))
		return err
	}
	_, err := w.Write(line.Bytes())
	return err
}

// sameContent compares what was written with what stands at path.
func sameContent(written *os.File, path string) (bool, error) {
	old, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer old.Close()
	if _, err := written.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	a, err := digest(old)
	if err != nil {
		return false, err
	}
	b, err := digest(written)
	return a == b, err
}

func digest(r io.Reader) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	_, err = io.Copy(h, r)
	h.Sum(sum[:0])
	return sum, err
}

// makeDir makes a folder and its missing parents, each on the disk before it is used.
func (o *Operator) makeDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	parent := filepath.Dir(dir)
	if errors.Is(err, os.ErrNotExist) && parent != dir {
		if err := o.makeDir(parent); err != nil {
			return err
		}
		err = os.Mkdir(dir, 0o700)
	}
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return o.syncName(parent)
}

// syncName puts a file or folder on the disk.
func (o *Operator) syncName(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(o.sync(d), d.Close())
}

// fileName makes a store's name a file name that no two stores share: what is not a letter, a digit or one of -_ is
// percent-encoded, and a name too long for a file ends in its digest.
func fileName(store string) string {
	var b strings.Builder
	for i := range len(store) {
		c := store[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if name := b.String(); len(name) <= 180 {
		return name
	}
	return fmt.Sprintf("%s~%x", b.String()[:100], sha256.Sum256([]byte(store)))
}
