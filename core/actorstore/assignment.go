package actorstore

import (
	"cmp"
	"strings"
)

// The assignment of a later worker document. One that names no actor, or another than the members of the seed beside it,
// says that the worker is taken without saying by whom: nothing acts on such a worker.

func (w *Worker) readAssignment(s *scanner, whole bool) {
	s.peek()
	from := s.pos
	var to assignee
	for s.enter('{'); s.more('}'); {
		switch name := s.name(); {
		case name == "actorTemplate" && s.peek() == '{':
			to.namespace, to.template = s.reference("namespace")
		case name == "actor" && s.peek() == '{':
			to.atespace, to.id = s.reference("atespace")
		default:
			s.skip(2)
		}
	}
	w.assigned, w.later = to, "assignment"
	if whole && s.err == nil {
		w.assignment = s.text[from:s.pos]
	}
}

// assign takes the object over, once the whole document is read.
func (w *Worker) assign() {
	if w.later != "assignment" {
		return
	}
	to := w.assigned
	if to.id == "" || w.ActorId != "" {
		w.unread = cmp.Or(w.unread, "assignment")
	}
	w.ActorNamespace, w.ActorTemplate, w.ActorAtespace, w.ActorId = to.namespace, to.template, to.atespace, to.id
}

// reference reads an object of a name and what it is unique in.
func (s *scanner) reference(within string) (space, name string) {
	for s.enter('{'); s.more('}'); {
		switch s.name() {
		case within:
			space = s.str()
		case "name":
			name = s.str()
		default:
			s.skip(3)
		}
	}
	return space, name
}

// writeAssignment writes the object as it was read if it still says the same.
func (w *Worker) writeAssignment(out *writer) {
	to := w.assignee()
	switch {
	case w.assignment != "" && to == w.assigned:
		out.key("assignment")
		out.buf = append(out.buf, w.assignment...)
	case to != assignee{}:
		out.key("assignment")
		out.open()
		out.reference("actorTemplate", "namespace", to.namespace, to.template)
		out.reference("actor", "atespace", to.atespace, to.id)
		out.close()
	}
}

func (w *writer) reference(member, within, space, name string) {
	w.key(member)
	w.open()
	w.str(within, space)
	w.str("name", name)
	w.close()
}

// stateName is the name of a worker's state without what all of them begin with.
func stateName(state string) string { return strings.TrimPrefix(state, "STATE_") }
