package actorstore

import (
	"cmp"
	"fmt"
	"unicode/utf8"

	"holdfast/core/actorstore/internal/names"
	"holdfast/core/actorstore/internal/protojson"
	"holdfast/core/actorstore/internal/rule"
	"holdfast/core/actorstore/internal/store"
)

// Actor is the stored document of an actor, field by field as protojson names them (seed 002_c5a9278808541164:
// ateapipb.Actor).
//
// A value that came from GetActor or ListActors remembers three things that its fields do not show, and copies of it
// do too: which of the two key layouts it was read from, so that it is written back to the same key; the members that
// this package does not know; and the text it was read from. A value built from scratch lies under
// actor:<atespace>:<id> if it has an Atespace, else under actor:<id>.
type Actor struct {
	ActorId                string
	Version                int64
	ActorTemplateNamespace string
	ActorTemplateName      string
	Status                 Status
	AteomPodNamespace      string
	AteomPodName           string
	AteomPodIp             string
	InProgressSnapshot     string
	LastSnapshot           string // of older writers
	AteomPodUid            string
	LatestSnapshotInfo     *SnapshotInfo
	WorkerSelector         *Selector
	WorkerPoolName         string
	Atespace               string

	layout  layout      // of the key it was read from
	unknown string      // members this package does not know, as they were spelled: "x":1,"y":[]
	read    string      // the stored document as it was read or last written; "" when that is not known
	unread  string      // the first unknown member that could carry an assignment or a state; see internal/rule
	newer   string      // the member that makes it a document of the newer layout, see metadata.go; "" when none does
	at      store.Place // of its version and time, in a document of the newer layout
}

// layout is one of the two kinds of keys.
type layout uint8

const (
	anyKey    layout = iota // not read from any
	plainKey                // actor:<id>
	spacedKey               // actor:<atespace>:<id>
)

// SnapshotInfo says where an actor's latest snapshot is: External or Local.
type SnapshotInfo struct {
	Type     string // an enum's name, or the digits of its number
	External *ExternalSnapshot
	Local    *LocalSnapshot
	unknown  string
}

// ExternalSnapshot is a snapshot in object storage.
type ExternalSnapshot struct {
	SnapshotUriPrefix string
	unknown           string
}

// LocalSnapshot is a snapshot on the nodes where the actor ran.
type LocalSnapshot struct {
	SnapshotPrefix            string
	NodeVmsWithLocalSnapshots []string
	unknown                   string
}

// Selector chooses workers by their labels.
type Selector struct {
	MatchLabels map[string]string
	unknown     string
}

// Name is what GetActor and DeleteActor take: "<atespace>:<id>", or the id alone for an actor without an atespace and for
// one that was read from actor:<id>.
func (a *Actor) Name() string {
	if a.spaced() {
		return a.Atespace + ":" + a.ActorId
	}
	return a.ActorId
}

func (a *Actor) spaced() bool {
	return a.layout == spacedKey || a.layout == anyKey && a.Atespace != ""
}

// checkName checks the parts of the name, which fields may have spoiled.
func (a *Actor) checkName() error {
	if a.spaced() {
		if err := names.CheckPart("atespace", a.Atespace); err != nil {
			return err
		}
	}
	return names.CheckPart("actor id", a.ActorId)
}

// fixed are the values of the immutable members, in the order of internal/store/lua/document.lua.
func (a *Actor) fixed() []string {
	return []string{a.ActorId, a.ActorTemplateNamespace, a.ActorTemplateName}
}

func (a *Actor) swap(expected int64) (store.Swap, error) {
	return store.NewSwap("actor", expected, a.encode, a.fixed())
}

// readActor decodes the document stored under a name and checks that it is that actor's.
func readActor(name, doc string) (*Actor, error) {
	a := &Actor{read: doc}
	return a, a.load(name, doc, true)
}

// load decodes a document, see decode, and checks that it is that of its key.
func (a *Actor) load(name, doc string, whole bool) error {
	space, id, err := names.SplitActor(name)
	if err != nil {
		return fmt.Errorf("%w: a key of neither layout", ErrBadRecord)
	}
	if err := a.decode(doc, whole); err != nil {
		return fmt.Errorf("%w: %w", ErrBadRecord, err)
	}
	if err := a.belongs(space, id); err != nil {
		return fmt.Errorf("%w: %w", ErrBadRecord, err)
	}
	return nil
}

// belongs checks whose the document is. The newer layout's atespace may be told by the key alone.
func (a *Actor) belongs(space, id string) error {
	if a.ActorId != id {
		return fmt.Errorf("the document is of actor %q", a.ActorId)
	}
	if space == "" {
		a.layout = plainKey
		return nil
	}
	a.layout = spacedKey
	if a.Atespace == "" {
		a.Atespace = space
	}
	if a.Atespace != space {
		return fmt.Errorf("the document is of atespace %q", a.Atespace)
	}
	return nil
}

