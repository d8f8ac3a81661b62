package actorstore

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast/core/conn"
)

// Documents of the writer's last layout keep who they are in an object, and an actor its state in another:
//
//	{"metadata":{"atespace":"sp","name":"a1","uid":"...","version":"7"},"status":{"state":"ACTOR_STATE_RUNNING"}}
//
// They are read, listed, linked and edited by hand under the version they have, which sets updateTime as their writer does;
// nothing else writes them.

// ErrUnversioned, wrapped (errors.Is), refuses to edit a document of the newer layout that has no version to edit it under.
var ErrUnversioned = conn.Precondition("read-only: the document has no version of its own")

// errOtherName tells that the metadata names something else than the members beside it.
var errOtherName = errors.New("metadata.name is not the id beside it")

// metadata is what is read of the object, and where the version that counts stands in the document.
type metadata struct {
	space, name, uid string
	version          int64
	at               place
}

// span is a part of a document, from its first byte to behind its last; empty: there is none.
type span struct{ from, to int }

// place is where a write changes a document of the newer layout.
type place struct{ version, updated span }

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
			m.version, m.at.version = s.spanned()
		case "updateTime":
			s.peek()
			from := s.pos
			s.skip(2)
			m.at.updated = span{from, s.pos}
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

// stored replaces the version of a document of the newer layout, and when it was written if its metadata tells that; every
// other byte stays as it is.
func (at place) stored(doc string, version int64, now time.Time) (string, error) {
	if at.version == (span{}) {
		return "", fmt.Errorf("%w: the edited document has no version", ErrInvalid)
	}
	next, when := strconv.FormatInt(version, 10), now.UTC().Format(time.RFC3339Nano)
	switch { // the later one first, which leaves the other where it is
	case at.updated == (span{}):
		return at.version.put(doc, next), nil
	case at.version.from < at.updated.from:
		return at.version.put(at.updated.put(doc, when), next), nil
	}
	return at.updated.put(at.version.put(doc, next), when), nil
}

// put replaces the part by a text in quotes.
func (at span) put(doc, text string) string {
	return doc[:at.from] + `"` + text + `"` + doc[at.to:]
}

// unversioned refuses an edit of a document that has no version to edit it under; in the older layouts none is version 0.
func unversioned(newer string, at place) error {
	if newer != "" && at.version == (span{}) {
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
