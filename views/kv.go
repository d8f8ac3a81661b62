package views

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/tui/view"
)

// kv lists databases; enter leads to the pairs of one.
func kv() View {
	c := redisdb.Columns
	state := func(r kind.Row) string {
		switch {
		case c.Restoring.Of(r):
			return "restoring"
		case c.Applied.Of(r) > 0:
			return fmt.Sprintf("replica, applied %d", c.Applied.Of(r))
		}
		return "-"
	}
	noState := func(r kind.Row) error { return cmp.Or(c.Restoring.Err(r), c.Applied.Err(r)) }
	noLag := func(r kind.Row) error { return cmp.Or(c.Replicas.Err(r), c.Changes.Err(r)) }
	return View{
		View: &view.View{
			Name: "kv", Title: "KV", Short: "KV", Noun: "databases", Kind: "kv",
			Empty: "Services create a database with kvstore's redisdb.Open and Put, under kv:{database}:d:key.",
			Columns: []view.Column{
				grow(textColumn("DATABASE", c.Database)),
				number("KEYS", c.Keys, nil),
				{
					Title: "BYTES", Right: true,
					Text: func(r live.Row, at view.Clock) string {
						if unweighed(r.(kind.Row), at.Others) > 0 {
							return notKnownText
						}
						return humanize.Bytes(uint64(bytesOf(r.(kind.Row), at.Others)))
					},
					KeyIn: func(l view.Lookup) func([]byte, kind.Row) []byte {
						return func(b []byte, r kind.Row) []byte {
							return kind.AppendIntKey(kind.AppendIntKey(b, min(1, unweighed(r, l))), bytesOf(r, l))
						}
					},
				},
				number("CHANGES", c.Changes, nil),
				known(view.Column{
					Title: "RATE", Right: true,
					Text: func(r live.Row, at view.Clock) string { return perSecond(redisdb.Rate(r.(kind.Row)).At(at.Now)) },
					Key:  func(b []byte, r kind.Row) []byte { return kind.AppendFloatKey(b, redisdb.Rate(r).Rank()) },
				}, c.Changes.Err),
				known(view.Column{
					Title: "REPLICAS", Right: true,
					Text: func(r live.Row, at view.Clock) string {
						return standing(r.(kind.Row), at.Server).count()
					},
					Key: func(b []byte, r kind.Row) []byte { return kind.AppendIntKey(b, int64(anyTime(r).replicas)) },
				}, c.Replicas.Err),
				known(view.Column{
					Title: "LAG", Right: true,
					Text: func(r live.Row, at view.Clock) string { return standing(r.(kind.Row), at.Server).text() },
					Key:  func(b []byte, r kind.Row) []byte { return anyTime(r).appendKey(b) },
					Tone: func(r live.Row, at view.Clock) view.Tone {
						return standing(r.(kind.Row), at.Server).tone()
					},
				}, noLag),
				known(toned(textOf("REPLICATION", state), func(r kind.Row) view.Tone {
					if c.Restoring.Of(r) {
						return view.Warn
					}
					return view.Plain
				}), noState),
				number("LOG", c.LogLength, nil),
			},
			Jump: conn.Escape,
			Facts: facts(func(r kind.Row, at view.Clock) []view.Fact {
				return append([]view.Fact{
					{Name: "database", Text: c.Database.Of(r)},
					fact("keys", humanize.Comma(c.Keys.Of(r)), c.Keys.Err(r)),
					fact("bytes", humanize.Comma(bytesOf(r, at.Others))+" of values", bytesErr(r, at.Others)),
					fact("changes", logged(r), c.Changes.Err(r)),
					fact("change rate", perSecond(redisdb.Rate(r).At(at.Now)), c.Changes.Err(r)),
					fact("replication", state(r), noState(r)),
				}, replicaFacts(r, at)...)
			}),
			Part: part(func(r kind.Row) string {
				if c.LogLength.Err(r) == nil && c.LogLength.Of(r) <= redisdb.MaxInspect {
					return ""
				}
				return fmt.Sprintf("newest %d changes", redisdb.MaxInspect) // the row's count is of another moment
			}),
			Links: links(func(r kind.Row, _ view.Lookup) []view.Link {
				return []view.Link{{Label: "browse", View: "pairs", Within: r.ID() + ":"}}
			}),
			Actions: []view.Action{putAction(func(r live.Row) string { return c.Database.Of(r.(kind.Row)) })},
		},
		Fields: []Field{
			field("database", c.Database),
			field("keys", c.Keys),
			field("changes", c.Changes),
			field("applied", c.Applied),
			{"bytes", func(r live.Row, at view.Clock) any {
				if err := bytesErr(r.(kind.Row), at.Others); err != nil {
					return err
				}
				return bytesOf(r.(kind.Row), at.Others)
			}},
			knownField(Field{"replicas", func(r live.Row, at view.Clock) any { return standing(r.(kind.Row), at.Server).replicas }}, c.Replicas.Err),
			knownField(Field{"lag", func(r live.Row, at view.Clock) any {
				if s := standing(r.(kind.Row), at.Server); s.replicas > 0 {
					return s.lag
				}
				return nil
			}}, noLag),
		},
		Others: []kind.Name{"pairs"},
	}
}

