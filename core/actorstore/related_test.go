package actorstore_test

import (
	"slices"
	"testing"

	"holdfast/core/actorstore"
)

func TestActorsNameTheDocumentsBesideThem(t *testing.T) {
	for _, tc := range []struct {
		prefix, id, doc string
		want            []string
	}{
		{"actor:", "a1", `{"actorId":"a1","actorTemplateNamespace":"tns","actorTemplateName":"tmpl","lastSnapshot":"gs://b/s"}`, nil},
		{"actor:", "sp:a1", metadataActor, []string{"atespace:sp", "actor-template:tns:tmpl"}},
		{"actor:", "sp:a2", stateActor, []string{"atespace:sp", "actor-template:sp:t2"}},
		{"app:actor:", "sp:a2", stateActor, []string{"app:atespace:sp", "app:actor-template:sp:t2"}},
		{"actor:", "sp:a1", `{"actorId":"a1"}`, []string{"atespace:sp"}},
		{"actor:", "sp:a1", `{"metadata":{"atespace":"sp","name":"a1"},"latestSnapshot":{"atespace":"sp","name":"s1"},
			"sourceSnapshotTag":{"atespace":"other","name":"t1"},"status":{"state":"ACTOR_STATE_PAUSED",
			"workerAssignment":{"worker":{"name":"w"}},"externalSnapshot":{"snapshot":{"name":"s2"},"uri":"gs://b"}}}`,
			[]string{"atespace:sp", "actor-snapshot:sp:s1", "actor-snapshot-tag:other:t1", "actor-snapshot:sp:s2"}},
		{"actor:", "sp:a1", `{"metadata"`, nil},
	} {
		got := actorstore.NewActorRows(nil, tc.prefix).Related(tc.id, []byte(tc.doc))
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s names %q, want %q", tc.doc, got, tc.want)
		}
	}
}
