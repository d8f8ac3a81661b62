package views

import (
	"cmp"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"holdfast/core/buffer"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/tui"
)

func buffers() View {
	type row = *buffer.Row
	state := func(r row) string {
		if r.PreparedMS == 0 {
			return "live"
		}
		return "prepared"
	}
	prepared := func(r row) time.Time {
		if r.PreparedMS == 0 {
			return time.Time{}
		}
		return time.UnixMilli(r.PreparedMS)
	}
	lockLeft := func(r row) time.Time { return r.LockExpires }
	noLock := func(r row) error { return r.LockErr }
	noKeys := func(r row) error { return r.KeysErr }
	noCount := func(r row) error { return r.CountErr }
	noBytes := func(r row) error { return r.BytesErr }
	noFirst := func(r row) error { return r.FirstWriteErr }
	lockWords := func(r row, at tui.Clock) string {
		if r.ExpiresErr != nil {
			return "expiry " + notKnownText
		}
		return leftWords(r.LockExpires, at)
	}
	return View{
		View: &tui.View{
			Name: "buffers", Title: "Buffers", Short: "Bufs", Kind: "buffers",
			Empty: "Services create one with buffer.Push, under buf:{store}:list.",
			Columns: []tui.Column{
				grow(textColumn("STORE", func(r row) string { return r.Store })),
				toned(textColumn("STATE", state), func(r row) tui.Tone {
					if r.PreparedMS != 0 {
						return tui.Warn
					}
					return tui.Plain
				}),
				known(number("RECORDS", func(r row) int64 { return r.Count }), noCount),
				known(tui.Column{
					Title: "BYTES", Right: true,
					Text:    func(r live.Row, _ tui.Clock) string { return humanize.Bytes(uint64(max(0, r.(row).Bytes))) },
					Compare: number("", func(r row) int64 { return r.Bytes }).Compare,
				}, noBytes),
				known(number("KEYS", func(r row) int64 { return r.Keys }), noKeys),
				known(age("OLDEST", func(r row) time.Time { return r.FirstWrite }), noFirst),
				known(tui.Column{
					Title: "LOCK",
					Text: func(r live.Row, at tui.Clock) string {
						if !r.(row).Locked {
							return "-"
						}
						return "locked, " + lockWords(r.(row), at)
					},
					Compare: func(a, b live.Row) int { return compareDeadlines(lockLeft(a.(row)), lockLeft(b.(row))) },
				}, noLock),
				age("PREPARED", prepared),
			},
			Facts: facts(func(r row, at tui.Clock) []tui.Fact {
				f := []tui.Fact{
					{Name: "store", Text: r.Store},
					{Name: "state", Text: state(r)},
					fact("records", humanize.Comma(r.Count), r.CountErr),
					fact("size", fmt.Sprintf("%s bytes", humanize.Comma(r.Bytes)), r.BytesErr),
					fact("distinct keys", humanize.Comma(r.Keys), r.KeysErr),
				}
				if !r.FirstWrite.IsZero() || r.FirstWriteErr != nil {
					f = append(f, fact("first write", r.FirstWrite.Format(time.RFC3339)+", "+ago(r.FirstWrite, at)+" ago", r.FirstWriteErr))
				}
				if r.PreparedMS != 0 {
					f = append(f, tui.Fact{Name: "prepared", Text: fmt.Sprintf("%s ago as batch %d, immutable until it is emptied", ago(prepared(r), at), r.PreparedMS), Tone: tui.Warn})
				}
				switch {
				case r.LockErr != nil:
					f = append(f, fact("locked", "", r.LockErr))
				case r.Locked:
					holder := "by " + r.LockToken
					if r.TokenErr != nil {
						holder = "by " + notKnownText
					}
					f = append(f, tui.Fact{Name: "locked", Text: holder + ", " + lockWords(r, at), Tone: tui.Warn})
					if err := cmp.Or(r.TokenErr, r.ExpiresErr); err != nil {
						f = append(f, fact("all of the lock", "", err))
					}
				}
				return f
			}),
			Part: part(func(r row) string {
				switch {
				case r.CountErr != nil:
					return fmt.Sprintf("at most the first %d records", buffer.MaxInspect)
				case r.Count <= buffer.MaxInspect:
					return ""
				}
				return fmt.Sprintf("first %d of %s records", buffer.MaxInspect, humanize.Comma(r.Count))
			}),
			Links: links(func(r row, l tui.Lookup) []tui.Link {
				var out []tui.Link
				t := l.Table("buffers")
				for i := range t.Len() {
					if other, ok := t.At(i).(row); ok && other.Problem() == nil && other.Store == r.Store && other.PreparedMS != r.PreparedMS {
						out = append(out, tui.Link{Label: state(other), View: "buffers", ID: other.ID()})
					}
				}
				return out
			}),
			Actions: []tui.Action{{
				ID: keymap.Flush, Label: "flush", Bulk: true,
				Blocked: func(r live.Row) string {
					switch b := r.(row); {
					case b.Locked && b.TokenErr != nil:
						return "it is locked, by whom is not known: " + b.TokenErr.Error()
					case b.Locked:
						return "it is locked by " + b.LockToken
					case b.Count == 0 && b.CountErr == nil:
						return "it is empty"
					}
					return ""
				},
				Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
					b := r.(row)
					count, size := b.Count, b.Bytes
					if b.CountErr != nil {
						count = -1
					}
					if b.BytesErr != nil {
						size = -1
					}
					flush := o.FlushBatch(b.Store, b.PreparedMS, count, size)
					if b.LockErr != nil {
						flush.Summary += "; whether it is locked is not known, and if it is it stays as it is"
					}
					return flush, nil
				},
			}, {
				ID: keymap.Unlock, Label: "unlock",
				Blocked: func(r live.Row) string {
					switch b := r.(row); {
					case b.LockErr != nil:
						return "whether it is locked is not known: " + b.LockErr.Error()
					case !b.Locked:
						return "it is not locked"
					case b.TokenErr != nil:
						return "the token of its lock is not known: " + b.TokenErr.Error()
					}
					return ""
				},
				Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
					b := r.(row)
					return o.UnlockBuffer(b.Store, b.PreparedMS, b.LockToken), nil
				},
			}},
		},
		Fields: []Field{
			field("store", func(r row) any { return r.Store }),
			field("prepared_ms", func(r row) any { return r.PreparedMS }),
			knownField(field("count", func(r row) any { return r.Count }), noCount),
			knownField(field("bytes", func(r row) any { return r.Bytes }), noBytes),
			knownField(field("keys", func(r row) any { return r.Keys }), noKeys),
			knownField(field("first_write", func(r row) any { return r.FirstWrite }), noFirst),
			knownField(field("locked", func(r row) any { return r.Locked }), noLock),
			knownField(ttlField("lock_ttl_ms", lockLeft), func(r row) error { return r.ExpiresErr }),
		},
	}
}
