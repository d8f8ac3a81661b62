package views_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"holdfast/core/actorstore"
	"holdfast/core/buffer"
	"holdfast/core/genstore"
	"holdfast/core/kind"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/core/record"
	"holdfast/internal/print"
	"holdfast/keymap"
	"holdfast/tui/view"
	"holdfast/views"
)

// The columns of each kind.
var (
	bufs         = buffer.Columns
	gens         = genstore.Columns
	locks        = actorstore.LockColumns
	leases, recs = record.LeaseColumns, record.RecordColumns
	dbs, pairs   = redisdb.Columns, redisdb.PairColumns
	errRefused   = errors.New("NOPERM this user may not")
)

// packed is a row of a schema.
func packed(id string, s *kind.Schema, fill ...func(*kind.Builder)) kind.Row {
	return s.One(id, func(b *kind.Builder) {
		for _, f := range fill {
			f(b)
		}
	})
}

// is gives a column its value.
func is[V any](c interface{ Set(*kind.Builder, V) }, value V) func(*kind.Builder) {
	return func(b *kind.Builder) { c.Set(b, value) }
}

// not has columns errRefused.
func not(columns ...interface{ Unknown(*kind.Builder, error) }) func(*kind.Builder) {
	return func(b *kind.Builder) {
		for _, c := range columns {
			c.Unknown(b, errRefused)
		}
	}
}

// What was errRefused of a row is "?" in the table and null in JSON, with the reason once; the rest is there.
func TestWhatIsRefusedIsNotShownAsAValue(t *testing.T) {
	for _, test := range []struct {
		name, field string
		row         kind.Row
	}{
		{"locks", "ttl_ms", packed("lock:a", locks.Token.Schema(), is(locks.Token, "t"), not(locks.Expires, locks.Fence))},
		{"generations", "ttl_ms", packed("x", gens.Namespace.Schema(), is(gens.Namespace, "ns"), is(gens.Key, "k"), is(gens.Generation, 7), not(gens.Expires))},
		{"buffers", "locked", packed("x", bufs.Store.Schema(), is(bufs.Store, "s"), is(bufs.Count, 1), not(bufs.Locked, bufs.LockToken, bufs.LockExpires))},
		{"buffers", "keys", packed("x", bufs.Store.Schema(), is(bufs.Store, "s"), is(bufs.Count, 1), not(bufs.Keys))},
		{"buffers", "count", packed("x", bufs.Store.Schema(), is(bufs.Store, "s"), not(bufs.Count))},
		{"buffers", "bytes", packed("x", bufs.Store.Schema(), is(bufs.Store, "s"), is(bufs.Count, 1), not(bufs.Bytes, bufs.FirstWrite))},
		{"generations", "generation", packed("x", gens.Namespace.Schema(), is(gens.Namespace, "ns"), is(gens.Key, "k"), not(gens.Generation))},
		{"locks", "token", packed("lock:a", locks.Token.Schema(), not(locks.Token))},
		{"records", "version", packed("x", recs.Namespace.Schema(), is(recs.Namespace, "ns"), is(recs.Key, "k"), not(recs.Version, recs.Lease, recs.Value))},
		{"records", "value", packed("x", recs.Namespace.Schema(), is(recs.Namespace, "ns"), is(recs.Key, "k"), not(recs.Value))},
		{"kv", "keys", packed("x", dbs.Database.Schema(), is(dbs.Database, "db"), not(dbs.Keys, dbs.LogLength))},
		{"kv", "changes", packed("x", dbs.Database.Schema(), is(dbs.Database, "db"), not(dbs.Changes, dbs.Applied, dbs.Restoring))},
		{"kv", "replicas", packed("x", dbs.Database.Schema(), is(dbs.Database, "db"), not(dbs.Replicas))},
		{"pairs", "value", packed("x", pairs.Database.Schema(), is(pairs.Database, "db"), is(pairs.Key, "k"), not(pairs.Value))},
		{"leases", "ttl_ms", packed("x", leases.Namespace.Schema(), is(leases.Namespace, "ns"), is(leases.Lease, 1), not(leases.Expires))},
		{"leases", "granted_ms", packed("x", leases.Namespace.Schema(), is(leases.Namespace, "ns"), is(leases.Lease, 1), not(leases.Granted, leases.Records))},
		{"pairs", "expires", packed("x", pairs.Database.Schema(), is(pairs.Database, "db"), is(pairs.Key, "k"), not(pairs.Expires))},
		{"pairs", "bytes", packed("x", pairs.Database.Schema(), is(pairs.Database, "db"), is(pairs.Key, "k"), not(pairs.Bytes))},
	} {
		name, row := test.name, test.row
		v := anyView(name)
		if got := printed(t, print.JSONL, v, []live.Row{row}, view.Clock{}); !strings.Contains(got, `"`+test.field+`":null`) || strings.Count(got, "NOPERM") != 1 || !strings.Contains(got, `"unknown":"NOPERM`) {
			t.Errorf("%s: printed %s", name, got)
		}
		var cells []string
		for _, c := range v.Columns {
			cells = append(cells, c.Text(row, view.Clock{}))
		}
		if !slices.Contains(cells, "?") || strings.Contains(test.field, "ttl") && slices.Contains(cells, "never") {
			t.Errorf("%s: shown %q", name, cells)
		}
	}
}

