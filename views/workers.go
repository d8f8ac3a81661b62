package views

import (
	"fmt"
	"strings"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/tui/view"
)

func workers(set *layout.Set) View {
	c := actorstore.WorkerColumns
	has, holds := ofLayout(c.Layout), newBacklinks(set, "locks", "workers")
	state := func(r kind.Row) string {
		if has(r) {
			return strings.ToLower(c.State.Of(r))
		}
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
				layoutColumn(c.Layout),
				foreign(aliveColumn(), has),
				textColumn("POOL", c.Pool),
				ours(textColumn("NAMESPACE", c.Namespace), c.Layout),
				toned(textOf("STATE", func(r kind.Row) string { return orDash(state(r)) }), func(r kind.Row) view.Tone {
					if has(r) {
						return view.Plain
					}
					switch state(r) {
					case "idle":
						return view.Muted
					case "busy":
						return view.Good
					}
					return view.Warn
				}),
				foreign(textColumn("RUNS", c.Job), func(r kind.Row) bool { return c.Job.Of(r) != "" }),
				foreign(age("SINCE", c.Started), func(r kind.Row) bool { return !c.Started.Of(r).IsZero() }),
				ours(textOr("ACTOR", c.Actor), c.Layout),
				textOr("IP", c.IP),
				ours(number("VERSION", c.Version, nil), c.Layout),
			},
			Facts: facts(func(r kind.Row, at view.Clock) []view.Fact {
				if has(r) {
					return foreignWorker(r, at)
				}
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
				if has(r) {
					return append(layoutLinks(set, "workers", r, l), holds.links("holds", r, l, time.Now())...)
				}
				var out []view.Link
				if id, ok := actorOf(r, l); ok {
					out = append(out, view.Link{Label: "actor", View: "actors", ID: id})
				}
				return append(out, locksOn(l, "worker", r.ID())...)
			}),
			Actions: []view.Action{
				{ID: keymap.Edit, Label: "edit", Edit: true, Blocked: notOurs(c.Layout)},
				lockRow(func(r live.Row) string { return guard("worker", r.ID()) }, notOurs(c.Layout)),
				{
					ID: keymap.Delete, Label: "delete", Bulk: true, Blocked: notOurs(c.Layout),
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
			derived("layout", func(r kind.Row) any { return orNull(c.Layout.Of(r)) }),
			derived("job", func(r kind.Row) any { return orNull(c.Job.Of(r)) }),
			field("started", c.Started),
			{"alive", func(r live.Row, at view.Clock) any {
				if !has(r.(kind.Row)) {
					return nil
				}
				return aliveWorker(r.(kind.Row), at.Now).value()
			}},
			field("alive_until", c.AliveUntil),
		},
	}
}

func aliveColumn() view.Column {
	c := actorstore.WorkerColumns
	return view.Column{
		Title: "ALIVE",
		Text: func(r live.Row, at view.Clock) string {
			if c.Layout.Of(r.(kind.Row)) == "" {
				return ""
			}
			return aliveWorker(r.(kind.Row), at.Now).text()
		},
		Key: c.AliveUntil.AppendKey,
		Tone: func(r live.Row, at view.Clock) view.Tone {
			if c.Layout.Of(r.(kind.Row)) == "" {
				return view.Plain
			}
			return aliveWorker(r.(kind.Row), at.Now).tone()
		},
	}
}

// foreignWorker is the head of the detail of a worker that a layout describes.
func foreignWorker(r kind.Row, at view.Clock) []view.Fact {
	c := actorstore.WorkerColumns
	life := view.Fact{Name: "alive", Text: "nobody tells", Tone: aliveWorker(r, at.Now).tone()}
	switch until := c.AliveUntil.Of(r); aliveWorker(r, at.Now) {
	case lives:
		life.Text = "yes, and " + left(until, at) + " more without a sign of life"
	case dead:
		life.Text = fmt.Sprintf("no, it should have shown a sign of life %s ago", text.Age(at.Now.Sub(until)))
	}
	out := []view.Fact{
		{Name: "pod", Text: c.Pod.Of(r)}, fromLayout(c.Layout.Of(r)), life, fact("pool", orDash(c.Pool.Of(r)), c.Pool.Err(r)),
		fact("state", orDash(c.State.Of(r)), c.State.Err(r)), fact("runs", orDash(c.Job.Of(r)), c.Job.Err(r)),
	}
	if started := c.Started.Of(r); !started.IsZero() {
		out = append(out, view.Fact{Name: "started", Text: ago(started, at) + " ago"})
	}
	return append(out, fact("ip", orDash(c.IP.Of(r)), c.IP.Err(r)))
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
