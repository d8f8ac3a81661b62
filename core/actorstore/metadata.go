package actorstore

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"holdfast/core/conn"
)

// Documents of the writer's last layout keep who they are in an object, and an actor its state in another:
//
//	{"metadata":{"atespace":"sp","name":"a1","uid":"...","version":"7"},"status":{"state":"ACTOR_STATE_RUNNING"}}
//
// They are read, listed, linked and edited by hand under the version they have; nothing else writes them.

// ErrUnversioned, wrapped (errors.Is), refuses to edit a document of the newer layout that has no version to edit it under.
var ErrUnversioned = conn.Precondition("read-only: the document has no version of its own")

// errOtherName tells that the metadata names something else than the members beside it.
var errOtherName = errors.New("metadata.name is not the id beside it")

// metadata is what is read of the object, and where the version that counts stands in the document.
type metadata struct {
	space, name, uid string
	version          int64
	at               span
}

// span is a part of a document, from its first byte to behind its last; empty: there is none.
type span struct{ from, to int }

func (s *scanner) metadata() (m metadata) {
	for s.enter('{'); s.more('}'); {
		switch s.name() {
		case "atespace":
			m.space = s.str()
		case "name":
			m.name = s.str()
		case "uid":
			m.uid = s.str()
		case "version":
			m.version, m.at = s.spanned()
		default:
			s.skip(2)
		}
	}
	return m
}

// spanned is integer that also tells where it stands.
func (s *scanner) spanned() (int64, span) {
	s.peek()
	from := s.pos
	return s.integer(), span{from, s.pos}
}

// stored replaces the version of a document of the newer layout; every other byte stays as it is.
func (at span) stored(doc string, version int64) (string, error) {
	if at == (span{}) {
		return "", fmt.Errorf("%w: the edited document has no version", ErrInvalid)
	}
	return doc[:at.from] + `"` + strconv.FormatInt(version, 10) + `"` + doc[at.to:], nil
}

// unversioned refuses an edit of a document that has no version to edit it under; in the older layouts none is version 0.
func unversioned(newer string, at span) error {
	if newer != "" && at == (span{}) {
		return ErrUnversioned
	}
	return nil
}

// readStatus reads an actor's status, by its name or in the object of the newer layout.
func (a *Actor) readStatus(s *scanner) {
	if s.peek() != '{' {
		a.Status = Status(s.enum(statusNames))
		return
	}
	a.newer = "status"
	for s.enter('{'); s.more('}'); {
		switch name := s.name(); {
		case name == "state":
			a.Status = Status(s.enum(stateNames))
		case name == "workerAssignment" && s.peek() == '{':
			a.readAssignment(s)
		default:
			if carries(name, s.value(2)) {
				a.mark("status." + name)
			}
		}
	}
}

func (a *Actor) readAssignment(s *scanner) {
	for s.enter('{'); s.more('}'); {
		switch s.name() {
		case "workerNamespace":
			a.AteomPodNamespace = s.str()
		case "workerPool":
			a.WorkerPoolName = s.str()
		case "workerPod":
			a.AteomPodName = s.str()
		case "workerPodUid":
			a.AteomPodUid = s.str()
		case "workerPodIp":
			a.AteomPodIp = s.str()
		default:
			s.skip(3)
		}
	}
}

// mark notes the first member that could carry an assignment or a state.
func (a *Actor) mark(member string) {
	if a.unread == "" {
		a.unread = strings.Clone(member)
	}
}

// unreadMember is the member for which nothing acts on the actor; empty: there is none.
func (a *Actor) unreadMember() string { return cmp.Or(a.unread, a.newer) }
