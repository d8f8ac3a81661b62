// Package names checks the names of actors and workers and takes them apart.
package names

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"holdfast/core/actorstore/internal/sentinel"
)

// Keys are wire-compatible, so names are not escaped but validated: a part that could be read as two is refused.
//
// An actor's name is what stands after the prefix. Both layouts are read, and no name fits both:
//
//	actor:<id>             "a1"
//	actor:<atespace>:<id>  "space:a1", of a newer writer
//
// A worker's name is namespace:pool:pod, or the uid of its pod in the newest layout.

// CheckPart checks one part of a name; what says which in the error.
func CheckPart(what, part string) error {
	if part == "" {
		return fmt.Errorf("%w: the %s is empty", sentinel.ErrInvalid, what)
	}
	for i := range len(part) {
		switch c := part[i]; {
		case c == ':':
			return fmt.Errorf("%w: the %s %q has a colon, which separates the parts of a key", sentinel.ErrInvalid, what, part)
		case c < 0x20 || c == 0x7f:
			return fmt.Errorf("%w: the %s %q has a control byte", sentinel.ErrInvalid, what, part)
		}
	}
	if !utf8.ValidString(part) {
		return fmt.Errorf("%w: the %s %q is not UTF-8, which a JSON document needs", sentinel.ErrInvalid, what, part)
	}
	return nil
}

// SplitActor takes an actor's name apart; the space is empty in the older layout.
func SplitActor(name string) (space, id string, err error) {
	space, id, newer := strings.Cut(name, ":")
	if !newer {
		return "", name, CheckPart("actor id", name)
	}
	if err := CheckPart("atespace", space); err != nil {
		return "", "", err
	}
	return space, id, CheckPart("actor id", id)
}

// CheckWorker checks the parts of a worker's name, which is what stands after its prefix: namespace:pool:pod.
func CheckWorker(namespace, pool, pod string) error {
	if err := CheckPart("worker namespace", namespace); err != nil {
		return err
	}
	if err := CheckPart("worker pool", pool); err != nil {
		return err
	}
	return CheckPart("worker pod", pod)
}

// OfWorker makes and checks a worker's name.
func OfWorker(namespace, pool, pod string) (string, error) {
	return namespace + ":" + pool + ":" + pod, CheckWorker(namespace, pool, pod)
}

// ByUID tells the names of the newest layout, worker:<pod uid>, from those of worker:<namespace>:<pool>:<pod>.
func ByUID(name string) bool { return !strings.Contains(name, ":") }

// CheckWorkerName checks a name of either layout.
func CheckWorkerName(name string) error {
	if ByUID(name) {
		return CheckPart("worker's pod uid", name)
	}
	return CheckWorker(SplitWorker(name))
}

// SplitWorker takes a worker's name apart.
func SplitWorker(name string) (namespace, pool, pod string) {
	namespace, rest, _ := strings.Cut(name, ":")
	pool, pod, _ = strings.Cut(rest, ":")
	return namespace, pool, pod
}
