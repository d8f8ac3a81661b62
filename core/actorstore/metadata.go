package actorstore

import (
	"cmp"
	"errors"
	"strings"

	"holdfast/core/actorstore/internal/protojson"
	"holdfast/core/actorstore/internal/rule"
	"holdfast/core/actorstore/internal/store"
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
	at               store.Place
}

func readMetadata(s *protojson.Scanner) (m metadata) {
	for s.Enter('{'); s.More('}'); {
		switch s.Name() {
		case "atespace":
			m.space = s.Str()
		case "name":
			m.name = s.Str()
		case "uid":
			m.uid = s.Str()
		case "version":
			m.version, m.at.Version = s.Spanned()
		case "updateTime":
			s.Peek()
			from := s.Pos
			s.Skip(2)
			m.at.Updated = protojson.Span{From: from, To: s.Pos}
		default:
			s.Skip(2)
		}
	}
	return m
}

// unversioned refuses an edit of a document that has no version to edit it under; in the older layouts none is version 0.
func unversioned(newer string, at store.Place) error {
	if newer != "" && at.Version == (protojson.Span{}) {
		return ErrUnversioned
	}
	return nil
}

// readStatus reads an actor's status, by its name or in the object of the newer layout.
func (a *Actor) readStatus(s *protojson.Scanner) {
	if s.Peek() != '{' {
		a.Status = Status(s.Enum(statusNames))
		return
	}
	a.newer = "status"
	for s.Enter('{'); s.More('}'); {
		switch name := s.Name(); {
		case name == "state":
			a.Status = Status(s.Enum(stateNames))
		case name == "workerAssignment" && s.Peek() == '{':
			a.readAssignment(s)
		default:
			if rule.Carries(name, s.Value(2)) {
				a.mark("status." + name)
			}
		}
	}
}

func (a *Actor) readAssignment(s *protojson.Scanner) {
	for s.Enter('{'); s.More('}'); {
		switch s.Name() {
		case "workerNamespace":
			a.AteomPodNamespace = s.Str()
		case "workerPool":
			a.WorkerPoolName = s.Str()
		case "workerPod":
			a.AteomPodName = s.Str()
		case "workerPodUid":
			a.AteomPodUid = s.Str()
		case "workerPodIp":
			a.AteomPodIp = s.Str()
		default:
			s.Skip(3)
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
