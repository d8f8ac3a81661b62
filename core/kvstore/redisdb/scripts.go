package redisdb

import (
	"embed"
	"fmt"
	"strconv"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
)

//go:embed lua
var files embed.FS

var (
	putScript     = conn.NewScript(script("begin") + script("write"))
	deleteScript  = conn.NewScript(script("begin") + script("ends") + script("delete") + script("write"))
	casScript     = conn.NewScript(script("begin") + script("ends") + script("cas") + script("write"))
	applyScript   = conn.NewScript(script("begin") + script("apply") + script("write"))
	getScript     = conn.NewScript(script("get"))
	pageScript    = conn.NewScript(script("page"))
	numbersScript = conn.NewScript(script("numbers"))
	stageScript   = conn.NewScript(script("stage"))
	commitScript  = conn.NewScript(script("commit"))
	adoptScript   = conn.NewScript(script("adopt"))
)

func script(name string) string {
	b, err := files.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(err) // not built with its scripts
	}
	return string(b)
}

// write puts together what begin.lua documents: the keys and the arguments of a script that writes.
func (s *Store) write(epoch string, effects []*kvstore.TrxnRecord, more ...any) (keys []string, args []any) {
	keys = make([]string, 6, 6+len(effects))
	keys[0], keys[1], keys[2], keys[3], keys[4], keys[5] = s.epochKey, s.seq, s.ix, s.exp, s.log, s.appliedKey
	args = make([]any, 3, 3+4*len(effects)+len(more))
	args[0], args[1], args[2] = epoch, s.retain, s.data
	for _, e := range effects {
		keys = append(keys, s.key(e.Key))
		if e.Type == kvstore.TrxnPut {
			args = append(args, "p", e.ExpireTS, e.Key, filled(e.Value))
		} else {
			args = append(args, "d", "0", e.Key, "")
		}
	}
	return keys, append(args, more...)
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
