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

func actors() View {
	c := actorstore.ActorColumns
	status := func(r kind.Row) string { return c.Status.Of(r) }
	return View{
		View: &view.View{
			Name: "actors", Title: "Actors", Short: "Acts", Kind: "actors",
			Empty: "Services create one with actorstore's CreateActor, under actor:id.",
			Columns: []view.Column{
				grow(textOf("ACTOR", actorstore.ActorID)),
				toned(textOf("STATUS", func(r kind.Row) string { return shortStatus(status(r)) }), func(r kind.Row) view.Tone { return statusTone(status(r)) }),
				textOr("WORKER", c.Worker),
				textOr("IP", c.IP),
				textOr("TEMPLATE", c.Template),
				number("VERSION", c.Version, nil),
				textOr("ATESPACE", c.Atespace),
			},
			Facts: facts(func(r kind.Row, _ view.Clock) []view.Fact {
				return withUnread(c.Unread.Of(r), []view.Fact{
					{Name: "actor", Text: actorstore.ActorID(r)},
					{Name: "atespace", Text: orDash(c.Atespace.Of(r))},
					{Name: "status", Text: status(r), Tone: statusTone(status(r))},
					{Name: "worker", Text: orDash(c.Worker.Of(r))},
					{Name: "ip", Text: orDash(c.IP.Of(r))},
					{Name: "template", Text: orDash(c.Template.Of(r))},
				})
			}),
			Links: func(row live.Row, l view.Lookup, content []byte) []view.Link {
				r, out := row.(kind.Row), documentsOf(row.ID(), l, content)
				if id, ok := workerOf(r, l); ok {
					out = append(out, view.Link{Label: "worker", View: "workers", ID: id})
				}
				if r.ID() != actorstore.ActorID(r) { // a service may name the lock with the atespace or without
					out = append(out, locksOn(l, "actor", r.ID())...)
				}
				return append(out, locksOn(l, "actor", actorstore.ActorID(r))...)
			},
			Actions: []view.Action{
				{ID: keymap.Edit, Label: "edit", Edit: true},
				lockRow(func(r live.Row) string { return guard("actor", actorstore.ActorID(r.(kind.Row))) }),
				{
					ID: keymap.Delete, Label: "delete", Bulk: true,
					Blocked: func(r live.Row) string {
						if name := c.Unread.Of(r.(kind.Row)); name != "" {
							return unreadWords(name)
						}
						if s := status(r.(kind.Row)); s != "STATUS_SUSPENDED" {
							return "only a suspended actor can be deleted, this one is " + s
						}
						return ""
					},
					Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
						return o.Delete("actors", r.ID(), c.Version.Of(r.(kind.Row)))
					},
				},
			},
		},
		Fields: []Field{
			derived("id", func(r kind.Row) any { return actorstore.ActorID(r) }),
			field("atespace", c.Atespace),
			field("version", c.Version),
			field("status", c.Status),
			field("template", c.Template),
			field("worker", c.Worker),
			field("ip", c.IP),
			derived("unread", func(r kind.Row) any { return orNull(c.Unread.Of(r)) }),
		},
	}
}

// shortStatus is the name of a status in either layout without what all of them begin with.
func shortStatus(status string) string {
	return strings.TrimPrefix(strings.TrimPrefix(status, "STATUS_"), "ACTOR_STATE_")
}

func statusTone(status string) view.Tone {
	switch shortStatus(status) {
	case "RUNNING":
		return view.Good
	case "RESUMING", "SUSPENDING", "PAUSING", "DELETING":
		return view.Warn
	case "SUSPENDED", "PAUSED":
		return view.Muted
	}
	return view.Bad
}

// withUnread adds why nothing acts on a document; see actorstore.ErrUnreadMember.
func withUnread(member string, facts []view.Fact) []view.Fact {
	if member == "" {
		return facts
	}
	return append(facts, view.Fact{Name: "not acted on", Text: unreadWords(member), Tone: view.Warn})
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
func workerOf(actor kind.Row, l view.Lookup) (id string, ok bool) {
	name := actorstore.ActorColumns.Worker.Of(actor)
	if name == "" {
		return "", false
	}
	workers := l.Table("workers")
	namespace, pod, short := strings.Cut(name, "/")
	if !short {
		if _, there := workers.Get(name); !there {
			if id, ok := byUID(workers, actor); ok {
				return id, true
			}
		}
		return name, true
	}
	workers.Range(namespace+":", func(w kind.Row) bool {
		if id = w.ID(); strings.HasSuffix(id, ":"+pod) {
			ok = true
		}
		return !ok
	})
	if ok {
		return id, true
	}
	return byUID(workers, actor)
}

// byUID finds the worker of an actor among those of the newest layout. Of a table without any it looks at one row.
func byUID(workers *live.Table, actor kind.Row) (id string, ok bool) {
	for at := 0; at < workers.Len(); {
		w := workers.Row(at)
		namespace, _, other := strings.Cut(w.ID(), ":")
		switch {
		case other: // of another layout: on to what follows all of its namespace
			at, _ = workers.Index(namespace + ";") // the character after the colon
			continue
		case !w.Bad() && actorstore.On(actor, w):
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