// decode reads a document. Not whole, it passes what no column shows: the messages inside and the unknown members.
func (a *Actor) decode(doc string, whole bool) error {
	s := protojson.Scanner{Text: doc}
	if !s.Enter('{') {
		s.Fail("an object")
	}
	var meta metadata
	for s.More('}') {
		from := s.Pos
		switch name := s.Name(); {
		case a.field(name, &s):
		case name == "metadata" && s.Peek() == '{':
			meta = readMetadata(&s)
			a.newer = "metadata"
			a.keep(&s, from, whole)
		case name == "latestSnapshotInfo" && whole:
			a.LatestSnapshotInfo = readSnapshotInfo(&s)
		case name == "workerSelector" && whole:
			a.WorkerSelector = readSelector(&s)
		case name == "latestSnapshotInfo", name == "workerSelector":
			s.Skip(1)
		case name == "actorTemplate" && s.Peek() == '{':
			a.readTemplate(&s)
			a.newer = cmp.Or(a.newer, "actorTemplate")
			a.keep(&s, from, whole)
		default:
			if rule.Carries(name, s.Value(1)) {
				a.mark(name)
			}
			a.keep(&s, from, whole)
		}
	}
	if err := s.Finish(); err != nil {
		return err
	}
	return a.identify(meta)
}

// field reads a member of a simple type, if it is one.
func (a *Actor) field(name string, s *protojson.Scanner) bool {
	switch name {
	case "actorId":
		a.ActorId = s.Str()
	case "version":
		a.Version, a.at.Version = s.Spanned()
	case "actorTemplateNamespace":
		a.ActorTemplateNamespace = s.Str()
	case "actorTemplateName":
		a.ActorTemplateName = s.Str()
	case "status":
		a.readStatus(s)
	case "ateomPodNamespace":
		a.AteomPodNamespace = s.Str()
	case "ateomPodName":
		a.AteomPodName = s.Str()
	case "ateomPodIp":
		a.AteomPodIp = s.Str()
	case "inProgressSnapshot":
		a.InProgressSnapshot = s.Str()
	case "lastSnapshot":
		a.LastSnapshot = s.Str()
	case "ateomPodUid":
		a.AteomPodUid = s.Str()
	case "workerPoolName":
		a.WorkerPoolName = s.Str()
	case "atespace":
		a.Atespace = s.Str()
	default:
		return false
	}
	return true
}

// keep remembers the member that starts at from and was just read.
func (a *Actor) keep(s *protojson.Scanner, from int, whole bool) {
	if whole {
		a.unknown = s.Keep(a.unknown, from)
	}
}

// identify takes over what metadata says of the actor.
func (a *Actor) identify(m metadata) error {
	switch {
	case a.newer == "":
		a.at = store.Place{}
	case m.at.Version != protojson.Span{}:
		a.Version, a.at = m.version, m.at
	default:
		a.at.Updated = m.at.Updated
	}
	if a.ActorId != "" && m.name != "" && a.ActorId != m.name {
		return errOtherName
	}
	a.ActorId = cmp.Or(a.ActorId, m.name)
	a.Atespace = cmp.Or(m.space, a.Atespace)
	return nil
}

// readTemplate reads the template that the newest documents name by its atespace; the two members of old win.
func (a *Actor) readTemplate(s *protojson.Scanner) {
	for s.Enter('{'); s.More('}'); {
		switch s.Name() {
		case "atespace", "namespace":
			a.ActorTemplateNamespace = cmp.Or(a.ActorTemplateNamespace, s.Str())
		case "name":
			a.ActorTemplateName = cmp.Or(a.ActorTemplateName, s.Str())
		default:
			s.Skip(2)
		}
	}
}

// encode spells the document with another version. Its first known bytes are all but the unknown members and the brace.
func (a *Actor) encode(version int64) (doc string, known int, err error) {
	w := protojson.Writer{Buf: make([]byte, 0, 512)}
	w.Open()
	w.Str("actorId", a.ActorId)
	w.Integer("version", version)
	w.Str("actorTemplateNamespace", a.ActorTemplateNamespace)
	w.Str("actorTemplateName", a.ActorTemplateName)
	w.Enum("status", string(a.Status), unspecifiedStatus)
	w.Str("ateomPodNamespace", a.AteomPodNamespace)
	w.Str("ateomPodName", a.AteomPodName)
	w.Str("ateomPodIp", a.AteomPodIp)
	w.Str("inProgressSnapshot", a.InProgressSnapshot)
	w.Str("lastSnapshot", a.LastSnapshot)
	w.Str("ateomPodUid", a.AteomPodUid)
	a.LatestSnapshotInfo.write(&w)
	a.WorkerSelector.write(&w)
	w.Str("workerPoolName", a.WorkerPoolName)
	w.Str("atespace", a.Atespace)
	return finish(&w, a.unknown)
}

// finish ends a document; see Actor.encode.
func finish(w *protojson.Writer, unknown string) (doc string, known int, err error) {
	known = len(w.Buf)
	w.Unknown(unknown)
	w.Close()
	if !utf8.Valid(w.Buf) {
		return "", 0, fmt.Errorf("%w: a text that is not UTF-8 has no place in JSON", ErrInvalid)
	}
	return string(w.Buf), known, nil
}
