package kind

import (
	"encoding/binary"
	"math"
)

// A key is a value as bytes: byte order is the order of the values, and no key begins with another one, so that more may
// follow it, such as an ID.

// First bytes of a key.
const (
	keyKnown   = 0x01
	keyUnknown = 0x02 // last
)

// AppendKey appends the key of a row's value. What is not known sorts last, and so does a moment that is not set.
func (c Column) AppendKey(b []byte, r Row) []byte {
	if c.Err(r) != nil {
		return AppendUnknownKey(b)
	}
	switch c.Type() {
	case TypeInt, TypeDuration:
		return AppendIntKey(b, unzigzag(c.number(r)))
	case TypeUint:
		return AppendUintKey(b, c.number(r))
	case TypeBool:
		n := uint64(0)
		if (Bool{c}).Of(r) {
			n = 1
		}
		return AppendUintKey(b, n)
	case TypeTime, TypeDeadline:
		n := c.number(r)
		if n == 0 {
			return AppendIntKey(b, math.MaxInt64)
		}
		return AppendIntKey(b, unzigzag(n-1))
	}
	return AppendTextKey(b, c.text(r))
}

// AppendUnknownKey appends the key of what is not known: it sorts after all others.
func AppendUnknownKey(b []byte) []byte { return append(b, keyUnknown) }

// AppendTextKey appends the key of a text.
func AppendTextKey(b []byte, s string) []byte {
	b = append(b, keyKnown)
	for i := 0; i < len(s); i++ {
		if s[i] == 0 {
			b = append(b, 0, 0xff)
			continue
		}
		b = append(b, s[i])
	}
	return append(b, 0, 0)
}

// AppendIntKey appends the key of a signed number: small ones have short keys.
func AppendIntKey(b []byte, n int64) []byte {
	if n < 0 {
		return appendDigits(append(b, keyKnown), 0x80, uint64(^n), true)
	}
	return appendDigits(append(b, keyKnown), 0x80, uint64(n), false)
}

// AppendUintKey appends the key of an unsigned number.
func AppendUintKey(b []byte, n uint64) []byte {
	return appendDigits(append(b, keyKnown), 0x80, n, false)
}

// AppendFloatKey appends the key of a number that is not negative.
func AppendFloatKey(b []byte, f float64) []byte { return AppendUintKey(b, math.Float64bits(max(0, f))) }

// appendDigits appends how many bytes a number has, above the middle, or below it for a negative one, and then these.
func appendDigits(b []byte, middle byte, n uint64, negative bool) []byte {
	var digits [8]byte
	binary.BigEndian.PutUint64(digits[:], n)
	from := 0
	for from < 8 && digits[from] == 0 {
		from++
	}
	if negative {
		b = append(b, middle-1-byte(8-from))
		for _, d := range digits[from:] {
			b = append(b, ^d)
		}
		return b
	}
	return append(append(b, middle+byte(8-from)), digits[from:]...)
}
