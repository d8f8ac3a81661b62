package anykey

import (
	"context"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

var fieldSchema = kind.NewSchema()

var fieldValue = fieldSchema.Bytes("value")

// FieldRows reads fields of hashes one by one, for edits.
type FieldRows struct{ c redis.UniversalClient }

// NewFields reads fields with a client.
func NewFields(c redis.UniversalClient) *FieldRows { return &FieldRows{c} }

// Kind of the fields. None of its rows is found by a pass over the keyspace.
func (f *FieldRows) Kind() kind.Kind {
	return kind.Kind{Name: Fields, Schema: fieldSchema, Source: f, Documents: fieldDocs(f.c)}
}

// Patterns are none.
func (f *FieldRows) Patterns() []string { return nil }

// Identify finds none.
func (f *FieldRows) Identify(string) (string, bool) { return "", false }

// Keys is the hash of a field.
func (f *FieldRows) Keys(id string) []string {
	key, _, err := FieldOf(id)
	if err != nil {
		return nil
	}
	return []string{key}
}

// Read reads fields one by one.
func (f *FieldRows) Read(ctx context.Context, ids []string) ([]kind.Row, error) {
	b := fieldSchema.Builder(len(ids))
	for _, id := range ids {
		body, found, err := f.Inspect(ctx, id)
		if conn.NoAnswer(err) {
			return nil, err
		}
		if !found && err == nil {
			continue
		}
		b.Row(id)
		fieldValue.Set(b, body)
		b.Bad(err)
	}
	return b.Rows(), nil
}

// Inspect reads a field whole.
func (f *FieldRows) Inspect(ctx context.Context, id string) ([]byte, bool, error) {
	key, field, err := FieldOf(id)
	if err != nil {
		return nil, false, err
	}
	n, err := conn.Ask(ctx, f.c, redis.NewIntCmd(ctx, "hstrlen", key, field))
	if err == nil && n > maxEdited {
		err = conn.TooLarge(n)
	}
	if err != nil {
		return nil, false, conn.Fail("anykey: read", id, err)
	}
	body, err := conn.Ask(ctx, f.c, redis.NewStringCmd(ctx, "hget", key, field))
	if err == redis.Nil {
		return nil, false, nil
	}
	return []byte(body), err == nil, conn.Fail("anykey: read", id, err)
}
