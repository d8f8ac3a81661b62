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
	"holdfast/internal/text"
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
	noKeys := func(r row) error { return r.KeysErr }
	noChanges := func(r row) error { return r.ChangesErr }
	noApplied := func(r row) error { return r.AppliedErr }
	noLog := func(r row) error { return r.LogErr }
	noState := func(r row) error { return cmp.Or(r.RestoreErr, r.AppliedErr) }
	noReplicas := func(r row) error { return r.ReplicasErr }
	noLag := func(r row) error { return cmp.Or(r.ReplicasErr, r.ChangesErr) }
	return View{
		View: &tui.View{
			Name: "kv", Title: "KV", Short: "KV", Noun: "databases", Kind: "kv",
			Empty: "Services create a database with kvstore's redisdb.Open and Put, under kv:{database}:d:key.",
			Columns: []tui.Column{
				grow(textColumn("DATABASE", func(r row) string { return r.Database })),
				known(number("KEYS", func(r row) int64 { return r.Keys }), noKeys),
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
				known(number("CHANGES", func(r row) uint64 { return r.Changes }), noChanges),
				known(tui.Column{
					Title: "RATE", Right: true,
					Text:    func(r live.Row, at tui.Clock) string { return perSecond(r.(row).Rate.At(at.Now)) },
					Compare: func(a, b live.Row) int { return a.(row).Rate.Compare(b.(row).Rate) },
				}, noChanges),
				known(tui.Column{
					Title: "REPLICAS", Right: true,
					Text: func(r live.Row, at tui.Clock) string {
						return standing(r.(row), at.Server).count()
					},
					Compare: func(a, b live.Row) int { return cmp.Compare(anyTime(a.(row)).replicas, anyTime(b.(row)).replicas) },
				}, noReplicas),
				known(tui.Column{
					Title: "LAG", Right: true,
					Text:    func(r live.Row, at tui.Clock) string { return standing(r.(row), at.Server).text() },
					Compare: func(a, b live.Row) int { return anyTime(a.(row)).compare(anyTime(b.(row))) },
					Tone: func(r live.Row, at tui.Clock) tui.Tone {
						return standing(r.(row), at.Server).tone()
					},
				}, noLag),
				known(toned(textColumn("REPLICATION", state), func(r row) tui.Tone {
					if r.Restoring {
						return tui.Warn
					}
					return tui.Plain
				}), noState),
				known(number("LOG", func(r row) int64 { return r.LogLength }), noLog),
			},
			Jump: conn.Escape,
			Facts: facts(func(r row, at tui.Clock) []tui.Fact {
				return append([]tui.Fact{
					{Name: "database", Text: r.Database},
					fact("keys", humanize.Comma(r.Keys), r.KeysErr),
					fact("bytes", humanize.Comma(bytesOf(r, at.Others))+" of values", bytesErr(r, at.Others)),
					fact("changes", logged(r), r.ChangesErr),
					fact("change rate", perSecond(r.Rate.At(at.Now)), r.ChangesErr),
					fact("replication", state(r), noState(r)),
				}, replicaFacts(r, at)...)
			}),
			Part: part(func(r row) string {
				if r.LogErr == nil && r.LogLength <= redisdb.MaxInspect {
					return ""
				}
				return fmt.Sprintf("newest %d changes", redisdb.MaxInspect) // the row's count is of another moment
			}),
			Links: links(func(r row, _ tui.Lookup) []tui.Link {
				return []tui.Link{{Label: "browse", View: "keys", Within: r.ID() + ":"}}
			}),
			Actions: []tui.Action{putAction(func(r live.Row) string { return r.(row).Database })},
		},
		Fields: []Field{
			field("database", func(r row) any { return []byte(r.Database) }),
			knownField(field("keys", func(r row) any { return r.Keys }), noKeys),
			knownField(field("changes", func(r row) any { return r.Changes }), noChanges),
			knownField(field("applied", func(r row) any { return r.Applied }), noApplied),
			{"bytes", func(r live.Row, at tui.Clock) any {
				if err := bytesErr(r.(row), at.Others); err != nil {
					return err
				}
				return bytesOf(r.(row), at.Others)
			}},
			knownField(Field{"replicas", func(r live.Row, at tui.Clock) any { return standing(r.(row), at.Server).replicas }}, noReplicas),
			knownField(Field{"lag", func(r live.Row, at tui.Clock) any {
				if s := standing(r.(row), at.Server); s.replicas > 0 {
					return s.lag
				}
				return nil
			}}, noLag),
		},
		Others: []live.Kind{"keys"},
	}
}

// keys lists the pairs of the database that was opened.
func keys() View {
	type row = *redisdb.PairRow
	noTTL := func(r row) error { return r.ExpiresErr }
	noBytes := func(r row) error { return r.BytesErr }
	noValue := func(r row) error { return r.ValueErr }
	return View{
		View: &tui.View{
			Name: "keys", Title: "Keys", Short: "Keys", Kind: "keys", Parent: "kv",
			Empty: "The database has no keys.",
			Jump:  conn.Escape,
			Columns: []tui.Column{
				textColumn("KEY", func(r row) string { return r.Key }),
				textColumn("DATABASE", func(r row) string { return r.Database }),
				known(number("BYTES", func(r row) int64 { return r.Bytes }), noBytes),
				known(ttl("EXPIRES", pairDeadline), noTTL),
				known(valueColumn(func(r row) []byte { return r.Value }), noValue),
			},
			Facts: facts(func(r row, at tui.Clock) []tui.Fact {
				return []tui.Fact{
					{Name: "database", Text: r.Database},
					{Name: "key", Text: r.Key},
					fact("bytes", humanize.Comma(r.Bytes), r.BytesErr),
					fact("expires", leftWords(r.Expires, at), r.ExpiresErr),
				}
			}),
			Actions: []tui.Action{
				{ID: keymap.Edit, Label: "edit", Edit: true},
				{
					ID: keymap.Delete, Label: "delete", Bulk: true,
					Blocked: func(r live.Row) string {
						what, err := "value", r.(row).ValueErr
						if err == nil {
							what, err = "size", r.(row).BytesErr
						}
						if err != nil {
							return "its " + what + " is not known, so whether it is still as seen could not be checked: " + err.Error()
						}
						return ""
					},
					Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
						return o.Delete("keys", r.ID(), r.(row).Fingerprint)
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
			knownField(field("value", func(r row) any { return r.Value }), noValue),
		},
	}
}

// logged tells how many of the changes of a database its log has.
func logged(r *redisdb.Row) string {
	if r.LogErr != nil {
		return fmt.Sprintf("%d; how many of them the log has is not known: %v", r.Changes, r.LogErr)
	}
	return fmt.Sprintf("%d, of which the log has %d", r.Changes, r.LogLength)
}

func pairDeadline(r *redisdb.PairRow) time.Time { return r.Expires }

// putAction puts a new key into the database of a row.
func putAction(database func(live.Row) string) tui.Action {
	return tui.Action{
		ID: keymap.Put, Label: "new key",
		Form: func(r live.Row) tui.Form {
			return tui.Form{Title: "put a key into " + text.Clean(database(r)), Fields: []tui.Field{
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
