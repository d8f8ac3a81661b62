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
	reportScript  = conn.NewScript(script("report"))
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
	keys = make([]string, 5, 6+len(effects))
	keys[0], keys[1], keys[2], keys[3], keys[4] = s.epochKey, s.seq, s.ix, s.exp, s.log
	args = make([]any, 2, 2+3*len(effects)+len(more))
	args[0], args[1] = epoch, s.retain
	for _, e := range effects {
		keys = append(keys, s.key(e.Key))
		if e.Type == kvstore.TrxnPut {
			args = append(args, head('p', e.ExpireTS, e.Key, e.Value), e.Key, filled(e.Value))
		} else {
			args = append(args, head('d', 0, e.Key, nil), e.Key, "")
		}
	}
	return keys, append(args, more...)
}

// applying is write for apply.lua.
func (s *Store) applying(epoch string, c *kvstore.ChangeRecord) (keys []string, args []any) {
	keys, args = s.write(epoch, c.Trxns, c.ChangeNumber)
	return append(keys, s.appliedKey), args
}

// head is what the record of an effect has before its key and its value, see write.lua.
func head(kind byte, ts uint64, key, value []byte) string {
	b := strconv.AppendUint(append(make([]byte, 0, 48), kind), ts, 10)
	b = strconv.AppendInt(append(b, ' '), int64(len(key)), 10)
	b = strconv.AppendInt(append(b, ' '), int64(len(value)), 10)
	return string(append(b, ' '))
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
