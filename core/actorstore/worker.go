package actorstore

import "fmt"

// Worker is the stored document of a worker, a pod that runs at most one actor, field by field as protojson names them
// (seed 002_c5a9278808541164: ateapipb.Worker). What it remembers beside its fields, see Actor.
type Worker struct {
	WorkerNamespace string
	WorkerPool      string
	WorkerPod       string
	ActorNamespace  string // of the actor's template
	ActorTemplate   string
	ActorId         string // empty: free
	Ip              string
	Version         int64
	WorkerPodUid    string
	NodeName        string
	ActorAtespace   string

	unknown string
	read    string
}

// fixed are the values of the immutable members, in the order of lua/document.lua.
func (w *Worker) fixed() []string {
	return []string{w.WorkerNamespace, w.WorkerPool, w.WorkerPod, w.Ip}
}

func (w *Worker) swap(expected int64) (swap, error) {
	return newSwap("worker", expected, w.encode, w.fixed())
}

// readWorker decodes the document stored under a name and checks that it is that worker's.
func readWorker(name, doc string) (*Worker, error) {
	w := &Worker{read: doc}
	return w, w.load(name, doc, true)
}

// load decodes a document, see decode, and checks that it is that of its key.
func (w *Worker) load(name, doc string, whole bool) error {
	namespace, pool, pod, err := splitWorker(name)
	if err != nil {
		return fmt.Errorf("%w: the key is not namespace:pool:pod", ErrBadRecord)
	}
	if err := w.decode(doc, whole); err != nil {
		return fmt.Errorf("%w: %w", ErrBadRecord, err)
	}
	if err := w.belongs(namespace, pool, pod); err != nil {
		return fmt.Errorf("%w: %w", ErrBadRecord, err)
	}
	return nil
}

func (w *Worker) belongs(namespace, pool, pod string) error {
	if w.WorkerNamespace != namespace || w.WorkerPool != pool || w.WorkerPod != pod {
		return fmt.Errorf("the document is of worker %q", w.WorkerNamespace+":"+w.WorkerPool+":"+w.WorkerPod)
	}
	return nil
}

// decode reads a document. Not whole, it passes the unknown members.
func (w *Worker) decode(doc string, whole bool) error {
	s := scanner{text: doc}
	if !s.enter('{') {
		s.fail("an object")
	}
	for s.more('}') {
		from := s.pos
		switch s.name() {
		case "workerNamespace":
			w.WorkerNamespace = s.str()
		case "workerPool":
			w.WorkerPool = s.str()
		case "workerPod":
			w.WorkerPod = s.str()
		case "actorNamespace":
			w.ActorNamespace = s.str()
		case "actorTemplate":
			w.ActorTemplate = s.str()
		case "actorId":
			w.ActorId = s.str()
		case "ip":
			w.Ip = s.str()
		case "version":
			w.Version = s.integer()
		case "workerPodUid":
			w.WorkerPodUid = s.str()
		case "nodeName":
			w.NodeName = s.str()
		case "actorAtespace":
			w.ActorAtespace = s.str()
		default:
			if whole {
				w.unknown = s.unknown(w.unknown, from)
			} else {
				s.skip(1)
			}
		}
	}
	return s.finish()
}

// encode spells the document with another version; see Actor.encode.
func (w *Worker) encode(version int64) (doc string, known int, err error) {
	out := writer{buf: make([]byte, 0, 512)}
	out.open()
	out.str("workerNamespace", w.WorkerNamespace)
	out.str("workerPool", w.WorkerPool)
	out.str("workerPod", w.WorkerPod)
	out.str("actorNamespace", w.ActorNamespace)
	out.str("actorTemplate", w.ActorTemplate)
	out.str("actorId", w.ActorId)
	out.str("ip", w.Ip)
	out.integer("version", version)
	out.str("workerPodUid", w.WorkerPodUid)
	out.str("nodeName", w.NodeName)
	out.str("actorAtespace", w.ActorAtespace)
	return out.finish(w.unknown)
}
