package pebbledb

import (
	"encoding/binary"
	"fmt"

	"holdfast/core/kvstore"
)

// The first byte of a key in Pebble says what it is:
//
//	d KEY             a pair: its expiry (unsigned varint, 0: none), then its value
//	e EXPIRY KEY      a pair that ends then (8 bytes, big-endian); may be out of date, the pair decides. No value
//	l NUMBER          a change (8 bytes, big-endian): see appendChange
//	m base            the last change number that the log does not have, for good (8 bytes, big-endian)
//	m applied         the last change number of a master that was applied (8 bytes, big-endian)
//	m history         the identity of the history of the own changes (text); see kvstore.Historian
//	m of              the identity of the master's history that was applied (text)
const (
	spaceData   = 'd'
	spaceExpiry = 'e'
	spaceLog    = 'l'
	spaceMeta   = 'm'
)

var (
	metaBase    = []byte{spaceMeta, 'b', 'a', 's', 'e'}
	metaApplied = []byte{spaceMeta, 'a', 'p', 'p', 'l', 'i', 'e', 'd'}
	metaHistory = []byte{spaceMeta, 'h', 'i', 's', 't', 'o', 'r', 'y'}
	metaOf      = []byte{spaceMeta, 'o', 'f'}
)

func dataKey(key []byte) []byte {
	b := make([]byte, 1+len(key))
	b[0] = spaceData
	copy(b[1:], key)
	return b
}

func logKey(n uint64) []byte { return binary.BigEndian.AppendUint64([]byte{spaceLog}, n) }

func expiryKey(expire uint64, key []byte) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{spaceExpiry}, expire), key...)
}

func uvarintSize(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// splitPair takes a stored pair apart; value is a part of b.
func splitPair(b []byte) (expire uint64, value []byte, err error) {
	expire, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, errDamaged
	}
	return expire, b[n:], nil
}

var errDamaged = fmt.Errorf("a stored record is damaged")

// A change is stored as its effects one after the other, each a type byte (kvstore.TrxnType), the key's length and the
// key, and for a put the expiry, the value's length and the value; lengths and expiry are unsigned varints.

func changeSize(effects []*kvstore.TrxnRecord) int {
	size := 0
	for _, t := range effects {
		size += 1 + uvarintSize(uint64(len(t.Key))) + len(t.Key)
		if t.Type == kvstore.TrxnPut {
			size += uvarintSize(t.ExpireTS) + uvarintSize(uint64(len(t.Value))) + len(t.Value)
		}
	}
	return size
}

func appendChange(b []byte, effects []*kvstore.TrxnRecord) []byte {
	for _, t := range effects {
		b = append(b, byte(t.Type))
		b = binary.AppendUvarint(b, uint64(len(t.Key)))
		b = append(b, t.Key...)
		if t.Type == kvstore.TrxnPut {
			b = binary.AppendUvarint(b, t.ExpireTS)
			b = binary.AppendUvarint(b, uint64(len(t.Value)))
			b = append(b, t.Value...)
		}
	}
	return b
}

// parseChange is the inverse of appendChange; keys and values are parts of b.
func parseChange(b []byte) ([]*kvstore.TrxnRecord, error) {
	ok := true
	number := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			ok = false
			return 0
		}
		b = b[n:]
		return v
	}
	bytes := func() []byte {
		n := number()
		if n > uint64(len(b)) {
			ok = false
			return nil
		}
		part := b[:n:n]
		b = b[n:]
		return part
	}
	var effects []*kvstore.TrxnRecord
	for len(b) > 0 {
		t := &kvstore.TrxnRecord{Type: kvstore.TrxnType(b[0])}
		b = b[1:]
		t.Key = bytes()
		if t.Type == kvstore.TrxnPut {
			t.ExpireTS = number()
			t.Value = bytes()
		}
		if !ok {
			return nil, errDamaged
		}
		effects = append(effects, t)
	}
	return effects, nil
}
