package views

import (
	"fmt"

	"holdfast/core/genstore"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/tui/view"
)

func generations() View {
	c := genstore.Columns
	return View{
		View: &view.View{
			Name: "generations", Title: "Generations", Short: "Gens", Kind: "generations",
			Empty: "Services create one with genstore's Bump, under gen:namespace:key.",
			Columns: []view.Column{
				grow(textColumn("KEY", c.Key)),
				textOr("NAMESPACE", c.Namespace),
				number("GENERATION", c.Generation, nil),
				ttl("TTL", c.Expires),
			},
			Facts: facts(func(r kind.Row, at view.Clock) []view.Fact {
				return []view.Fact{
					{Name: "namespace", Text: orDash(c.Namespace.Of(r))},
					{Name: "key", Text: c.Key.Of(r)},
					fact("generation", fmt.Sprint(c.Generation.Of(r)), c.Generation.Err(r)),
					fact("expires", leftWords(c.Expires.Of(r), at), c.Expires.Err(r)),
				}
			}),
			Actions: []view.Action{{
				ID: keymap.Bump, Label: "bump", Bulk: true,
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
			field("generation", c.Generation),
			ttlField("ttl_ms", c.Expires),
		},
	}
}
