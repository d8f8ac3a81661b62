package views

import (
	"errors"
	"strings"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/tui/view"
)

func locks(set *layout.Set) View {
	c := actorstore.LockColumns
	has := ofLayout(c.Layout)
	held := view.Column{
		Title: "HELD", Right: true,
		Text: func(r live.Row, at view.Clock) string {
			return heldText(c.Since.Of(r.(kind.Row)), c.Seen.Of(r.(kind.Row)), at)
		},
		Key: func(b []byte, r kind.Row) []byte {
			if since := c.Since.Of(r); !since.IsZero() {
				return c.Since.AppendKey(b, r)
			}
			return c.Seen.AppendKey(b, r)
		},
	}
	isAlive := view.Column{
		Title: "ALIVE",
		Text: func(r live.Row, at view.Clock) string {
			if a, ok := aliveHolder(set, r.(kind.Row), at); ok {
				return a.text()
			}
			return ""
		},
		KeyIn: func(l view.Lookup) func([]byte, kind.Row) []byte {
			at := view.Clock{Now: time.Now(), Others: l}
			return func(b []byte, r kind.Row) []byte {
				a, ok := aliveHolder(set, r, at)
				if !ok {
					return kind.AppendUnknownKey(b)
				}
				return kind.AppendIntKey(b, int64(a.rank()))
			}
		},
		Tone: func(r live.Row, at view.Clock) view.Tone {
			a, _ := aliveHolder(set, r.(kind.Row), at)
			return a.tone()
		},
	}
	fence := func(n int64) string {
		if n == 0 { // it was not taken by AcquireLock
			return "-"
		}
		return decimal(n)
	}
	return View{
		View: &view.View{
			Name: "locks", Title: "Locks", Short: "Locks", Kind: "locks",
			Jump:  func(text string) string { return text },
			Empty: "One can be taken by hand (lock); services take one with actorstore's AcquireLock, under lock:what:id.",
			Columns: []view.Column{
				grow(textOf("KEY", kind.Row.ID)),
				layoutColumn(c.Layout),
				foreign(textColumn("HOLDER", c.Holder), func(r kind.Row) bool { return c.Holder.Of(r) != "" }),
				foreign(isAlive, func(r kind.Row) bool { _, ok := set.Holder("locks", r); return ok }),
				foreign(held, has),
				textColumn("TOKEN", c.Token),
				ttl("TTL", c.Expires),
				ours(number("FENCE", c.Fence, fence), c.Layout),
			},
			Facts: facts(func(r kind.Row, at view.Clock) []view.Fact {
				if has(r) {
					return foreignLock(set, r, at)
				}
				return []view.Fact{
					{Name: "lock", Text: r.ID()},
					fact("held by", c.Token.Of(r), c.Token.Err(r)),
					fact("expires", leftWords(c.Expires.Of(r), at), c.Expires.Err(r)),
					fact("fence", fence(c.Fence.Of(r)), c.Fence.Err(r)),
				}
			}),
			Links: links(func(r kind.Row, l view.Lookup) []view.Link {
				if has(r) {
					return layoutLinks(set, "locks", r, l)
				}
				_, rest, _ := strings.Cut(r.ID(), ":")
				what, id, ok := strings.Cut(rest, ":")
				if !ok {
					return nil
				}
				kinds := what + "s"
				table := l.Table(kind.Name(kinds))
				if _, exists := table.Get(id); exists {
					return []view.Link{{Label: "guards", View: kinds, ID: id}}
				}
				var out []view.Link
				if kinds == "actors" {
					for _, id := range inSpaces(table, id) {
						out = append(out, view.Link{Label: "guards", View: kinds, ID: id})
					}
				}
				return out
			}),
			Actions: []view.Action{
				{
					ID: keymap.Lock, Label: "lock", NoRow: true,
					Form: func(live.Row) view.Form { return lockForm("lock:") },
					Plan: takeLock,
				},
				{
					ID: keymap.Unlock, Label: "unlock", Bulk: true,
					Blocked: either(notOurs(c.Layout), func(r live.Row) string {
						if err := c.Token.Err(r.(kind.Row)); err != nil {
							return "its token is not known: " + err.Error()
						}
						return ""
					}),
					Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
						l := r.(kind.Row)
						if c.Layout.Of(l) != "" {
							return o.ReleaseRow("locks", l)
						}
						release := o.ReleaseLock(l.ID(), c.Token.Of(l), c.Fence.Of(l))
						if c.Fence.Err(l) != nil {
							release.Summary += "; its fence is not known, so the token alone decides"
						}
						return release, nil
					},
				},
			},
		},
		Fields: []Field{
			derived("key", func(r kind.Row) any { return r.ID() }),
			field("token", c.Token),
			ttlField("ttl_ms", c.Expires),
			field("fence", c.Fence),
			derived("layout", func(r kind.Row) any { return orNull(c.Layout.Of(r)) }),
			derived("holder", func(r kind.Row) any { return orNull(c.Holder.Of(r)) }),
			field("held_since", c.Since),
			{"alive", func(r live.Row, at view.Clock) any {
				a, _ := aliveHolder(set, r.(kind.Row), at)
				return a.value()
			}},
		},
		Others: []kind.Name{"workers"},
	}
}

