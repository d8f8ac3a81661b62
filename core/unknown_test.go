package core_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"holdfast/core"
	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/kvstore"
	"holdfast/internal/redistest"
)

// A row that a user sees by its key, and of which nothing else may be read, is listed with all of it unknown. Only a document
// whose fields are the row is unreadable. One that is gone is none, if its presence may be asked for.
func TestARowIsListedByItsKeyWhateverIsRefused(t *testing.T) {
	s := redistest.Start(t)
	admin := s.Client(t)
	whole := open(t, core.Options{Conn: conn.Options{URLs: []string{s.URL()}}})
	for _, test := range []struct {
		name, rights string
		gone         bool // that a row is gone is known
	}{
		{"only what is there", "~* &* -@all +ping +info +time +scan +exists", true},
		{"only what the keys are named", "~* &* -@all +ping +info +time +scan", false},
		{"no key", "&* -@all +ping +info +time +scan +@read", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			ok(t, admin.FlushAll(ctx).Err())
			use(t, whole)
			db, err := whole.KV("db")
			ok(t, err)
			ok(t, db.Put(&kvstore.KVPair{Key: []byte("k"), Value: []byte("v")}))
			ok(t, db.Close())
			args := []any{"ACL", "SETUSER", "few", "reset", "on", ">pw"}
			for _, right := range strings.Fields(test.rights) {
				args = append(args, right)
			}
			ok(t, admin.Do(ctx, args...).Err())
			few := open(t, core.Options{Conn: conn.Options{URLs: []string{s.URL()}, Username: "few", Password: "pw"}})
			snap, err := whole.Live.ReadAll(ctx)
			ok(t, err)
			seen, err := few.Live.ReadAll(ctx)
			ok(t, err)
			for _, table := range snap.Tables {
				if table.Len() == 0 || seen.Table(table.Kind).Len() != table.Len() {
					t.Errorf("%s: %d rows are listed of %d", table.Kind, seen.Table(table.Kind).Len(), table.Len())
					continue
				}
				document := slices.Contains([]kind.Name{"actors", "workers", "documents"}, table.Kind)
				row := seen.Table(table.Kind).At(0)
				if err := row.Problem(); (err != nil) != document || document && !conn.Refused(err) {
					t.Errorf("%s: unreadable: %v", table.Kind, err)
				}
			}
			ok(t, admin.FlushAll(ctx).Err())
			for _, table := range snap.Tables {
				row, err := few.Live.ReadRow(ctx, table.Kind, table.At(0).ID())
				ok(t, err)
				if document := slices.Contains([]kind.Name{"actors", "workers", "documents"}, table.Kind); !document && row.None() != test.gone {
					t.Errorf("%s: of what is gone it reads %+v", table.Kind, row)
				}
			}
		})
	}
}

// A server that refuses whatever it is asked has said nothing of any row: that is no unknown part.
func TestARefusalOfEverythingIsNoPartOfARow(t *testing.T) {
	for _, test := range []struct {
		says string
		want bool
	}{
		{"NOPERM this user may not", true}, {"ERR unknown command 'llen'", true},
		{"BUSY Redis is busy running a script", false}, {"NOAUTH Authentication required.", false}, {"WRONGPASS no", false},
		{"LOADING Redis is loading", false}, {"WRONGTYPE Operation against a key", false},
	} {
		if got := conn.Refused(said(test.says)); got != test.want {
			t.Errorf("%q: %v", test.says, got)
		}
	}
	for _, err := range []error{nil, errors.New("an error of ours"), actorstore.ErrNotFound} {
		if conn.Refused(err) {
			t.Errorf("%v is no refusal", err)
		}
	}
}

type said string

func (s said) Error() string { return string(s) }
func (said) RedisError()     {}
