package layout

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// What can be said of a protobuf message without its schema: the values of each field by its number. A text and a message inside
// look alike, so that what is no readable text is taken for a message if it is one.

var errProtobuf = errors.New("not a protobuf message")

const (
	maxProtobufDepth  = 8
	maxProtobufFields = 10_000
)

// protobufJSON makes JSON of a message: {"1": ["a text"], "5": [{"1": [12]}]}. Whole numbers are unsigned, as they are written.
// Fixed ones of 8 bytes are taken for floats. Bytes that are neither text nor message become a text, as JSON has them.
func protobufJSON(b []byte) ([]byte, error) {
	left := maxProtobufFields
	fields, err := protobufFields(b, maxProtobufDepth, &left)
	if err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

func protobufFields(b []byte, depth int, left *int) (map[string][]any, error) {
	if depth == 0 {
		return nil, errProtobuf
	}
	fields := map[string][]any{}
	for len(b) > 0 {
		if *left--; *left < 0 {
			return nil, errProtobuf
		}
		tag, rest, ok := uvarint(b)
		number := tag >> 3
		if !ok || number == 0 || number > 1<<29-1 {
			return nil, errProtobuf
		}
		var value any
		switch tag & 7 {
		case 0:
			n, after, ok := uvarint(rest)
			if !ok {
				return nil, errProtobuf
			}
			value, b = n, after
		case 1:
			if len(rest) < 8 {
				return nil, errProtobuf
			}
			value, b = fixed64(rest), rest[8:]
		case 2:
			size, after, ok := uvarint(rest)
			if !ok || size > uint64(len(after)) {
				return nil, errProtobuf
			}
			value, b = protobufValue(after[:size], depth, left), after[size:]
		case 5:
			if len(rest) < 4 {
				return nil, errProtobuf
			}
			value, b = uint32(rest[0])|uint32(rest[1])<<8|uint32(rest[2])<<16|uint32(rest[3])<<24, rest[4:]
		default:
			return nil, errProtobuf
		}
		name := strconv.FormatUint(number, 10)
		fields[name] = append(fields[name], value)
	}
	return fields, nil
}

// protobufValue is a text, a message, or a text after all.
func protobufValue(b []byte, depth int, left *int) any {
	if !readable(b) {
		if fields, err := protobufFields(b, depth-1, left); err == nil {
			return fields
		}
	}
	return string(b)
}

func readable(b []byte) bool {
	for _, r := range string(b) {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// fixed64 is a float if JSON can say it, else the whole number.
func fixed64(b []byte) any {
	var n uint64
	for i := range 8 {
		n |= uint64(b[i]) << (8 * i)
	}
	if f := math.Float64frombits(n); !math.IsNaN(f) && !math.IsInf(f, 0) {
		return f
	}
	return n
}

// uvarint reads a number of at most 10 bytes.
func uvarint(b []byte) (n uint64, rest []byte, ok bool) {
	for i := 0; i < len(b) && i < 10; i++ {
		n |= uint64(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			return n, b[i+1:], true
		}
	}
	return 0, nil, false
}
