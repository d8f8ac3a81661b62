package views

import (
	"cmp"
	"fmt"

	"holdfast/core/genstore"
	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/tui/view"
)

func generations(set *layout.Set) View {
	c := genstore.Columns
	has := ofLayout(c.Layout)
	state := number("GENERATION", c.Generation, nil)
	count := state.Text
	state.Text = func(r live.Row, at view.Clock) string {
		if fence := c.Fence.Of(r.(kind.Row)); fence != "" {
			return text.Start(fence, shortFence) + "…"
		}
		return count(r, at)
	}
	state.Whole = func(r live.Row) string { return generationText(r.(kind.Row)) }
	return View{
		View: &view.View{
			Name: "generations", Title: "Generations", Short: "Gens", Kind: "generations",
			Empty: "Services create one with genstore's Bump, under gen:namespace:key.",
			Columns: []view.Column{
				grow(textColumn("KEY", c.Key)),
				layoutColumn(c.Layout),
				textOr("NAMESPACE", c.Namespace),
				state,
				ttl("TTL", c.Expires),
			},
			Facts: facts(func(r kind.Row, at view.Clock) []view.Fact {
				out := []view.Fact{
					{Name: "namespace", Text: orDash(c.Namespace.Of(r))},
					{Name: "key", Text: c.Key.Of(r)},
					fact("generation", generationText(r), cmp.Or(c.Generation.Err(r), c.Fence.Err(r))),
					fact("expires", leftWords(c.Expires.Of(r), at), c.Expires.Err(r)),
				}
				if has(r) {
					out = append(out, fromLayout(c.Layout.Of(r)))
				}
				return out
			}),
			Links: links(func(r kind.Row, l view.Lookup) []view.Link { return layoutLinks(set, "generations", r, l) }),
			Actions: []view.Action{{
				ID: keymap.Bump, Label: "bump", Bulk: true, Blocked: notOurs(c.Layout),
				Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
					if c.Layout.Of(r.(kind.Row)) != "" {
						return o.BumpRow("generations", r.(kind.Row))
					}
					return o.BumpGeneration(c.Namespace.Of(r.(kind.Row)), c.Key.Of(r.(kind.Row))), nil
				},
			}},
		},
		Fields: []Field{
			field("namespace", c.Namespace),
			field("key", c.Key),
			{"generation", func(r live.Row, _ view.Clock) any {
				if has(r.(kind.Row)) && c.Fence.Of(r.(kind.Row)) != "" {
					return nil
				}
				return c.Generation.Value(r.(kind.Row))
			}},
			ttlField("ttl_ms", c.Expires),
			derived("layout", func(r kind.Row) any { return orNull(c.Layout.Of(r)) }),
			derived("fence", func(r kind.Row) any { return orNull(c.Fence.Of(r)) }),
		},
	}
}

// shortFence is how much of a fence that is no number a cell shows.
const shortFence = 8

// generationText is the number of a generation, or the fence that stands for it.
func generationText(r kind.Row) string {
	if fence := genstore.Columns.Fence.Of(r); fence != "" {
		return fence
	}
	return fmt.Sprint(genstore.Columns.Generation.Of(r))
}
