package views

import (
	"strings"

	"holdfast/core/actorstore"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/tui/view"
)

func workers() View {
	c := actorstore.WorkerColumns
	state := func(r kind.Row) string {
		free, unread := c.Actor.Of(r) == "", c.Unread.Of(r)
		switch name := strings.ToLower(c.State.Of(r)); {
		case unread != "" && unread != "metadata":
			return "unknown"
		case name != "" && name != "active" && !free:
			return name + ", busy"
		case name != "" && name != "active":
			return name
		case free:
			return "idle"
		}
		return "busy"
	}
	return View{
		View: &view.View{
			Name: "workers", Title: "Workers", Short: "Wrks", Kind: "workers",
			Empty: "Services create one with actorstore's CreateWorker, under worker:namespace:pool:pod.",
			Columns: []view.Column{
				grow(textColumn("POD", c.Pod)),
				textColumn("POOL", c.Pool),
				textColumn("NAMESPACE", c.Namespace),
				toned(textOf("STATE", state), func(r kind.Row) view.Tone {
					switch state(r) {
					case "idle":
						return view.Muted
					case "busy":
						return view.Good
					}
					return view.Warn
				}),
				textOr("ACTOR", c.Actor),
				textOr("IP", c.IP),
				number("VERSION", c.Version, nil),
			},
			Facts: facts(func(r kind.Row, _ view.Clock) []view.Fact {
				return withUnread(c.Unread.Of(r), []view.Fact{
					{Name: "pod", Text: c.Pod.Of(r)},
					{Name: "pool", Text: c.Pool.Of(r)},
					{Name: "namespace", Text: c.Namespace.Of(r)},
					{Name: "state", Text: state(r)},
					{Name: "actor", Text: orDash(c.Actor.Of(r))},
					{Name: "ip", Text: orDash(c.IP.Of(r))},
				})
			}),
			Links: links(func(r kind.Row, l view.Lookup) []view.Link {
				var out []view.Link
				if id, ok := actorOf(r, l); ok {
					out = append(out, view.Link{Label: "actor", View: "actors", ID: id})
				}
				return append(out, locksOn(l, "worker", r.ID())...)
			}),
			Actions: []view.Action{
				{ID: keymap.Edit, Label: "edit", Edit: true},
				lockRow(func(r live.Row) string { return guard("worker", r.ID()) }),
				{
					ID: keymap.Delete, Label: "delete", Bulk: true,
					Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
						return o.Delete("workers", r.ID(), c.Version.Of(r.(kind.Row)))
					},
				},
			},
		},
		Fields: []Field{
			field("namespace", c.Namespace),
			field("pool", c.Pool),
			field("pod", c.Pod),
			field("ip", c.IP),
			field("version", c.Version),
			field("actor_id", c.Actor),
			field("actor_atespace", c.ActorSpace),
			derived("state", func(r kind.Row) any { return state(r) }),
			derived("unread", func(r kind.Row) any { return orNull(c.Unread.Of(r)) }),
		},
	}
}

// actorOf finds the row of the actor that a worker runs, in the layout with an atespace or without.
func actorOf(worker kind.Row, l view.Lookup) (id string, ok bool) {
	actor := actorstore.WorkerColumns.Actor.Of(worker)
	if actor == "" {
		return "", false
	}
	for _, id := range []string{actorstore.WorkerColumns.ActorSpace.Of(worker) + ":" + actor, actor} {
		if _, ok := l.Table("actors").Get(id); ok {
			return id, true
		}
	}
	return actor, true
}
