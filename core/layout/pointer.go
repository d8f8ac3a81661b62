package layout

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Steps of a pointer that take more than one value.
const (
	eachValue = "*"  // the elements of an array or the values of an object
	eachName  = "**" // the names of an object
)

// pointAt follows a JSON Pointer (RFC 6901), whose steps may be * and **. Texts come without their quotes, all else as it is
// written; null is nothing. Several values are joined by a comma.
func pointAt(doc string, pointer []string) (value string, found bool, err error) {
	if !json.Valid([]byte(doc)) {
		return "", false, errNotJSON
	}
	var values []string
	follow(json.RawMessage(doc), pointer, func(v string) { values = append(values, v) })
	return strings.Join(values, ", "), len(values) > 0, nil
}

// follow gives all values of a valid document that a pointer leads to.
func follow(at json.RawMessage, pointer []string, give func(string)) {
	if len(pointer) == 0 {
		var text string
		switch at = bytes.TrimSpace(at); {
		case string(at) == "null":
		case json.Unmarshal(at, &text) == nil:
			give(text)
		default:
			give(string(at))
		}
		return
	}
	step, rest := pointer[0], pointer[1:]
	var object map[string]json.RawMessage
	var array []json.RawMessage
	switch bytes.TrimSpace(at)[0] {
	case '{':
		_ = json.Unmarshal(at, &object)
	case '[':
		_ = json.Unmarshal(at, &array)
	}
	switch n, err := strconv.Atoi(step); {
	case step == eachName:
		for _, name := range slices.Sorted(maps.Keys(object)) {
			give(name)
		}
	case step == eachValue && array != nil:
		for _, one := range array {
			follow(one, rest, give)
		}
	case step == eachValue:
		for _, name := range slices.Sorted(maps.Keys(object)) {
			follow(object[name], rest, give)
		}
	case object[step] != nil:
		follow(object[step], rest, give)
	case err == nil && n >= 0 && n < len(array):
		follow(array[n], rest, give)
	}
}
