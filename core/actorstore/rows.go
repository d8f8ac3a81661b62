package actorstore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// What the rows of actors and workers share.

// documents are the keys of one kind: a prefix, and behind it the id of the row.
type documents struct {
	c      redis.UniversalClient
	kind   string // "actor" or "worker"
	prefix string
}

// Patterns are the SCAN patterns of the keys.
func (d documents) Patterns() []string { return []string{conn.EscapeGlob(d.prefix) + "*"} }

// Identify tells which row a key belongs to. A foreign key under the prefix is a row, too.
func (d documents) Identify(key string) (id string, ok bool) { return strings.CutPrefix(key, d.prefix) }

// Keys are the raw keys of a row.
func (d documents) Keys(id string) []string { return []string{d.prefix + id} }

// keysOf are the keys of rows, as parts of one text.
func keysOf(prefix string, ids []string) []string {
	size := len(prefix) * len(ids)
	for _, id := range ids {
		size += len(id)
	}
	var all strings.Builder
	all.Grow(size)
	for _, id := range ids {
		all.WriteString(prefix)
		all.WriteString(id)
	}
	keys, rest := make([]string, len(ids)), all.String()
	for i, id := range ids {
		n := len(prefix) + len(id)
		keys[i], rest = rest[:n], rest[n:]
	}
	return keys
}

// read fetches rows and lets decode set their columns; missing ones are omitted.
func (d documents) read(ctx context.Context, op string, schema *kind.Schema, ids []string, decode func(b *kind.Builder, id, doc string) error) ([]kind.Row, error) {
	keys := keysOf(d.prefix, ids)
	docs, err := conn.Heads(ctx, d.c, keys)
	if err != nil {
		return nil, conn.Fail(op, "", err)
	}
	b := schema.Builder(len(ids))
	for i, doc := range docs {
		if !doc.Found && doc.Err == nil {
			continue
		}
		b.Row(ids[i])
		err := asRecord(doc.Err)
		if err == nil {
			err = decode(b, ids[i], doc.Text)
		}
		if err != nil {
			b.Bad(conn.Fail(op, keys[i], err))
		}
	}
	return b.Rows(), nil
}

// inspect reads a row's raw document.
func inspect(ctx context.Context, c redis.UniversalClient, op, key string) (body []byte, found bool, err error) {
	doc, err := fetch(ctx, c, key)
	if err == ErrNotFound {
		return nil, false, nil
	}
	return []byte(doc), err == nil, conn.Fail(op, key, err)
}

// load reads a row's raw document and its version.
func (d documents) load(ctx context.Context, op, id string, versionOf func(doc string) (int64, error)) (body []byte, version int64, err error) {
	doc, err := fetch(ctx, d.c, d.prefix+id)
	if err == nil {
		version, err = versionOf(doc)
	}
	if err != nil {
		return nil, 0, conn.Fail(op, d.prefix+id, err)
	}
	return []byte(doc), version, nil
}

// loader is Load of a kind.
type loader func(ctx context.Context, id string) (body []byte, version int64, err error)

// keep is a loader for a row that is to be removed: back stores it again as it was, if nobody has made one since.
func (d documents) keep(ctx context.Context, op, id string, load loader) (body []byte, version int64, back func(context.Context) error, err error) {
	ends, err := deadline(ctx, d.c, d.prefix+id)
	if err != nil {
		return nil, 0, nil, conn.Fail(op, d.prefix+id, err)
	}
	body, version, err = load(ctx, id)
	return body, version, func(ctx context.Context) error {
		return conn.Fail(op, d.prefix+id, putBack(ctx, d.c, d.kind, d.prefix+id, body, ends))
	}, err
}

// compact strips an edited document of the white space of its layout; every token stays as it was typed.
func compact(body []byte) (string, error) {
	var out bytes.Buffer
	if err := json.Compact(&out, body); err != nil {
		return "", fmt.Errorf("%w: not JSON: %w", ErrInvalid, err)
	}
	return out.String(), nil
}

func decimal(version int64) string { return strconv.FormatInt(version, 10) }
