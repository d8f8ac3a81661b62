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
func checkPart(what, part string) error {
	switch {
	case part == "":
		return fmt.Errorf("%w: the %s is empty", ErrInvalid, what)
	case strings.IndexByte(part, ':') >= 0:
		return fmt.Errorf("%w: the %s %q has a colon, which separates the parts of a key", ErrInvalid, what, part)
	case strings.ContainsFunc(part, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return fmt.Errorf("%w: the %s %q has a control byte", ErrInvalid, what, part)
	case !utf8.ValidString(part):
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

// workerName is what stands after a worker's prefix.
func workerName(namespace, pool, pod string) (string, error) {
	for _, p := range [...]struct{ what, part string }{{"worker namespace", namespace}, {"worker pool", pool}, {"worker pod", pod}} {
		if err := checkPart(p.what, p.part); err != nil {
			return "", err
		}
	}
	return namespace + ":" + pool + ":" + pod, nil
}

// splitWorker undoes workerName.
func splitWorker(name string) (namespace, pool, pod string, err error) {
	namespace, rest, _ := strings.Cut(name, ":")
	pool, pod, _ = strings.Cut(rest, ":")
	_, err = workerName(namespace, pool, pod)
	return namespace, pool, pod, err
}
