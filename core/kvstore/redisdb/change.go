package redisdb

import (
	"fmt"
	"strconv"
	"strings"

	"holdfast/core/kvstore"
)

// entry is the memory of a change with one effect, as most have: a page of the log is one piece of it.
type entry struct {
	kvstore.ChangeRecord
	first kvstore.TrxnRecord
	list  [1]*kvstore.TrxnRecord
}

// decode reads an entry of the log as XRANGE gives it: its id, and its one field as write.lua documents it.
func (c *entry) decode(said any) error {
	var id, text string
	if parts, _ := said.([]any); len(parts) == 2 {
		id, _ = parts[0].(string)
		if field, _ := parts[1].([]any); len(field) == 2 && field[0] == "c" {
			text, _ = field[1].(string)
		} else {
			id += " with other fields"
		}
	}
	digits, ours := strings.CutSuffix(id, "-0")
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || !ours {
		return fmt.Errorf("%w: the log has an entry %q", errMalformed, id)
	}
	c.ChangeNumber, c.Trxns = n, c.list[:0]
	raw := []byte(text) // one copy that keys and values share
	for at := 0; at < len(text); {
		e := &c.first
		if at > 0 {
			e = &kvstore.TrxnRecord{}
		}
		size := effect(e, text[at:], raw[at:])
		if size == 0 {
			return fmt.Errorf("%w: the log's entry %q", errMalformed, id)
		}
		c.Trxns = append(c.Trxns, e)
		at += size
	}
	return nil
}

// effect reads the effect at the beginning of text, whose bytes raw has, too, and returns its length; 0 if there is none.
func effect(e *kvstore.TrxnRecord, text string, raw []byte) (size int) {
	switch text[0] {
	case 'p':
		e.Type = kvstore.TrxnPut
	case 'd':
		e.Type = kvstore.TrxnDelete
	default:
		return 0
	}
	var numbers [3]uint64 // expiry, length of the key, length of the value
	at := 1
	for i := range numbers {
		digits := strings.IndexByte(text[at:], ' ')
		if digits < 0 {
			return 0
		}
		n, err := strconv.ParseUint(text[at:at+digits], 10, 64)
		if err != nil {
			return 0
		}
		numbers[i] = n
		at += digits + 1
	}
	left := uint64(len(text) - at)
	if numbers[1] > left || numbers[2] > left-numbers[1] {
		return 0
	}
	value := at + int(numbers[1])
	size = value + int(numbers[2])
	e.ExpireTS, e.Key = numbers[0], raw[at:value:value]
	if e.Type == kvstore.TrxnPut {
		e.Value = raw[value:size:size]
	}
	return size
}
