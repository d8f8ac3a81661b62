package actorstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore/internal/protojson"
	"holdfast/core/actorstore/internal/store"
	"holdfast/core/conn"
	"holdfast/core/kind"
)

var documentSchema = kind.NewSchema(ErrBadRecord, conn.ErrTooLarge)

// DocumentColumns are the columns of a document that the newer writers keep beside actors and workers, see related.go. Its ID
// is the key behind what stands before the prefixes of all keys: "atespace:sp", "actor-template:sp:t1".
var DocumentColumns = struct {
	Type     kind.Text // atespace, actor-template, actor-snapshot or actor-snapshot-tag
	Atespace kind.Text
	Name     kind.Text // that of the atespace itself, too
	Version  kind.Int  // 0 where the document names none
	Bytes    kind.Int
}{
	Type: documentSchema.Word("type"), Atespace: documentSchema.Word("atespace"), Name: documentSchema.Text("name"),
	Version: documentSchema.Int("version"), Bytes: documentSchema.Int("bytes"),
}

// documentTypes are what the keys of such documents begin with.
var documentTypes = []string{"atespace:", "actor-template:", "actor-snapshot:", "actor-snapshot-tag:"}

// DocumentRows reads these documents. They are shown as they are stored, and never written.
type DocumentRows struct{ documents }

// NewDocumentRows reads the documents beside the actors under prefix: those of "app:actor:" are "app:atespace:sp" and so on.
func NewDocumentRows(c redis.UniversalClient, prefix string) *DocumentRows {
	return &DocumentRows{documents{C: c, Type: "document", Prefix: base(prefix)}}
}

// base is what stands before the prefixes of all keys.
func base(prefix string) string { return strings.TrimSuffix(prefix, "actor:") }

// Kind is the kind "documents".
func (r *DocumentRows) Kind() kind.Kind {
	return kind.Kind{Name: "documents", Schema: documentSchema, Source: r}
}

// Patterns are the SCAN patterns of the keys.
func (r *DocumentRows) Patterns() []string {
	out := make([]string, len(documentTypes))
	for i, typ := range documentTypes {
		out[i] = conn.EscapeGlob(r.Prefix+typ) + "*"
	}
	return out
}

// Identify tells which row a key belongs to.
func (r *DocumentRows) Identify(key string) (id string, ok bool) {
	id, ok = r.documents.Identify(key)
	return id, ok && slices.ContainsFunc(documentTypes, func(typ string) bool { return strings.HasPrefix(id, typ) })
}

// Read reads rows of DocumentColumns; missing ones are omitted.
func (r *DocumentRows) Read(ctx context.Context, ids []string) ([]kind.Row, error) {
	return r.ReadAs(ctx, "actorstore: read document", documentSchema, ids, setDocument)
}

// Inspect reads the raw document.
func (r *DocumentRows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	return store.Inspect(ctx, r.C, "actorstore: inspect document", r.Prefix+id)
}

// setDocument sets the columns of the document stored under an id. Whose it is, its key tells.
func setDocument(b *kind.Builder, id, doc string) error {
	var m metadata
	s := protojson.Scanner{Text: doc}
	for s.Enter('{'); s.More('}'); {
		if s.Name() == "metadata" && s.Peek() == '{' {
			m = readMetadata(&s)
		} else {
			s.Skip(1)
		}
	}
	if err := s.Finish(); err != nil {
		return fmt.Errorf("%w: %w", ErrBadRecord, err)
	}
	typ, name, _ := strings.Cut(id, ":")
	space, inner, within := strings.Cut(name, ":")
	if within {
		name = inner
	}
	c := &DocumentColumns
	c.Type.Set(b, typ)
	c.Atespace.Set(b, space)
	c.Name.Set(b, name)
	c.Version.Set(b, m.version)
	c.Bytes.Set(b, int64(len(doc)))
	return nil
}
