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
			Empty: "Services create one with actorstore's CreateActor, under actor:id.",
			Columns: []tui.Column{
				grow(textColumn("ACTOR", func(r row) string { return r.ActorID() })),
				toned(textColumn("STATUS", func(r row) string { return shortStatus(r.Status()) }), func(r row) tui.Tone { return statusTone(r.Status()) }),
				textColumn("WORKER", func(r row) string { return orDash(r.Worker()) }),
				textColumn("IP", func(r row) string { return orDash(r.PodIP()) }),
				textColumn("TEMPLATE", func(r row) string { return orDash(r.Template()) }),
				number("VERSION", func(r row) int64 { return r.Version }),
				textColumn("ATESPACE", func(r row) string { return orDash(r.Atespace()) }),
			},
			Facts: facts(func(r row, _ tui.Clock) []tui.Fact {
				return withUnread(r.Unread(), []tui.Fact{
					{Name: "actor", Text: r.ActorID()},
					{Name: "atespace", Text: orDash(r.Atespace())},
					{Name: "status", Text: r.Status(), Tone: statusTone(r.Status())},
					{Name: "worker", Text: orDash(r.Worker())},
					{Name: "ip", Text: orDash(r.PodIP())},
					{Name: "template", Text: orDash(r.Template())},
				})
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
						if name := r.(row).Unread(); name != "" {
							return unreadWords(name)
						}
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
			field("unread", func(r row) any { return orNull(r.Unread()) }),
		},
	}
}

// shortStatus is the name of a status in either layout without what all of them begin with.
func shortStatus(status string) string {
	return strings.TrimPrefix(strings.TrimPrefix(status, "STATUS_"), "ACTOR_STATE_")
}

func statusTone(status string) tui.Tone {
	switch shortStatus(status) {
	case "RUNNING":
		return tui.Good
	case "RESUMING", "SUSPENDING", "PAUSING", "DELETING":
		return tui.Warn
	case "SUSPENDED", "PAUSED":
		return tui.Muted
	}
	return tui.Bad
}

// withUnread adds why nothing acts on a document; see actorstore.ErrUnreadMember.
func withUnread(member string, facts []tui.Fact) []tui.Fact {
	if member == "" {
		return facts
	}
	return append(facts, tui.Fact{Name: "not acted on", Text: unreadWords(member), Tone: tui.Warn})
}

func unreadWords(member string) string {
	return "the member " + member + " of a newer writer could carry an assignment or a state"
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// workerOf finds the worker row of an actor: also where the document does not name the pool, or the row is that of the
// pod's uid.
func workerOf(r *actorstore.ActorRow, l tui.Lookup) (id string, ok bool) {
	if r.Worker() == "" {
		return "", false
	}
	workers := l.Table("workers")
	namespace, pod, short := strings.Cut(r.Worker(), "/")
	if !short {
		if _, there := workers.Get(r.Worker()); !there {
			if id, ok := byUID(workers, r); ok {
				return id, true
			}
		}
		return r.Worker(), true
	}
	workers.Range(namespace+":", func(w live.Row) bool {
		if id = w.ID(); strings.HasSuffix(id, ":"+pod) {
			ok = true
		}
		return !ok
	})
	if ok {
		return id, true
	}
	return byUID(workers, r)
}

// byUID finds the worker of an actor among those of the newest layout. Of a table without any it looks at one row.
func byUID(workers *live.Table, r *actorstore.ActorRow) (id string, ok bool) {
	for at := 0; at < workers.Len(); {
		w, is := workers.At(at).(*actorstore.WorkerRow)
		namespace, _, other := strings.Cut(workers.At(at).ID(), ":")
		switch {
		case other: // of another layout: on to what follows all of its namespace
			at, _ = workers.Index(namespace + ";") // the character after the colon
			continue
		case is && w.Problem() == nil && r.On(w):
			return w.ID(), true
		}
		at++
	}
	return "", false
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
