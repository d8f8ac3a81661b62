package views

import (
	"strings"

	"holdfast/core/actorstore"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/keymap"
	"holdfast/tui"
)

func actors() View {
	type row = *actorstore.ActorRow
	return View{
		View: &tui.View{
			Name: "actors", Title: "Actors", Short: "Acts", Kind: "actors",
			Empty: "A service makes one with actorstore's CreateActor, under actor:id.",
			Columns: []tui.Column{
				grow(text("ACTOR", func(r row) string { return r.ActorID() })),
				toned(text("STATUS", func(r row) string { return strings.TrimPrefix(r.Status(), "STATUS_") }), func(r row) tui.Tone { return statusTone(r.Status()) }),
				text("WORKER", func(r row) string { return orDash(r.Worker()) }),
				text("IP", func(r row) string { return orDash(r.PodIP()) }),
				text("TEMPLATE", func(r row) string { return orDash(r.Template()) }),
				number("VERSION", func(r row) int64 { return r.Version }),
				text("ATESPACE", func(r row) string { return orDash(r.Atespace()) }),
			},
			Facts: facts(func(r row, _ tui.Clock) []tui.Fact {
				return []tui.Fact{
					{Name: "actor", Text: r.ActorID()},
					{Name: "atespace", Text: orDash(r.Atespace())},
					{Name: "status", Text: r.Status(), Tone: statusTone(r.Status())},
					{Name: "worker", Text: orDash(r.Worker())},
					{Name: "ip", Text: orDash(r.PodIP())},
					{Name: "template", Text: orDash(r.Template())},
				}
			}),
			Links: links(func(r row, l tui.Lookup) []tui.Link {
				var out []tui.Link
				if id, ok := workerOf(r, l); ok {
					out = append(out, tui.Link{Label: "worker", View: "workers", ID: id})
				}
				if r.ID() != r.ActorID() { // a service may name the lock with the atespace or without
					out = append(out, locksOn(l, "actor", r.ID())...)
				}
				return append(out, locksOn(l, "actor", r.ActorID())...)
			}),
			Actions: []tui.Action{
				{ID: keymap.Edit, Label: "edit", Edit: true},
				lockRow(func(r live.Row) string { return guard("actor", r.(row).ActorID()) }),
				{
					ID: keymap.Delete, Label: "delete", Bulk: true,
					Blocked: func(r live.Row) string {
						if s := r.(row).Status(); s != "STATUS_SUSPENDED" {
							return "only a suspended actor can be deleted, this one is " + s
						}
						return ""
					},
					Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
						return o.Delete("actors", r.ID(), r.(row).Version)
					},
				},
			},
		},
		Fields: []Field{
			field("id", func(r row) any { return r.ActorID() }),
			field("atespace", func(r row) any { return r.Atespace() }),
			field("version", func(r row) any { return r.Version }),
			field("status", func(r row) any { return r.Status() }),
			field("template", func(r row) any { return r.Template() }),
			field("worker", func(r row) any { return r.Worker() }),
			field("ip", func(r row) any { return r.PodIP() }),
		},
	}
}

func statusTone(status string) tui.Tone {
	switch status {
	case "STATUS_RUNNING":
		return tui.Good
	case "STATUS_RESUMING", "STATUS_SUSPENDING", "STATUS_PAUSING":
		return tui.Warn
	case "STATUS_SUSPENDED", "STATUS_PAUSED":
		return tui.Muted
	}
	return tui.Bad
}

// workerOf finds the worker row of an actor, also where the document does not name the pool.
func workerOf(r *actorstore.ActorRow, l tui.Lookup) (id string, ok bool) {
	if r.Worker() == "" {
		return "", false
	}
	namespace, pod, short := strings.Cut(r.Worker(), "/")
	if !short {
		return r.Worker(), true
	}
	l.Table("workers").Range(namespace+":", func(w live.Row) bool {
		if id = w.ID(); strings.HasSuffix(id, ":"+pod) {
			ok = true
		}
		return !ok
	})
	return id, ok
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
