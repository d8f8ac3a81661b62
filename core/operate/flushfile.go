package operate

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Errors of writing a batch. The batch is untouched.
var (
	ErrFileExists = errors.New("the file exists with other content: move it away first")
	ErrTorn       = errors.New("the batch changed while it was read")
)

// writeBatch writes a batch as JSON Lines. The file appears under its name only when it is whole and on the disk; one
// that is there already must hold the same.
func (o *Operator) writeBatch(ctx context.Context, store string, at, count int64) (path string, err error) {
	if err := os.MkdirAll(o.opts.FlushDir, 0o700); err != nil {
		return "", err
	}
	path = filepath.Join(o.opts.FlushDir, fmt.Sprintf("%s-%d.jsonl", fileName(store), at))
	f, err := os.CreateTemp(o.opts.FlushDir, ".flush-*.tmp")
	if err != nil {
		return "", err
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err := o.copyBatch(ctx, f, store, at, count); err != nil {
		return "", err
	}
	if err := f.Sync(); err != nil {
		return "", err
	}
	same, err := sameFile(f, path)
	if err != nil {
		return "", err
	}
	if !same {
		return "", fmt.Errorf("%s: %w", path, ErrFileExists)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return "", err
	}
	return path, syncDir(o.opts.FlushDir)
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

// writeLine writes one record on one line: JSON without its line breaks, anything else as a JSON string or base64.
func writeLine(w *bufio.Writer, record []byte) error {
	var line bytes.Buffer
	if json.Compact(&line, record) != nil {
		line.Reset()
		var v any = string(record)
		if !utf8.Valid(record) {
			v = map[string]string{"base64": base64.StdEncoding.EncodeToString(record)}
		}
		if err := json.NewEncoder(&line).Encode(v); err != nil {
			return err
		}
	} else {
		line.WriteByte('\n')
	}
	_, err := w.Write(line.Bytes())
	return err
}

// sameFile compares what was written with what stands at path; nothing there counts as the same.
func sameFile(written *os.File, path string) (bool, error) {
	old, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
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

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
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
