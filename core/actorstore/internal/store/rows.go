package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore/internal/sentinel"
	"holdfast/core/conn"
	"holdfast/core/kind"
)

// What the rows of actors and workers share.

// Documents are the keys of one kind: a prefix, and behind it the id of the row.
type Documents struct {
	C      redis.UniversalClient
	Type   string // "actor" or "worker"
	Prefix string
}

// Patterns are the SCAN patterns of the keys.
func (d Documents) Patterns() []string { return []string{conn.EscapeGlob(d.Prefix) + "*"} }

// Identify tells which row a key belongs to. A foreign key under the prefix is a row, too.
func (d Documents) Identify(key string) (id string, ok bool) { return strings.CutPrefix(key, d.Prefix) }

// Keys are the raw keys of a row.
func (d Documents) Keys(id string) []string { return []string{d.Prefix + id} }

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

// ReadAs fetches rows and lets decode set their columns; missing ones are omitted.
func (d Documents) ReadAs(ctx context.Context, op string, schema *kind.Schema, ids []string, decode func(b *kind.Builder, id, doc string) error) ([]kind.Row, error) {
	keys := keysOf(d.Prefix, ids)
	docs, err := conn.Heads(ctx, d.C, keys)
	if err != nil {
		return nil, conn.Fail(op, "", err)
	}
	b := schema.Builder(len(ids))
	for i, doc := range docs {
		if !doc.Found && doc.Err == nil {
			continue
		}
		b.Row(ids[i])
		err := sentinel.AsRecord(doc.Err)
		if err == nil {
			err = decode(b, ids[i], doc.Text)
		}
		if err != nil {
			b.Bad(conn.Fail(op, keys[i], err))
		}
	}
	return b.Rows(), nil
}

// Inspect reads a row's raw document.
func Inspect(ctx context.Context, c redis.UniversalClient, op, key string) (body []byte, found bool, err error) {
	doc, err := Fetch(ctx, c, key)
	if err == sentinel.ErrNotFound {
		return nil, false, nil
	}
	return []byte(doc), err == nil, conn.Fail(op, key, err)
}

// LoadAs reads a row's raw document and its version.
func (d Documents) LoadAs(ctx context.Context, op, id string, versionOf func(doc string) (int64, error)) (body []byte, version int64, err error) {
	doc, err := Fetch(ctx, d.C, d.Prefix+id)
	if err == nil {
		version, err = versionOf(doc)
	}
	if err != nil {
		return nil, 0, conn.Fail(op, d.Prefix+id, err)
	}
	return []byte(doc), version, nil
}

// Loader is Load of a kind.
type Loader func(ctx context.Context, id string) (body []byte, version int64, err error)

// KeepAs is a Loader for a row that is to be removed: back stores it again as it was, if nobody has made one since.
func (d Documents) KeepAs(ctx context.Context, op, id string, load Loader) (body []byte, version int64, back func(context.Context) error, err error) {
	ends, err := deadline(ctx, d.C, d.Prefix+id)
	if err != nil {
		return nil, 0, nil, conn.Fail(op, d.Prefix+id, err)
	}
	body, version, err = load(ctx, id)
	return body, version, func(ctx context.Context) error {
		return conn.Fail(op, d.Prefix+id, putBack(ctx, d.C, d.Type, d.Prefix+id, body, ends))
	}, err
}

// Compact strips an edited document of the white space of its layout; every token stays as it was typed.
func Compact(body []byte) (string, error) {
	var out bytes.Buffer
	if err := json.Compact(&out, body); err != nil {
		return "", fmt.Errorf("%w: not JSON: %w", sentinel.ErrInvalid, err)
	}
	return out.String(), nil
}

// Decimal is a version as an argument.
func Decimal(version int64) string { return strconv.FormatInt(version, 10) }
