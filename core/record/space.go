package record

import (
	"fmt"
	"strconv"
	"strings"

	"holdfast/core/conn"
)

// space is the key layout of one namespace:
//
//	rec:{ns}:r:<key>      hash: value, version, lease ("0": none)
//	rec:{ns}:ix           ZSET, all scores 0: the raw keys in their order
//	rec:{ns}:seq          counter of changes; versions and lease ids are its values
//	rec:{ns}:lease:<id>   the granted ms as text; expires at the deadline
//	rec:{ns}:lk:<id>      SET: the raw keys of the lease's records
//	rec:{ns}:exp          ZSET: lease ids by deadline in ms. A lease lives until then, and its id stays until it is swept
//
// and one channel, rec:{ns}:ch, that tells every change. ns and key are percent-encoded in keys.
type space struct {
	base         string // "rec:{ns}:"
	seq, ix, exp string
	channel      string
}

func newSpace(prefix, namespace string) space {
	base := prefix + "{" + conn.Escape(namespace) + "}:"
	return space{base: base, seq: base + "seq", ix: base + "ix", exp: base + "exp", channel: base + "ch"}
}

func (s space) record(k Key) string         { return s.base + "r:" + conn.Escape(string(k)) }
func (s space) lease(id LeaseId) string     { return s.base + "lease:" + strconv.FormatInt(int64(id), 10) }
func (s space) leaseKeys(id LeaseId) string { return s.base + "lk:" + strconv.FormatInt(int64(id), 10) }

// part says what a raw key is in the layout.
type part int

const (
	foreign    part = iota // under the prefix, but nothing of ours
	ofRecord               // name is the escaped key
	ofLease                // name is the id
	ofKeys                 // :lk of the lease name
	ofTheSpace             // :ix, :seq or :exp
)

// recognise takes a raw key apart; ns is escaped as it stands in the key. ok is false outside the prefix.
func recognise(prefix, raw string) (kind part, ns, name string, ok bool) {
	rest, ok := strings.CutPrefix(raw, prefix)
	if !ok {
		return foreign, "", "", false
	}
	ns, name, found := strings.Cut(rest, "}:")
	ns, braced := strings.CutPrefix(ns, "{")
	if !found || !braced || !canonical(ns) {
		return foreign, "", "", true
	}
	switch name {
	case "ix", "seq", "exp":
		return ofTheSpace, ns, "", true
	}
	word, name, _ := strings.Cut(name, ":")
	switch {
	case word == "r" && canonical(name):
		return ofRecord, ns, name, true
	case word == "lease" && leaseID(name) > 0:
		return ofLease, ns, name, true
	case word == "lk" && leaseID(name) > 0:
		return ofKeys, ns, name, true
	}
	return foreign, "", "", true
}

// canonical tells whether text is a name as conn.Escape writes it. Most names need no escaping and cost no memory.
func canonical(text string) bool {
	if !strings.Contains(text, "%") {
		return text != "" && conn.Escape(text) == text
	}
	_, err := conn.Unescape(text)
	return err == nil
}

// leaseID reads an id as this package writes it, or returns 0.
func leaseID(text string) LeaseId {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || strconv.FormatInt(n, 10) != text {
		return 0
	}
	return LeaseId(n)
}

// name undoes the escaping of canonical text, sharing its memory where nothing was escaped.
func name(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	raw, _ := conn.Unescape(text) // canonical, so it can be undone
	return raw
}

// number reads a version or lease as stored.
func number(field, text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %s %q", errMalformed, field, text)
	}
	return n, nil
}