// An action that needs what was errRefused says that this is not known; one that does without says what decides.
func TestActionsSayWhatIsNotKnown(t *testing.T) {
	w := newWorld(t)
	o, err := operate.New(w.core, operate.Options{FlushDir: t.TempDir()})
	must(t, err)
	unseen := packed("x", bufs.Store.Schema(), is(bufs.Store, "s"), is(bufs.Count, 1), not(bufs.Locked, bufs.LockToken, bufs.LockExpires))
	unnamed := packed("x", bufs.Store.Schema(), is(bufs.Store, "s"), is(bufs.Count, 1), is(bufs.Locked, true), not(bufs.LockToken))
	for _, test := range []struct {
		view string
		of   keymap.Action
		row  live.Row
		want string
	}{
		{"buffers", keymap.Flush, unseen, "whether it is locked is not known"},
		{"buffers", keymap.Unlock, unseen, "whether it is locked is not known: NOPERM"},
		{"buffers", keymap.Flush, unnamed, "by whom is not known: NOPERM"},
		{"buffers", keymap.Unlock, unnamed, "token of its lock is not known: NOPERM"},
		{"leases", keymap.Delete, packed("x", leases.Namespace.Schema(), is(leases.Namespace, "ns"), is(leases.Lease, 1), not(leases.Records)), "how many is not known"},
		{"buffers", keymap.Flush, packed("x", bufs.Store.Schema(), is(bufs.Store, "s"), not(bufs.Count, bufs.Bytes)), "(how many is not known, of a size that is not known)"},
		{"locks", keymap.Unlock, packed("lock:a", locks.Token.Schema(), not(locks.Token)), "token is not known: NOPERM"},
		{"records", keymap.Delete, packed("x", recs.Namespace.Schema(), is(recs.Namespace, "ns"), is(recs.Key, "k"), not(recs.Version)), "version is not known: NOPERM"},
		{"pairs", keymap.Delete, packed("x", pairs.Database.Schema(), is(pairs.Database, "db"), is(pairs.Key, "k"), not(pairs.Value)), "value is not known"},
		{"pairs", keymap.Delete, packed("x", pairs.Database.Schema(), is(pairs.Database, "db"), is(pairs.Key, "k"), not(pairs.Bytes)), "size is not known"},
	} {
		v := anyView(test.view)
		for _, a := range v.Actions {
			if a.ID != test.of {
				continue
			}
			var said string
			if a.Blocked != nil {
				said = a.Blocked(test.row)
			}
			if said == "" {
				planned, err := a.Plan(o, test.row, nil)
				must(t, err)
				said = planned.Summary
			}
			if !strings.Contains(said, test.want) || strings.Contains(said, "locked by") {
				t.Errorf("%s of %s says %q, not %q", test.of, test.view, said, test.want)
			}
		}
	}
}

// anyView is a view by its name, also one that is reached from another alone.
func anyView(name string) views.View {
	all := views.All()
	return all[slices.IndexFunc(all, func(v views.View) bool { return v.Name == name })]
}
