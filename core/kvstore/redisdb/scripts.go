package redisdb

import (
	"cmp"
	"embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb/internal/logentry"
)

//go:embed lua
var files embed.FS

var (
	putScript     = script("clock", "begin", "write")
	deleteScript  = script("clock", "begin", "delete", "write")
	casScript     = script("clock", "begin", "cas", "write")
	applyScript   = script("clock", "begin", "apply", "write")
	sweepScript   = script("clock", "begin", "sweep")
	getScript     = script("clock", "get")
	pageScript    = script("clock", "page")
	numbersScript = script("numbers")
	stageScript   = script("finishable", "stage")
	commitScript  = script("finishable", "commit")
	adoptScript   = script("adopt")
	reportScript  = script("report")
	newestScript  = script("newest")
)

// script puts one together from its files.
func script(names ...string) *conn.Script {
	var text strings.Builder
	for _, name := range names {
		b, err := files.ReadFile("lua/" + name + ".lua")
		if err != nil {
			panic(err) // not built with its scripts
		}
		text.Write(b)
	}
	return conn.NewScript(text.String())
}

// call is the keys and arguments of a script that writes, as begin.lua documents them.
type call struct {
	effects []*kvstore.TrxnRecord
	keys    []string // that the script asks for besides
	args    []any
	expired []string // keys of pairs to be taken out of the index
}

func (s *Store) spell(epoch string, c call) (keys []string, args []any) {
	keys = make([]string, 6, 6+len(c.effects)+len(c.keys)+len(c.expired))
	keys[0], keys[1], keys[2], keys[3], keys[4], keys[5] = s.epochKey, s.seq, s.ix, s.exp, s.log, s.history
	args = make([]any, 4, 4+3*len(c.effects)+len(c.args)+len(c.expired))
	args[0], args[1], args[2], args[3] = epoch, s.retain, s.begins, len(c.expired)
	for _, e := range c.effects {
		keys = append(keys, s.key(e.Key))
		if e.Type == kvstore.TrxnPut {
			args = append(args, logentry.Head('p', e.ExpireTS, e.Key, e.Value), e.Key, filled(e.Value))
		} else {
			args = append(args, logentry.Head('d', 0, e.Key, nil), e.Key, "")
		}
	}
	keys, args = append(keys, c.keys...), append(args, c.args...)
	for _, key := range c.expired {
		keys, args = append(keys, s.key([]byte(key))), append(args, key)
	}
	return keys, args
}

// code reads what a script that writes returns: its code, and keys of pairs that have expired.
func code(cmd *redis.Cmd) (code int64, expired []string, err error) {
	switch said, err := cmd.Result(); said := said.(type) {
	case int64:
		return said, nil, err
	case []any:
		for _, key := range said[1:] {
			text, _ := key.(string)
			expired = append(expired, text)
		}
		return 1, expired, err
	default:
		return 0, nil, cmp.Or(err, fmt.Errorf("%w: a script answers %v", errMalformed, said))
	}
}

// filled is b, but not nil, which go-redis does not send as an empty text.
func filled(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// number reads what a script or a key gives as a number.
func number(what string, said any) (uint64, error) {
	switch v := said.(type) {
	case string:
		if n, err := strconv.ParseUint(v, 10, 64); err == nil {
			return n, nil
		}
	case int64:
		if v >= 0 {
			return uint64(v), nil
		}
	case nil:
		return 0, nil
	}
	return 0, fmt.Errorf("%w: %s is %q", errMalformed, what, said)
}
