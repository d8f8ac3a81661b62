package core_test

import (
	"testing"

	"holdfast/core"
	"holdfast/core/conn"
)

// The documents that an actor of a newer writer names come with it, wherever their slots are; what is not there or no
// document is told as such.
func TestAnActorComesWithTheDocumentsThatItNames(t *testing.T) {
	each(t, func(t *testing.T, o conn.Options) {
		c := open(t, core.Options{Conn: o})
		for key, doc := range map[string]string{
			"actor:sp:a1": `{"metadata":{"atespace":"sp","name":"a1"},"actorTemplate":{"atespace":"sp","name":"t1"},` +
				`"latestSnapshot":{"atespace":"sp","name":"s1"},"sourceSnapshotTag":{"name":"gone"}}`,
			"atespace:sp":          `{"metadata":{"name":"sp"}}`,
			"actor-template:sp:t1": `{"metadata":{"atespace":"sp","name":"t1"}}`,
		} {
			ok(t, c.Conn.Set(ctx, key, doc, 0).Err())
		}
		ok(t, c.Conn.RPush(ctx, "actor-snapshot:sp:s1", "no document").Err())
		d, err := c.Live.Inspect(ctx, "actors", "sp:a1")
		ok(t, err)
		if len(d.Related) != 3 || d.Related[0].Key != "atespace:sp" || string(d.Related[0].Body) != `{"metadata":{"name":"sp"}}` ||
			d.Related[1].Key != "actor-template:sp:t1" || d.Related[2].Problem == nil {
			t.Errorf("it comes with %+v", d.Related)
		}
	})
}
