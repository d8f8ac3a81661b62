package views

import (
	"fmt"
	"time"

	"holdfast/core/genstore"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/tui"
)

func generations() View {
	type row = *genstore.Row
	deadline := func(r row) time.Time { return r.Expires }
	noTTL := func(r row) error { return r.ExpiresErr }
	noGeneration := func(r row) error { return r.GenerationErr }
	return View{
		View: &tui.View{
			Name: "generations", Title: "Generations", Short: "Gens", Kind: "generations",
			Empty: "Services create one with genstore's Bump, under gen:namespace:key.",
			Columns: []tui.Column{
				grow(textColumn("KEY", func(r row) string { return r.Key })),
				textColumn("NAMESPACE", func(r row) string { return orDash(r.Namespace) }),
				known(number("GENERATION", func(r row) uint64 { return r.Generation }), noGeneration),
				known(ttl("TTL", deadline), noTTL),
			},
			Facts: facts(func(r row, at tui.Clock) []tui.Fact {
				return []tui.Fact{
					{Name: "namespace", Text: orDash(r.Namespace)},
					{Name: "key", Text: r.Key},
					fact("generation", fmt.Sprint(r.Generation), r.GenerationErr),
					fact("expires", leftWords(r.Expires, at), r.ExpiresErr),
				}
			}),
			Actions: []tui.Action{{
				ID: keymap.Bump, Label: "bump", Bulk: true,
				Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
					return o.BumpGeneration(r.(row).Namespace, r.(row).Key), nil
				},
			}},
		},
		Fields: []Field{
			field("namespace", func(r row) any { return r.Namespace }),
			field("key", func(r row) any { return r.Key }),
			knownField(field("generation", func(r row) any { return r.Generation }), noGeneration),
			knownField(ttlField("ttl_ms", deadline), noTTL),
		},
	}
}
