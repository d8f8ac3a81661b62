package actorstore

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Keys are wire-compatible, so names are not escaped but validated: a part that could be read as two is refused.
//
// An actor's name is what stands after the prefix. Both layouts are read, and no name fits both:
//
//	actor:<id>             "a1"
//	actor:<atespace>:<id>  "space:a1", of a newer writer
//
// A worker's name is namespace:pool:pod, or the uid of its pod in the newest layout.
func checkPart(what, part string) error {
	if part == "" {
		return fmt.Errorf("%w: the %s is empty", ErrInvalid, what)
	}
	for i := range len(part) {
		switch c := part[i]; {
		case c == ':':
			return fmt.Errorf("%w: the %s %q has a colon, which separates the parts of a key", ErrInvalid, what, part)
		case c < 0x20 || c == 0x7f:
			return fmt.Errorf("%w: the %s %q has a control byte", ErrInvalid, what, part)
		}
	}
	if !utf8.ValidString(part) {
		return fmt.Errorf("%w: the %s %q is not UTF-8, which a JSON document needs", ErrInvalid, what, part)
	}
	return nil
}

// splitActor takes an actor's name apart; the space is empty in the older layout.
func splitActor(name string) (space, id string, err error) {
	space, id, newer := strings.Cut(name, ":")
	if !newer {
		return "", name, checkPart("actor id", name)
	}
	if err := checkPart("atespace", space); err != nil {
		return "", "", err
	}
	return space, id, checkPart("actor id", id)
}

// checkWorker checks the parts of a worker's name, which is what stands after its prefix: namespace:pool:pod.
func checkWorker(namespace, pool, pod string) error {
	if err := checkPart("worker namespace", namespace); err != nil {
		return err
	}
	if err := checkPart("worker pool", pool); err != nil {
		return err
	}
	return checkPart("worker pod", pod)
}

func workerName(namespace, pool, pod string) (string, error) {
	return namespace + ":" + pool + ":" + pod, checkWorker(namespace, pool, pod)
}

// byUID tells the names of the newest layout, worker:<pod uid>, from those of worker:<namespace>:<pool>:<pod>.
func byUID(name string) bool { return !strings.Contains(name, ":") }

// checkWorkerName checks a name of either layout.
func checkWorkerName(name string) error {
	if byUID(name) {
		return checkPart("worker's pod uid", name)
	}
	return checkWorker(splitWorker(name))
}

// splitWorker takes a worker's name apart.
func splitWorker(name string) (namespace, pool, pod string) {
	namespace, rest, _ := strings.Cut(name, ":")
	pool, pod, _ = strings.Cut(rest, ":")
	return namespace, pool, pod
}
