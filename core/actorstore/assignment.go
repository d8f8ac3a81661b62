package actorstore

import (
	"cmp"
	"strings"

	"holdfast/core/actorstore/internal/protojson"
)

// The assignment of a later worker document. One that names no actor, or another than the members of the seed beside it,
// says that the worker is taken without saying by whom: nothing acts on such a worker.

func (w *Worker) readAssignment(s *protojson.Scanner, whole bool) {
	s.Peek()
	from := s.Pos
	var to assignee
	for s.Enter('{'); s.More('}'); {
		switch name := s.Name(); {
		case name == "actorTemplate" && s.Peek() == '{':
			to.namespace, to.template = readReference(s, "namespace")
		case name == "actor" && s.Peek() == '{':
			to.atespace, to.id = readReference(s, "atespace")
		default:
			s.Skip(2)
		}
	}
	w.assigned, w.later = to, "assignment"
	if whole && s.Err == nil {
		w.assignment = s.Text[from:s.Pos]
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
func readReference(s *protojson.Scanner, within string) (space, name string) {
	for s.Enter('{'); s.More('}'); {
		switch s.Name() {
		case within:
			space = s.Str()
		case "name":
			name = s.Str()
		default:
			s.Skip(3)
		}
	}
	return space, name
}

// writeAssignment writes the object as it was read if it still says the same.
func (w *Worker) writeAssignment(out *protojson.Writer) {
	to := w.assignee()
	switch {
	case w.assignment != "" && to == w.assigned:
		out.Key("assignment")
		out.Buf = append(out.Buf, w.assignment...)
	case to != assignee{}:
		out.Key("assignment")
		out.Open()
		writeReference(out, "actorTemplate", "namespace", to.namespace, to.template)
		writeReference(out, "actor", "atespace", to.atespace, to.id)
		out.Close()
	}
}

func writeReference(w *protojson.Writer, member, within, space, name string) {
	w.Key(member)
	w.Open()
	w.Str(within, space)
	w.Str("name", name)
	w.Close()
}

// stateName is the name of a worker's state without what all of them begin with.
func stateName(state string) string { return strings.TrimPrefix(state, "STATE_") }
