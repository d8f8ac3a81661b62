package views

import (
	"fmt"

	"github.com/dustin/go-humanize"

	"holdfast/core/anykey"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui/view"
)

// keys lists any keys under a prefix that was asked for, as they were read then. It has no tab: the palette leads here.
func keys() View {
	c := anykey.Columns
	idle := known(view.Column{
		Title: "IDLE", Right: true,
		Text: func(r live.Row, _ view.Clock) string { return text.Age(c.Idle.Of(r.(kind.Row))) },
		Key:  c.Idle.AppendKey,
	}, c.Idle.Err)
	return View{
		View: &view.View{
			Name: "keys", Title: "Keys", Short: "Keys", Kind: anykey.Keys, Parent: "overview",
			Empty: "No key begins so.",
			Columns: []view.Column{
				grow(textColumn("KEY", c.Key)),
				textColumn("TYPE", c.Type),
				number("SIZE", c.Size, nil),
				number("MEMORY", c.Memory, func(n int64) string { return text.Bytes(n) }),
				ttl("TTL", c.Expires),
				textColumn("ENCODING", c.Encoding),
				idle,
			},
			Facts: facts(func(r kind.Row, at view.Clock) []view.Fact {
				noun := anykey.Noun(c.Type.Of(r))
				return []view.Fact{
					fact("type", c.Type.Of(r), c.Type.Err(r)),
					fact("size", fmt.Sprintf("%s %s", humanize.Comma(c.Size.Of(r)), noun), c.Size.Err(r)),
					fact("memory", humanize.Comma(c.Memory.Of(r))+" bytes", c.Memory.Err(r)),
					fact("expires", leftWords(c.Expires.Of(r), at), c.Expires.Err(r)),
					fact("encoding", c.Encoding.Of(r), c.Encoding.Err(r)),
					fact("idle", text.Age(c.Idle.Of(r))+" as it was read", c.Idle.Err(r)),
				}
			}),
		},
		Fields: []Field{
			field("key", c.Key),
			field("type", c.Type),
			field("size", c.Size),
			field("memory", c.Memory),
			ttlField("ttl_ms", c.Expires),
			field("encoding", c.Encoding),
			knownField(Field{"idle_s", func(r live.Row, _ view.Clock) any { return int64(c.Idle.Of(r.(kind.Row)).Seconds()) }}, c.Idle.Err),
		},
	}
}