// pairs lists those of the database that was opened.
func pairs() View {
	c := redisdb.PairColumns
	return View{
		View: &view.View{
			Name: "pairs", Title: "Pairs", Short: "Pairs", Noun: "keys", Kind: "pairs", Parent: "kv",
			Empty: "The database has no keys.",
			Jump:  conn.Escape,
			Columns: []view.Column{
				textColumn("KEY", c.Key),
				textColumn("DATABASE", c.Database),
				number("BYTES", c.Bytes, nil),
				ttl("EXPIRES", c.Expires),
				valueColumn(c.Value),
			},
			Facts: facts(func(r kind.Row, at view.Clock) []view.Fact {
				return []view.Fact{
					{Name: "database", Text: c.Database.Of(r)},
					{Name: "key", Text: c.Key.Of(r)},
					fact("bytes", humanize.Comma(c.Bytes.Of(r)), c.Bytes.Err(r)),
					fact("expires", leftWords(c.Expires.Of(r), at), c.Expires.Err(r)),
				}
			}),
			Actions: []view.Action{
				{ID: keymap.Edit, Label: "edit", Edit: true},
				{
					ID: keymap.Delete, Label: "delete", Bulk: true,
					Blocked: func(r live.Row) string {
						what, err := "value", c.Value.Err(r.(kind.Row))
						if err == nil {
							what, err = "size", c.Bytes.Err(r.(kind.Row))
						}
						if err != nil {
							return "its " + what + " is not known, so whether it is still as seen could not be checked: " + err.Error()
						}
						return ""
					},
					Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
						return o.Delete("pairs", r.ID(), c.Fingerprint.Of(r.(kind.Row)))
					},
				},
				putAction(func(r live.Row) string { return c.Database.Of(r.(kind.Row)) }),
			},
		},
		Fields: []Field{
			field("database", c.Database),
			field("key", c.Key),
			field("bytes", c.Bytes),
			onServer("expires", c.Expires),
			field("value", c.Value),
		},
	}
}

// logged tells how many of the changes of a database its log has.
func logged(r kind.Row) string {
	changes, length := redisdb.Columns.Changes.Of(r), redisdb.Columns.LogLength
	if err := length.Err(r); err != nil {
		return fmt.Sprintf("%d; how many of them the log has is not known: %v", changes, err)
	}
	return fmt.Sprintf("%d, of which the log has %d", changes, length.Of(r))
}

// putAction puts a new key into the database of a row.
func putAction(database func(live.Row) string) view.Action {
	return view.Action{
		ID: keymap.Put, Label: "new key",
		Form: func(r live.Row) view.Form {
			return view.Form{Title: "put a key into " + text.Clean(database(r)), Fields: []view.Field{
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
