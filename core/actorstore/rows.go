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

// problem is what is wrong with one row; a pointer, so that a million good rows spend one word on it.
type problem = *conn.OpError

// sameProblem compares by text, since each read makes its errors anew.
func sameProblem(a, b problem) bool {
	return a == b || a != nil && b != nil && a.Error() == b.Error()
}

func keysOf(prefix string, ids []string) []string {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = prefix + id
	}
	return keys
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

// rowBuilder makes rows of documents. Texts that rows share are kept once, and no row pins its document.
type rowBuilder struct {
	shared  map[string]string
	mores   map[workerMore]*workerMore
	scratch []byte
}

func newRowBuilder() *rowBuilder { return &rowBuilder{shared: make(map[string]string)} }

// more is one for all workers of which it says the same; nil says nothing.
func (b *rowBuilder) more(state, unread string) *workerMore {
	if state == "" && unread == "" {
		return nil
	}
	key := workerMore{state: state, unread: unread}
	if m, ok := b.mores[key]; ok {
		return m
	}
	if b.mores == nil {
		b.mores = make(map[workerMore]*workerMore)
	}
	key = workerMore{state: strings.Clone(state), unread: strings.Clone(unread)}
	b.mores[key] = &key
	return &key
}

// own joins parts to a text of one row.
func (b *rowBuilder) own(parts ...string) string { return string(b.join(parts)) }

// share joins parts to a text that many rows have.
func (b *rowBuilder) share(parts ...string) string {
	b.join(parts)
	if s, ok := b.shared[string(b.scratch)]; ok {
		return s
	}
	s := string(b.scratch)
	b.shared[s] = s
	return s
}

func (b *rowBuilder) join(parts []string) []byte {
	b.scratch = b.scratch[:0]
	for _, p := range parts {
		b.scratch = append(b.scratch, p...)
	}
	return b.scratch
}

func decimal(version int64) string { return strconv.FormatInt(version, 10) }
