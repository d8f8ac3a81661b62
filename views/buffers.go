package views

import (
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
	return View{
		View: &tui.View{
			Name: "buffers", Title: "Buffers", Short: "Bufs", Kind: "buffers",
			Empty: "A service makes one with buffer.Push, under buf:{store}:list.",
			Columns: []tui.Column{
				grow(text("STORE", func(r row) string { return r.Store })),
				toned(text("STATE", state), func(r row) tui.Tone {
					if r.PreparedMS != 0 {
						return tui.Warn
					}
					return tui.Plain
				}),
				number("RECORDS", func(r row) int64 { return r.Count }),
				{
					Title: "BYTES", Right: true,
					Text:    func(r live.Row, _ tui.Clock) string { return humanize.Bytes(uint64(max(0, r.(row).Bytes))) },
					Compare: number("", func(r row) int64 { return r.Bytes }).Compare,
				},
				number("KEYS", func(r row) int64 { return r.Keys }),
				age("OLDEST", func(r row) time.Time { return r.FirstWrite }),
				{
					Title: "LOCK",
					Text: func(r live.Row, at tui.Clock) string {
						if !r.(row).Locked {
							return "-"
						}
						return "locked, " + leftWords(lockLeft(r.(row)), at)
					},
					Compare: func(a, b live.Row) int { return compareDeadlines(lockLeft(a.(row)), lockLeft(b.(row))) },
				},
				age("PREPARED", prepared),
			},
			Facts: facts(func(r row, at tui.Clock) []tui.Fact {
				f := []tui.Fact{
					{Name: "store", Text: r.Store},
					{Name: "state", Text: state(r)},
					{Name: "records", Text: humanize.Comma(r.Count)},
					{Name: "size", Text: fmt.Sprintf("%s bytes", humanize.Comma(r.Bytes))},
					{Name: "distinct keys", Text: humanize.Comma(r.Keys)},
				}
				if !r.FirstWrite.IsZero() {
					f = append(f, tui.Fact{Name: "first write", Text: r.FirstWrite.Format(time.RFC3339) + ", " + ago(r.FirstWrite, at) + " ago"})
				}
				if r.PreparedMS != 0 {
					f = append(f, tui.Fact{Name: "prepared", Text: fmt.Sprintf("%s ago as batch %d, which does not change until it is emptied", ago(prepared(r), at), r.PreparedMS), Tone: tui.Warn})
				}
				if r.Locked {
					f = append(f, tui.Fact{Name: "locked", Text: "by " + r.LockToken + ", " + leftWords(r.LockExpires, at), Tone: tui.Warn})
				}
				return f
			}),
			Part: part(func(r row) string {
				if r.Count <= buffer.InspectMost {
					return ""
				}
				return fmt.Sprintf("first %d of %s records", buffer.InspectMost, humanize.Comma(r.Count))
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
					case b.Locked:
						return "it is locked by " + b.LockToken
					case b.Count == 0:
						return "it is empty"
					}
					return ""
				},
				Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
					b := r.(row)
					return o.FlushBatch(b.Store, b.PreparedMS, b.Count, b.Bytes), nil
				},
			}, {
				ID: keymap.Unlock, Label: "unlock",
				Blocked: func(r live.Row) string {
					if !r.(row).Locked {
						return "it is not locked"
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
			field("count", func(r row) any { return r.Count }),
			field("bytes", func(r row) any { return r.Bytes }),
			field("keys", func(r row) any { return r.Keys }),
			field("first_write", func(r row) any { return r.FirstWrite }),
			field("locked", func(r row) any { return r.Locked }),
			ttlField("lock_ttl_ms", lockLeft),
		},
	}
}
