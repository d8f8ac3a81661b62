package views

import (
	"strings"

	"holdfast/core/actorstore"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/tui"
)

func workers() View {
	type row = *actorstore.WorkerRow
	state := func(r row) string {
		switch name := strings.ToLower(r.State()); {
		case r.Unread() != "" && r.Unread() != "metadata":
			return "unknown"
		case name != "" && name != "active" && r.ActorID != "":
			return name + ", busy"
		case name != "" && name != "active":
			return name
		case r.ActorID == "":
			return "idle"
		}
		return "busy"
	}
	return View{
		View: &tui.View{
			Name: "workers", Title: "Workers", Short: "Wrks", Kind: "workers",
			Empty: "Services create one with actorstore's CreateWorker, under worker:namespace:pool:pod.",
			Columns: []tui.Column{
				grow(textColumn("POD", func(r row) string { return r.Pod })),
				textColumn("POOL", func(r row) string { return r.Pool }),
				textColumn("NAMESPACE", func(r row) string { return r.Namespace }),
				toned(textColumn("STATE", state), func(r row) tui.Tone {
					switch state(r) {
					case "idle":
						return tui.Muted
					case "busy":
						return tui.Good
					}
					return tui.Warn
				}),
				textColumn("ACTOR", func(r row) string { return orDash(r.ActorID) }),
				textColumn("IP", func(r row) string { return orDash(r.IP) }),
				number("VERSION", func(r row) int64 { return r.Version }),
			},
			Facts: facts(func(r row, _ tui.Clock) []tui.Fact {
				return withUnread(r.Unread(), []tui.Fact{
					{Name: "pod", Text: r.Pod},
					{Name: "pool", Text: r.Pool},
					{Name: "namespace", Text: r.Namespace},
					{Name: "state", Text: state(r)},
					{Name: "actor", Text: orDash(r.ActorID)},
					{Name: "ip", Text: orDash(r.IP)},
				})
			}),
			Links: links(func(r row, l tui.Lookup) []tui.Link {
				var out []tui.Link
				if id, ok := actorOf(r, l); ok {
					out = append(out, tui.Link{Label: "actor", View: "actors", ID: id})
				}
				return append(out, locksOn(l, "worker", r.ID())...)
			}),
			Actions: []tui.Action{
				{ID: keymap.Edit, Label: "edit", Edit: true},
				lockRow(func(r live.Row) string { return guard("worker", r.ID()) }),
				{
					ID: keymap.Delete, Label: "delete", Bulk: true,
					Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
						return o.Delete("workers", r.ID(), r.(row).Version)
					},
				},
			},
		},
		Fields: []Field{
			field("namespace", func(r row) any { return r.Namespace }),
			field("pool", func(r row) any { return r.Pool }),
			field("pod", func(r row) any { return r.Pod }),
			field("ip", func(r row) any { return r.IP }),
			field("version", func(r row) any { return r.Version }),
			field("actor_id", func(r row) any { return r.ActorID }),
			field("actor_atespace", func(r row) any { return r.ActorSpace }),
			field("state", func(r row) any { return state(r) }),
			field("unread", func(r row) any { return orNull(r.Unread()) }),
		},
	}
}

// actorOf finds the row of the actor that a worker runs, in the layout with an atespace or without.
func actorOf(r *actorstore.WorkerRow, l tui.Lookup) (id string, ok bool) {
	if r.ActorID == "" {
		return "", false
	}
	for _, id := range []string{r.ActorSpace + ":" + r.ActorID, r.ActorID} {
		if _, ok := l.Table("actors").Get(id); ok {
			return id, true
		}
	}
	return r.ActorID, true
}
