package views

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/conn"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/tui"
)

// kv lists databases; enter leads to the pairs of one.
func kv() View {
	type row = *redisdb.Row
	state := func(r row) string {
		switch {
		case r.Restoring:
			return "restoring"
		case r.Applied > 0:
			return fmt.Sprintf("replica, applied %d", r.Applied)
		}
		return "-"
	}
	return View{
		View: &tui.View{
			Name: "kv", Title: "KV", Short: "KV", Noun: "databases", Kind: "kv",
			Empty: "A service makes a database with kvstore's redisdb.Open and Put, under kv:{database}:d:key.",
			Columns: []tui.Column{
				grow(text("DATABASE", func(r row) string { return r.Database })),
				number("KEYS", func(r row) int64 { return r.Keys }),
				{
					Title: "BYTES", Right: true,
					Text: func(r live.Row, at tui.Clock) string {
						if unweighed(r.(row), at.Others) > 0 {
							return notKnownText
						}
						return humanize.Bytes(uint64(bytesOf(r.(row), at.Others)))
					},
					CompareIn: func(l tui.Lookup) func(a, b live.Row) int {
						return func(a, b live.Row) int {
							return cmp.Or(cmp.Compare(min(1, unweighed(a.(row), l)), min(1, unweighed(b.(row), l))), cmp.Compare(bytesOf(a.(row), l), bytesOf(b.(row), l)))
						}
					},
				},
				number("CHANGES", func(r row) uint64 { return r.Changes }),
				{
					Title: "RATE", Right: true,
					Text:    func(r live.Row, at tui.Clock) string { return perSecond(r.(row).Rate.At(at.Now)) },
					Compare: func(a, b live.Row) int { return a.(row).Rate.Compare(b.(row).Rate) },
				},
				{
					Title: "REPLICAS", Right: true,
					Text: func(r live.Row, at tui.Clock) string {
						return standing(r.(row), at.Server).count()
					},
					Compare: func(a, b live.Row) int { return cmp.Compare(anyTime(a.(row)).replicas, anyTime(b.(row)).replicas) },
				},
				{
					Title: "LAG", Right: true,
					Text:    func(r live.Row, at tui.Clock) string { return standing(r.(row), at.Server).text() },
					Compare: func(a, b live.Row) int { return anyTime(a.(row)).compare(anyTime(b.(row))) },
					Tone: func(r live.Row, at tui.Clock) tui.Tone {
						return standing(r.(row), at.Server).tone()
					},
				},
				toned(text("REPLICATION", state), func(r row) tui.Tone {
					if r.Restoring {
						return tui.Warn
					}
					return tui.Plain
				}),
				number("LOG", func(r row) int64 { return r.LogLength }),
			},
			Jump: conn.Escape,
			Facts: facts(func(r row, at tui.Clock) []tui.Fact {
				return append([]tui.Fact{
					{Name: "database", Text: r.Database},
					{Name: "keys", Text: humanize.Comma(r.Keys)},
					fact("bytes", humanize.Comma(bytesOf(r, at.Others))+" of values", bytesErr(r, at.Others)),
					{Name: "changes", Text: fmt.Sprintf("%d, of which the log has %d", r.Changes, r.LogLength)},
					{Name: "change rate", Text: perSecond(r.Rate.At(at.Now))},
					{Name: "replication", Text: state(r)},
				}, replicaFacts(r, at)...)
			}),
			Part: part(func(r row) string {
				if r.LogLength <= redisdb.InspectMost {
					return ""
				}
				return fmt.Sprintf("newest %d changes", redisdb.InspectMost) // the row's count is of another moment
			}),
			Links: links(func(r row, _ tui.Lookup) []tui.Link {
				return []tui.Link{{Label: "browse", View: "keys", Within: r.ID() + ":"}}
			}),
			Actions: []tui.Action{putAction(func(r live.Row) string { return r.(row).Database })},
		},
		Fields: []Field{
			field("database", func(r row) any { return []byte(r.Database) }),
			field("keys", func(r row) any { return r.Keys }),
			field("changes", func(r row) any { return r.Changes }),
			field("applied", func(r row) any { return r.Applied }),
			{"bytes", func(r live.Row, at tui.Clock) any {
				if err := bytesErr(r.(row), at.Others); err != nil {
					return err
				}
				return bytesOf(r.(row), at.Others)
			}},
			{"replicas", func(r live.Row, at tui.Clock) any { return standing(r.(row), at.Server).replicas }},
			{"lag", func(r live.Row, at tui.Clock) any {
				if s := standing(r.(row), at.Server); s.replicas > 0 {
					return s.lag
				}
				return nil
			}},
		},
		Others: []live.Kind{"keys"},
	}
}

