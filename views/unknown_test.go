package views_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"holdfast/core/actorstore"
	"holdfast/core/buffer"
	"holdfast/core/genstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/core/record"
	"holdfast/keymap"
	"holdfast/tui"
	"holdfast/views"
)

// What was refused of a row is "?" in the table and null in JSON, with the reason once; the rest is there.
func TestWhatIsRefusedIsNotShownAsAValue(t *testing.T) {
	refused := errors.New("NOPERM this user may not")
	for _, test := range []struct {
		name, field string
		row         live.Row
	}{
		{"locks", "ttl_ms", &actorstore.LockRow{Key: "lock:a", Token: "t", ExpiresErr: refused, FenceErr: refused}},
		{"generations", "ttl_ms", &genstore.Row{Namespace: "ns", Key: "k", Generation: 7, ExpiresErr: refused}},
		{"buffers", "locked", &buffer.Row{Store: "s", Count: 1, LockErr: refused, TokenErr: refused, ExpiresErr: refused}},
		{"buffers", "keys", &buffer.Row{Store: "s", Count: 1, KeysErr: refused}},
		{"buffers", "count", &buffer.Row{Store: "s", CountErr: refused}},
		{"buffers", "bytes", &buffer.Row{Store: "s", Count: 1, BytesErr: refused, FirstWriteErr: refused}},
		{"generations", "generation", &genstore.Row{Namespace: "ns", Key: "k", GenerationErr: refused}},
		{"locks", "token", &actorstore.LockRow{Key: "lock:a", TokenErr: refused}},
		{"records", "version", &record.RecordRow{Namespace: "ns", Key: "k", Unknown: &record.RecordUnknown{Version: refused, Lease: refused, Value: refused}}},
		{"records", "value", &record.RecordRow{Namespace: "ns", Key: "k", Unknown: &record.RecordUnknown{Value: refused}}},
		{"kv", "keys", &redisdb.Row{Database: "db", KeysErr: refused, LogErr: refused}},
		{"kv", "changes", &redisdb.Row{Database: "db", ChangesErr: refused, AppliedErr: refused, RestoreErr: refused}},
		{"kv", "replicas", &redisdb.Row{Database: "db", ReplicasErr: refused}},
		{"keys", "value", &redisdb.PairRow{Database: "db", Key: "k", ValueErr: refused}},
		{"leases", "ttl_ms", &record.LeaseRow{Namespace: "ns", LeaseID: 1, ExpiresErr: refused}},
		{"leases", "granted_ms", &record.LeaseRow{Namespace: "ns", LeaseID: 1, GrantedErr: refused, RecordsErr: refused}},
		{"keys", "expires", &redisdb.PairRow{Database: "db", Key: "k", ExpiresErr: refused}},
		{"keys", "bytes", &redisdb.PairRow{Database: "db", Key: "k", BytesErr: refused}},
	} {
		name, row := test.name, test.row
		v := anyView(name)
		var out strings.Builder
		must(t, v.Print(views.Printer{Out: &out, Format: views.JSONL}, live.NewTable(live.Kind(name), row), tui.Clock{}, nil))
		if got := out.String(); !strings.Contains(got, `"`+test.field+`":null`) || strings.Count(got, "NOPERM") != 1 || !strings.Contains(got, `"unknown":"NOPERM`) {
			t.Errorf("%s: printed %s", name, got)
		}
		var cells []string
		for _, c := range v.Columns {
			cells = append(cells, c.Text(row, tui.Clock{}))
		}
		if !slices.Contains(cells, "?") || strings.Contains(test.field, "ttl") && slices.Contains(cells, "never") {
			t.Errorf("%s: shown %q", name, cells)
		}
	}
}

// An action that needs what was refused says that this is not known; one that does without says what decides.
func TestActionsSayWhatIsNotKnown(t *testing.T) {
	w := newWorld(t)
	o, err := operate.New(w.core, operate.Options{FlushDir: t.TempDir()})
	must(t, err)
	refused := errors.New("NOPERM this user may not")
	unseen := &buffer.Row{Store: "s", Count: 1, LockErr: refused, TokenErr: refused, ExpiresErr: refused}
	unnamed := &buffer.Row{Store: "s", Count: 1, Locked: true, TokenErr: refused}
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
		{"leases", keymap.Delete, &record.LeaseRow{Namespace: "ns", LeaseID: 1, RecordsErr: refused}, "how many is not known"},
		{"buffers", keymap.Flush, &buffer.Row{Store: "s", CountErr: refused, BytesErr: refused}, "(how many is not known, of a size that is not known)"},
		{"locks", keymap.Unlock, &actorstore.LockRow{Key: "lock:a", TokenErr: refused}, "token is not known: NOPERM"},
		{"records", keymap.Delete, &record.RecordRow{Namespace: "ns", Key: "k", Unknown: &record.RecordUnknown{Version: refused}}, "version is not known: NOPERM"},
		{"keys", keymap.Delete, &redisdb.PairRow{Database: "db", Key: "k", ValueErr: refused}, "value is not known"},
		{"keys", keymap.Delete, &redisdb.PairRow{Database: "db", Key: "k", BytesErr: refused}, "size is not known"},
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
