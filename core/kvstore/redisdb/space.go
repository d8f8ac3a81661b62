package redisdb

import (
	"strings"

	"holdfast/core/conn"
)

// space is the key layout of one database:
//
//	kv:{db}:d:<key>       the value; PEXPIREAT at the expiry
//	kv:{db}:ix            ZSET, all scores 0: the raw keys in their order; may hold keys that have expired
//	kv:{db}:exp           ZSET: the raw keys that have an expiry, by it, so that the index is swept of them
//	kv:{db}:seq           number of the last change
//	kv:{db}:log           Stream: the changes, ids <number>-0
//	kv:{db}:history       what the numbers count in (kvstore.Historian); made with the first one
//	kv:{db}:applied       number of the last change applied from a master
//	kv:{db}:source        the history that this number counts in
//	kv:{db}:replicas      hash: name of a replica -> "<applied> <ms of the report, by the server's clock>"; ends a day after
//	                      the last report, and goes with a restore
//	kv:{db}:epoch         counts restores; <n>-<token> and <n>+<token> while one is carried out
//	kv:{db}:load:<token>  list: what a restore has staged; lives for an hour until the restore is decided
//
// db and key are percent-encoded in keys.
type space struct {
	base                                    string // "kv:{db}:"
	data                                    string // "kv:{db}:d:"
	ix, exp, seq, log, appliedKey, epochKey string
	history, source, replicas               string
}

func newSpace(prefix, db string) space { return spaceOf(prefix, conn.Escape(db)) }

// spaceOf takes the name as it stands in keys.
func spaceOf(prefix, escaped string) space {
	base := prefix + "{" + escaped + "}:"
	return space{
		base: base, data: base + "d:", ix: base + "ix", exp: base + "exp", seq: base + "seq",
		log: base + "log", appliedKey: base + "applied", epochKey: base + "epoch",
		history: base + "history", source: base + "source", replicas: base + "replicas",
	}
}

func (s *space) key(k []byte) string      { return s.data + conn.Escape(string(k)) }
func (s *space) load(token string) string { return s.base + "load:" + token }

// recognise names the database, as it stands in the key, that a raw key belongs to; foreign: under the prefix, but
// nothing of ours. ok is false outside the prefix. It runs for every key of a database and takes no memory.
func recognise(prefix, raw string) (db string, foreign, ok bool) {
	rest, ok := strings.CutPrefix(raw, prefix)
	if !ok {
		return "", false, false
	}
	if !strings.HasPrefix(rest, "{") {
		return "", true, true
	}
	end := strings.Index(rest, "}:")
	if end < 0 || !canonical(rest[1:end]) {
		return "", true, true
	}
	switch name := rest[end+2:]; name {
	case "ix", "exp", "seq", "log", "applied", "epoch", "history", "source", "replicas":
	default:
		if !(len(name) > 2 && name[:2] == "d:") && !(len(name) > 5 && name[:5] == "load:") {
			return "", true, true
		}
	}
	return rest[1:end], false, true
}

// canonical tells whether text is a name as conn.Escape writes it.
func canonical(text string) bool {
	if !strings.Contains(text, "%") {
		return text != "" && conn.Escape(text) == text
	}
	_, err := conn.Unescape(text)
	return err == nil
}