// keys lists the pairs of the database that was opened.
func keys() View {
	type row = *redisdb.PairRow
	noTTL := func(r row) error { return r.ExpiresErr }
	noBytes := func(r row) error { return r.BytesErr }
	return View{
		View: &tui.View{
			Name: "keys", Title: "Keys", Short: "Keys", Kind: "keys", Parent: "kv",
			Empty: "The database has no keys.",
			Jump:  conn.Escape,
			Columns: []tui.Column{
				text("KEY", func(r row) string { return r.Key }),
				text("DATABASE", func(r row) string { return r.Database }),
				known(number("BYTES", func(r row) int64 { return r.Bytes }), noBytes),
				known(ttl("EXPIRES", pairDeadline), noTTL),
				valueColumn(func(r row) []byte { return r.Value }),
			},
			Facts: facts(func(r row, at tui.Clock) []tui.Fact {
				return []tui.Fact{
					{Name: "database", Text: r.Database},
					{Name: "key", Text: r.Key},
					fact("bytes", humanize.Comma(r.Bytes), r.BytesErr),
					fact("expiry", leftWords(r.Expires, at), r.ExpiresErr),
				}
			}),
			Actions: []tui.Action{
				{ID: keymap.Edit, Label: "edit", Edit: true},
				{
					ID: keymap.Delete, Label: "delete", Bulk: true,
					Blocked: func(r live.Row) string {
						if err := r.(row).BytesErr; err != nil {
							return "its size is not known, so whether it is still as seen could not be checked: " + err.Error()
						}
						return ""
					},
					Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
						return o.Delete("keys", r.ID(), r.(row).Print)
					},
				},
				putAction(func(r live.Row) string { return r.(row).Database }),
			},
		},
		Fields: []Field{
			field("database", func(r row) any { return []byte(r.Database) }),
			field("key", func(r row) any { return []byte(r.Key) }),
			knownField(field("bytes", func(r row) any { return r.Bytes }), noBytes),
			knownField(ttlField("expires", pairDeadline), noTTL),
			field("value", func(r row) any { return r.Value }),
		},
	}
}

func pairDeadline(r *redisdb.PairRow) time.Time { return r.Expires }

// putAction puts a new key into the database of a row.
func putAction(database func(live.Row) string) tui.Action {
	return tui.Action{
		ID: keymap.Put, Label: "new key",
		Form: func(r live.Row) tui.Form {
			return tui.Form{Title: "put a key into " + tui.Clean(database(r)), Fields: []tui.Field{
				{Name: "key", Label: "key", Check: func(s string) error {
					if s == "" {
						return errors.New("a key needs at least one character")
					}
					return nil
				}},
				{Name: "value", Label: "value"},
				{Name: "ttl", Label: "expires after", Hint: "never, or 30s, 12h", Check: func(s string) error {
					_, err := life(s)
					return err
				}},
			}}
		},
		Plan: func(o *operate.Operator, r live.Row, in map[string]string) (operate.Action, error) {
			ttl, err := life(in["ttl"])
			if err != nil {
				return operate.Action{}, err
			}
			return o.CreatePair(database(r), in["key"], []byte(in["value"]), ttl)
		},
	}
}

func life(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Second {
		return 0, errors.New("nothing, or a time of at least 1s such as 30s or 12h")
	}
	return d, nil
}