// foreignLock is the head of the detail of a lock that a layout describes.
func foreignLock(set *layout.Set, r kind.Row, at view.Clock) []view.Fact {
	c := actorstore.LockColumns
	out := []view.Fact{{Name: "lock", Text: r.ID()}, fromLayout(c.Layout.Of(r)), fact("token", c.Token.Of(r), c.Token.Err(r))}
	if holder := c.Holder.Of(r); holder != "" || c.Holder.Err(r) != nil {
		out = append(out, fact("held by", holder, c.Holder.Err(r)))
	}
	if a, ok := aliveHolder(set, r, at); ok {
		out = append(out, view.Fact{Name: "holder", Text: [...]string{"nobody tells whether it lives", "is not alive", "is alive"}[a], Tone: a.tone()})
	}
	return append(out, heldFact(c.Since.Of(r), c.Seen.Of(r), at), fact("expires", leftWords(c.Expires.Of(r), at), c.Expires.Err(r)))
}

func takeLock(o *operate.Operator, _ live.Row, in map[string]string) (operate.Action, error) {
	ttl, err := time.ParseDuration(in["ttl"])
	if err != nil {
		return operate.Action{}, err
	}
	return o.TakeLock(in["key"], in["token"], ttl)
}

func lockForm(key string) view.Form {
	return view.Form{Title: "take a lock", Fields: []view.Field{
		{Name: "key", Label: "key", Value: key, Hint: "lock:what:id", Check: func(s string) error {
			if s == "" || strings.HasSuffix(s, ":") {
				return errors.New("a lock needs a whole key, such as lock:actor:a1")
			}
			return nil
		}},
		{Name: "ttl", Label: "expires after", Value: "30s", Hint: "30s, 5m", Check: func(s string) error {
			if d, err := time.ParseDuration(s); err != nil || d <= 0 {
				return errors.New("a time above 0, such as 30s or 5m")
			}
			return nil
		}},
		{Name: "token", Label: "token", Hint: "a random one", Check: operate.CheckToken},
	}}
}

// guard is the key of the lock that by convention guards a row.
func guard(what, id string) string { return "lock:" + what + ":" + id }

// lockRow takes the lock that guards a row.
func lockRow(key func(live.Row) string, blocked ...func(live.Row) string) view.Action {
	return view.Action{
		ID: keymap.Lock, Label: "lock", Blocked: either(blocked...),
		Form: func(r live.Row) view.Form { return lockForm(key(r)) },
		Plan: takeLock,
	}
}

// locksOn are links to the lock that guards a row, if it is held.
func locksOn(l view.Lookup, what, id string) []view.Link {
	key := guard(what, id)
	if _, held := l.Table("locks").Get(key); held {
		return []view.Link{{Label: "locked by", View: "locks", ID: key}}
	}
	return nil
}

// maxSpaces is how many atespaces, and actors without one, are looked at for the actor that a lock guards.
const maxSpaces = 500

// inSpaces are the actors of a name in any atespace. It goes from one atespace to the next, at the cost of two searches
// each, however many actors there are.
func inSpaces(actors *live.Table, name string) (ids []string) {
	at := 0
	for range maxSpaces {
		if at >= actors.Len() {
			break
		}
		space, _, ok := strings.Cut(actors.Row(at).ID(), ":")
		if !ok {
			at++
			continue
		}
		if _, ok := actors.Get(space + ":" + name); ok {
			ids = append(ids, space+":"+name)
		}
		at, _ = actors.Index(space + ";") // the character after the colon
	}
	return ids
}
