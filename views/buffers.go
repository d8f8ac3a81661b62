package views

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/buffer"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/tui/view"
)

func buffers() View {
	c := buffer.Columns
	state := func(r kind.Row) string {
		if c.Prepared.Of(r) == 0 {
			return "live"
		}
		return "prepared"
	}
	lockWords := func(r kind.Row, at view.Clock) string {
		if c.LockExpires.Err(r) != nil {
			return "expiry " + notKnownText
		}
		return leftWords(c.LockExpires.Of(r), at)
	}
	return View{
		View: &view.View{
			Name: "buffers", Title: "Buffers", Short: "Bufs", Kind: "buffers",
			Empty: "Services create one with buffer.Push, under buf:{store}:list.",
			Columns: []view.Column{
				grow(textColumn("STORE", c.Store)),
				toned(textOf("STATE", state), func(r kind.Row) view.Tone {
					if c.Prepared.Of(r) != 0 {
						return view.Warn
					}
					return view.Plain
				}),
				number("RECORDS", c.Count, nil),
				number("BYTES", c.Bytes, func(n int64) string { return humanize.Bytes(uint64(max(0, n))) }),
				number("KEYS", c.Keys, nil),
				age("OLDEST", c.FirstWrite),
				known(view.Column{
					Title: "LOCK",
					Text: func(r live.Row, at view.Clock) string {
						if !c.Locked.Of(r.(kind.Row)) {
							return "-"
						}
						return "locked, " + lockWords(r.(kind.Row), at)
					},
					Key: c.LockExpires.AppendKey,
				}, c.Locked.Err),
				{
					Title: "PREPARED", Right: true,
					Text: func(r live.Row, at view.Clock) string {
						if c.Prepared.Of(r.(kind.Row)) == 0 {
							return "-"
						}
						return ago(prepared(r.(kind.Row)), at)
					},
					Key: func(b []byte, r kind.Row) []byte { // live buffers last
						return kind.AppendIntKey(b, cmp.Or(c.Prepared.Of(r), math.MaxInt64))
					},
				},
			},
			Facts: facts(func(r kind.Row, at view.Clock) []view.Fact {
				f := []view.Fact{
					{Name: "store", Text: c.Store.Of(r)},
					{Name: "state", Text: state(r)},
					fact("records", humanize.Comma(c.Count.Of(r)), c.Count.Err(r)),
					fact("size", fmt.Sprintf("%s bytes", humanize.Comma(c.Bytes.Of(r))), c.Bytes.Err(r)),
					fact("distinct keys", humanize.Comma(c.Keys.Of(r)), c.Keys.Err(r)),
				}
				if first, err := c.FirstWrite.Of(r), c.FirstWrite.Err(r); !first.IsZero() || err != nil {
					f = append(f, fact("first write", first.Format(time.RFC3339)+", "+ago(first, at)+" ago", err))
				}
				if batch := c.Prepared.Of(r); batch != 0 {
					f = append(f, view.Fact{Name: "prepared", Text: fmt.Sprintf("%s ago as batch %d, immutable until it is emptied", ago(prepared(r), at), batch), Tone: view.Warn})
				}
				switch {
				case c.Locked.Err(r) != nil:
					f = append(f, fact("locked", "", c.Locked.Err(r)))
				case c.Locked.Of(r):
					holder := "by " + c.LockToken.Of(r)
					if c.LockToken.Err(r) != nil {
						holder = "by " + notKnownText
					}
					f = append(f, view.Fact{Name: "locked", Text: holder + ", " + lockWords(r, at), Tone: view.Warn})
					if err := cmp.Or(c.LockToken.Err(r), c.LockExpires.Err(r)); err != nil {
						f = append(f, fact("all of the lock", "", err))
					}
				}
				return f
			}),
			Part: part(func(r kind.Row) string {
				switch {
				case c.Count.Err(r) != nil:
					return fmt.Sprintf("at most the first %d records", buffer.MaxInspect)
				case c.Count.Of(r) <= buffer.MaxInspect:
					return ""
				}
				return fmt.Sprintf("first %d of %s records", buffer.MaxInspect, humanize.Comma(c.Count.Of(r)))
			}),
			Links: links(func(r kind.Row, l view.Lookup) []view.Link {
				var out []view.Link
				for _, other := range l.Table("buffers").All(0) {
					if !other.Bad() && c.Store.Of(other) == c.Store.Of(r) && c.Prepared.Of(other) != c.Prepared.Of(r) {
						out = append(out, view.Link{Label: state(other), View: "buffers", ID: other.ID()})
					}
				}
				return out
			}),
			Actions: []view.Action{{
				ID: keymap.Flush, Label: "flush", Bulk: true,
				Blocked: func(r live.Row) string {
					switch b := r.(kind.Row); {
					case c.Locked.Of(b) && c.LockToken.Err(b) != nil:
						return "it is locked, by whom is not known: " + c.LockToken.Err(b).Error()
					case c.Locked.Of(b):
						return "it is locked by " + c.LockToken.Of(b)
					case c.Count.Of(b) == 0 && c.Count.Err(b) == nil:
						return "it is empty"
					}
					return ""
				},
				Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
					b := r.(kind.Row)
					count, size := c.Count.Of(b), c.Bytes.Of(b)
					if c.Count.Err(b) != nil {
						count = -1
					}
					if c.Bytes.Err(b) != nil {
						size = -1
					}
					flush := o.FlushBatch(c.Store.Of(b), c.Prepared.Of(b), count, size)
					if c.Locked.Err(b) != nil {
						flush.Summary += "; whether it is locked is not known, and if it is it stays as it is"
					}
					return flush, nil
				},
			}, {
				ID: keymap.Unlock, Label: "unlock",
				Blocked: func(r live.Row) string {
					switch b := r.(kind.Row); {
					case c.Locked.Err(b) != nil:
						return "whether it is locked is not known: " + c.Locked.Err(b).Error()
					case !c.Locked.Of(b):
						return "it is not locked"
					case c.LockToken.Err(b) != nil:
						return "the token of its lock is not known: " + c.LockToken.Err(b).Error()
					}
					return ""
				},
				Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
					b := r.(kind.Row)
					return o.UnlockBuffer(c.Store.Of(b), c.Prepared.Of(b), c.LockToken.Of(b)), nil
				},
			}},
		},
		Fields: []Field{
			field("store", c.Store),
			field("prepared_ms", c.Prepared),
			field("count", c.Count),
			field("bytes", c.Bytes),
			field("keys", c.Keys),
			field("first_write", c.FirstWrite),
			field("locked", c.Locked),
			ttlField("lock_ttl_ms", c.LockExpires),
		},
	}
}

// prepared is when a batch was prepared.
func prepared(r kind.Row) time.Time { return time.UnixMilli(buffer.Columns.Prepared.Of(r)) }
