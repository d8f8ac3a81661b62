package redisdb

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/kvstore"
)

// decode reads an entry of the log, as write.lua documents it.
func decode(m redis.XMessage) (*kvstore.ChangeRecord, error) {
	id, zero, _ := strings.Cut(m.ID, "-")
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil || zero != "0" {
		return nil, fmt.Errorf("%w: the log has an entry %q", errMalformed, m.ID)
	}
	text, ok := m.Values["c"].(string)
	if !ok || len(m.Values) != 1 {
		return nil, fmt.Errorf("%w: the log's entry %q has other fields", errMalformed, m.ID)
	}
	c := &kvstore.ChangeRecord{ChangeNumber: n}
	for rest := []byte(text); len(rest) > 0; {
		e, after, ok := effect(rest)
		if !ok {
			return nil, fmt.Errorf("%w: the log's entry %q", errMalformed, m.ID)
		}
		c.Trxns = append(c.Trxns, e)
		rest = after
	}
	return c, nil
}

// effect reads one effect and returns what follows it.
func effect(b []byte) (e *kvstore.TrxnRecord, rest []byte, ok bool) {
	e = &kvstore.TrxnRecord{}
	switch b[0] {
	case 'p':
		e.Type = kvstore.TrxnPut
	case 'd':
		e.Type = kvstore.TrxnDelete
	default:
		return nil, nil, false
	}
	var numbers [3]uint64 // expiry, length of the key, length of the value
	rest = b[1:]
	for i := range numbers {
		digits, after, found := bytes.Cut(rest[:min(len(rest), 21)], []byte{' '}) // 20 digits hold any number
		n, err := strconv.ParseUint(string(digits), 10, 64)
		if !found || err != nil {
			return nil, nil, false
		}
		numbers[i], rest = n, rest[len(rest[:min(len(rest), 21)])-len(after):]
	}
	key, value := numbers[1], numbers[2]
	if key > uint64(len(rest)) || value > uint64(len(rest))-key {
		return nil, nil, false
	}
	e.ExpireTS, e.Key = numbers[0], rest[:key:key]
	if e.Type == kvstore.TrxnPut {
		e.Value = rest[key : key+value : key+value]
	}
	return e, rest[key+value:], true
}
