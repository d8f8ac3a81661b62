package actorstore

import (
	"cmp"
	"fmt"
	"strings"

	"holdfast/core/actorstore/internal/names"
	"holdfast/core/actorstore/internal/protojson"
	"holdfast/core/actorstore/internal/rule"
	"holdfast/core/actorstore/internal/store"
)

// Worker is the stored document of a worker, a pod that runs at most one actor, field by field as protojson names them
// (seed 002_c5a9278808541164: ateapipb.Worker). Later documents of the same writer say whom it runs in an object,
//
//	"assignment":{"actorTemplate":{"namespace":"tns","name":"tmpl"},"actor":{"atespace":"sp","name":"a1"}}
//
// which is read into the same fields, and written as that again. What it remembers beside its fields, see Actor.
type Worker struct {
	WorkerNamespace string
	WorkerPool      string
	WorkerPod       string
	ActorNamespace  string // of the actor's template
	ActorTemplate   string
	ActorId         string // empty: free, unless Assign refuses it
	Ip              string
	Version         int64
	WorkerPodUid    string
	NodeName        string
	ActorAtespace   string

	later      string // the member that makes it a later document, in which an assignment is an object; "" when none does
	assignment string // that object as it was read
	assigned   assignee
	state      string // ACTIVE, DRAINING or another name of a later document's state
	unknown    string
	read       string
	unread     string // see Actor
	newer      string
	named      string // metadata.name, the pod's uid
	at         store.Place
}

// assignee is whom a worker runs.
type assignee struct{ namespace, template, atespace, id string }

func (w *Worker) assignee() assignee {
	return assignee{w.ActorNamespace, w.ActorTemplate, w.ActorAtespace, w.ActorId}
}

// State is what a later document says of the worker beside whom it runs: ACTIVE, DRAINING (it is not assigned to), or
// another name; empty in a document of the seed.
func (w *Worker) State() string { return w.state }

// open tells whether a worker in that state may be assigned to.
func open(state string) bool { return state == "" || state == "ACTIVE" }

// workerStates are the states of a later document in the order of their numbers.
var workerStates = []string{"STATE_UNSPECIFIED", "STATE_ACTIVE", "STATE_DRAINING"}

// fixed are the values of the immutable members, in the order of internal/store/lua/document.lua.
func (w *Worker) fixed() []string {
	return []string{w.WorkerNamespace, w.WorkerPool, w.WorkerPod, w.Ip}
}

func (w *Worker) swap(expected int64) (store.Swap, error) {
	kind := "worker"
	if w.later != "" {
		kind = "later worker"
	}
	return store.NewSwap(kind, expected, w.encode, w.fixed())
}

// readWorker decodes the document stored under a name and checks that it is that worker's.
func readWorker(name, doc string) (*Worker, error) {
	w := &Worker{read: doc}
	return w, w.load(name, doc, true)
}

// load decodes a document, see decode, and checks that it is that of its key.
func (w *Worker) load(name, doc string, whole bool) error {
	if err := names.CheckWorkerName(name); err != nil {
		return fmt.Errorf("%w: the key is neither namespace:pool:pod nor a pod's uid", ErrBadRecord)
	}
	err := w.decode(doc, whole)
	if err == nil {
		err = w.belongs(name)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadRecord, err)
	}
	return nil
}

// belongs checks whose the document is: that of a pod, or in the newest layout that of a pod's uid.
func (w *Worker) belongs(name string) error {
	if names.ByUID(name) {
		if w.named != name {
			return fmt.Errorf("the document is of worker %q", w.named)
		}
		return nil
	}
	if namespace, pool, pod := names.SplitWorker(name); w.WorkerNamespace != namespace || w.WorkerPool != pool || w.WorkerPod != pod {
		return fmt.Errorf("the document is of worker %q", w.name())
	}
	return nil
}

// name is namespace:pool:pod.
func (w *Worker) name() string { return w.WorkerNamespace + ":" + w.WorkerPool + ":" + w.WorkerPod }

// decode reads a document. Not whole, it passes the unknown members.
func (w *Worker) decode(doc string, whole bool) error {
	s, meta := protojson.Scanner{Text: doc}, metadata{}
	if !s.Enter('{') {
		s.Fail("an object")
	}
	for s.More('}') {
		from := s.Pos
		switch name := s.Name(); {
		case w.field(name, &s):
			continue
		case name == "assignment" && s.Peek() == '{':
			w.readAssignment(&s, whole)
			continue
		case name == "metadata" && s.Peek() == '{':
			meta = readMetadata(&s)
			w.newer, w.later = "metadata", cmp.Or(w.later, "metadata")
		case name == "state":
			w.state = stateName(s.Enum(workerStates))
			w.later = cmp.Or(w.later, "state")
		case name == "sandboxClass":
			w.later = cmp.Or(w.later, "sandboxClass")
			s.Skip(1)
		case name == "labels" && s.Peek() == '{':
			w.later = cmp.Or(w.later, "labels")
			s.Skip(1)
		default:
			if rule.Carries(name, s.Value(1)) && w.unread == "" {
				w.unread = strings.Clone(name)
			}
		}
		if whole {
			w.unknown = s.Keep(w.unknown, from)
		}
	}
	w.assign()
	switch {
	case w.newer == "":
		w.at = store.Place{}
	case meta.at.Version != protojson.Span{}:
		w.Version, w.at = meta.version, meta.at
	default:
		w.at.Updated = meta.at.Updated
	}
	w.named = meta.name
	return s.Finish()
}

// field reads a member of a simple type, if it is one.
func (w *Worker) field(name string, s *protojson.Scanner) bool {
	switch name {
	case "workerNamespace":
		w.WorkerNamespace = s.Str()
	case "workerPool":
		w.WorkerPool = s.Str()
	case "workerPod":
		w.WorkerPod = s.Str()
	case "actorNamespace":
		w.ActorNamespace = s.Str()
	case "actorTemplate":
		w.ActorTemplate = s.Str()
	case "actorId":
		w.ActorId = s.Str()
	case "ip":
		w.Ip = s.Str()
	case "version":
		w.Version, w.at.Version = s.Spanned()
	case "workerPodUid":
		w.WorkerPodUid = s.Str()
	case "nodeName":
		w.NodeName = s.Str()
	case "actorAtespace":
		w.ActorAtespace = s.Str()
	default:
		return false
	}
	return true
}

// unreadMember is the member for which nothing acts on the worker; empty: there is none.
func (w *Worker) unreadMember() string { return cmp.Or(w.unread, w.newer) }

// encode spells the document with another version; see Actor.encode.
func (w *Worker) encode(version int64) (doc string, known int, err error) {
	out := protojson.Writer{Buf: make([]byte, 0, 512)}
	out.Open()
	out.Str("workerNamespace", w.WorkerNamespace)
	out.Str("workerPool", w.WorkerPool)
	out.Str("workerPod", w.WorkerPod)
	if w.later == "" {
		out.Str("actorNamespace", w.ActorNamespace)
		out.Str("actorTemplate", w.ActorTemplate)
		out.Str("actorId", w.ActorId)
	} else {
		w.writeAssignment(&out)
	}
	out.Str("ip", w.Ip)
	out.Integer("version", version)
	out.Str("workerPodUid", w.WorkerPodUid)
	out.Str("nodeName", w.NodeName)
	if w.later == "" {
		out.Str("actorAtespace", w.ActorAtespace)
	}
	return finish(&out, w.unknown)
}
