package actorstore_test

import (
	"errors"
	"testing"

	"holdfast/core/actorstore"
	"holdfast/internal/redistest"
)

// The documents beside actors are rows of their own, whoever names them: by their keys, under the prefix of their actors.
func TestDocumentsBesideActorsAreListed(t *testing.T) {
	c := redistest.Single(t)
	for _, at := range []string{"", "app:"} {
		rows := actorstore.NewDocumentRows(c, at+"actor:")
		for key, want := range map[string]struct {
			id, typ, space, name string
			version              int64
		}{
			"atespace:sp":              {"atespace:sp", "atespace", "sp", "sp", 4},
			"actor-template:sp:t1":     {"actor-template:sp:t1", "actor-template", "sp", "t1", 4},
			"actor-snapshot:sp:s":      {"actor-snapshot:sp:s", "actor-snapshot", "sp", "s", 4},
			"actor-snapshot-tag:sp:v1": {"actor-snapshot-tag:sp:v1", "actor-snapshot-tag", "sp", "v1", 4},
		} {
			must(t, c.Set(ctx, at+key, `{"other":[1,{}],"metadata":{"name":"x","version":"4"}}`, 0).Err())
			id, ours := rows.Identify(at + key)
			if !ours || id != want.id || rows.Keys(id)[0] != at+key {
				t.Errorf("%s is the row %q, %t", at+key, id, ours)
			}
			read, err := rows.Read(ctx, []string{id, "atespace:missing"})
			must(t, err)
			if len(read) != 1 {
				t.Fatalf("%s: %d rows", key, len(read))
			}
			d := actorstore.DocumentColumns
			if r := read[0]; d.Type.Of(r) != want.typ || d.Atespace.Of(r) != want.space || d.Name.Of(r) != want.name ||
				d.Version.Of(r) != want.version || d.Bytes.Of(r) != 54 {
				t.Errorf("%s: %s %s %s version %d, %d bytes", key, d.Type.Of(r), d.Atespace.Of(r), d.Name.Of(r), d.Version.Of(r), d.Bytes.Of(r))
			}
			must(t, c.Set(ctx, at+key, `{"metadata"`, 0).Err())
			if read, err = rows.Read(ctx, []string{id}); err != nil || len(read) != 1 || !errors.Is(read[0].Problem(), actorstore.ErrBadRecord) {
				t.Errorf("half a document: %v, %v", read, err)
			}
		}
	}
	for _, key := range []string{"actor:a1", "worker:x", "actor-other:x", "atespaces:x"} {
		if id, ours := actorstore.NewDocumentRows(c, "actor:").Identify(key); ours {
			t.Errorf("%s is the row %q", key, id)
		}
	}
}
