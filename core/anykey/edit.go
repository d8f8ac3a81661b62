package anykey

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/layout"
)

// maxEdited is the largest text that is edited.
const maxEdited = 8 << 20

var (
	errByField = errors.New("a hash is edited field by field")
	errNoEdit  = errors.New("only strings and fields of hashes can be edited")
	errAsSeen  = errors.New("a key is deleted as it was seen")
	errFieldID = errors.New("this names no field")
)

// FieldID is the ID of a field of a hash in the kind Fields.
func FieldID(key, field string) string { return escape(key) + "#" + escape(field) }

// FieldOf undoes FieldID.
func FieldOf(id string) (key, field string, err error) {
	k, f, is := strings.Cut(id, "#")
	if !is {
		return "", "", errFieldID
	}
	return unescape(k), unescape(f), nil
}

var (
	escaper   = strings.NewReplacer("%", "%25", "#", "%23")
	unescaper = strings.NewReplacer("%25", "%", "%23", "#")
)

func escape(name string) string   { return escaper.Replace(name) }
func unescape(text string) string { return unescaper.Replace(text) }

// fingerprint is the version of what has none.
func fingerprint(body string) int64 {
	sum := sha256.Sum256([]byte(body))
	return int64(binary.BigEndian.Uint64(sum[:]) >> 1)
}

// document is what an edit reads and sets. Its version is a fingerprint of its content, and the content itself is compared as
// it is set.
type document struct {
	size redis.Cmder // of its text
	get  *redis.StringCmd
	put  func(ctx context.Context, seen, body string) error
}

// load reads a document, unless it is too large.
func load(ctx context.Context, c redis.UniversalClient, d document) (string, error) {
	n, err := conn.Ask(ctx, c, redis.NewIntCmd(ctx, d.size.Args()...))
	if err == nil && n > maxEdited {
		err = conn.TooLarge(n)
	}
	if err != nil {
		return "", err
	}
	body, err := conn.Ask(ctx, c, d.get)
	if err == redis.Nil {
		err = layout.ErrGone
	}
	return body, err
}

// docs are documents by ID.
type docs struct {
	c  redis.UniversalClient
	of func(ctx context.Context, id string) (document, error)
}

// Condition says when an edit is made.
func (d docs) Condition(string, int64) string { return "if its content is still the one shown" }

// Load reads a document: layout.ErrGone, conn.ErrTooLarge.
func (d docs) Load(ctx context.Context, id string) ([]byte, int64, error) {
	doc, err := d.of(ctx, id)
	body := ""
	if err == nil {
		body, err = load(ctx, d.c, doc)
	}
	if err != nil {
		return nil, 0, conn.Fail("anykey: load", id, err)
	}
	return []byte(body), fingerprint(body), nil
}

// Replace sets a document if its content is still that of the version: layout.ErrChanged, layout.ErrGone. Every life stays.
func (d docs) Replace(ctx context.Context, id string, version int64, body []byte) (int64, error) {
	doc, err := d.of(conn.WithoutDoubt(ctx), id)
	if err == nil {
		var seen string
		if seen, err = load(conn.WithoutDoubt(ctx), d.c, doc); err == nil && fingerprint(seen) != version {
			err = layout.ErrChanged
		}
		if err == nil {
			err = doc.put(ctx, seen, string(body))
		}
	}
	if err != nil {
		return 0, conn.Fail("anykey: replace", id, err)
	}
	return fingerprint(string(body)), nil
}

// Remove is refused: a key is deleted as it was seen, with all that it holds.
func (d docs) Remove(context.Context, string, int64) error { return errAsSeen }

// Keep is refused as Remove is.
func (d docs) Keep(context.Context, string) ([]byte, int64, func(context.Context) error, error) {
	return nil, 0, nil, errAsSeen
}

// stringDocs edits strings.
func stringDocs(c redis.UniversalClient) kind.Documents {
	return docs{c, func(ctx context.Context, key string) (document, error) {
		typ, err := conn.Ask(ctx, c, redis.NewStatusCmd(ctx, "type", key))
		switch {
		case err != nil && !conn.Refused(err):
			return document{}, err
		case typ == "none":
			return document{}, layout.ErrGone
		case typ == "hash":
			return document{}, errByField
		case err == nil && typ != "string":
			return document{}, fmt.Errorf("a %s: %w", typ, errNoEdit)
		}
		return document{
			size: redis.NewIntCmd(ctx, "strlen", key), get: redis.NewStringCmd(ctx, "get", key),
			put: func(ctx context.Context, seen, body string) error { return layout.PutString(ctx, c, key, seen, body) },
		}, nil
	}}
}

// fieldDocs edits fields of hashes.
func fieldDocs(c redis.UniversalClient) kind.Documents {
	return docs{c, func(ctx context.Context, id string) (document, error) {
		key, field, err := FieldOf(id)
		return document{
			size: redis.NewIntCmd(ctx, "hstrlen", key, field), get: redis.NewStringCmd(ctx, "hget", key, field),
			put: func(ctx context.Context, seen, body string) error {
				return layout.PutField(ctx, c, key, field, seen, body)
			},
		}, err
	}}
}
