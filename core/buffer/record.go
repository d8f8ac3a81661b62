package buffer

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// memberNames checks that a record is a JSON object and lists its top-level member names, repetitions too.
func memberNames(record []byte) ([]string, error) {
	if !utf8.Valid(record) || !bytes.HasPrefix(bytes.TrimLeft(record, " \t\r\n"), []byte("{")) || !json.Valid(record) {
		return nil, ErrRecord
	}
	// In valid JSON a string at depth 1 after { or , is a name; decoding the values too would take twice as long.
	var names []string
	depth, atName := 0, false
	for i := 0; i < len(record); i++ {
		switch record[i] {
		case '{', '[':
			depth++
			atName = depth == 1
		case '}', ']':
			depth--
		case ',':
			atName = depth == 1
		case '"':
			end := stringEnd(record, i)
			if atName {
				names = append(names, unquote(record[i:end+1]))
				atName = false
			}
			i = end
		}
	}
	return names, nil
}

// stringEnd finds the quote that closes the JSON string beginning at i.
func stringEnd(record []byte, i int) int {
	for i++; record[i] != '"'; i++ {
		if record[i] == '\\' {
			i++
		}
	}
	return i
}

// unquote reads a valid JSON string.
func unquote(text []byte) string {
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text[1 : len(text)-1])
	}
	var name string
	_ = json.Unmarshal(text, &name) // cannot fail: the string is valid
	return name
}
