package print

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// object is a JSON object that keeps the order of its members.
type object []member

type member struct {
	name  string
	value any // as plain makes it
}

// unknownName is the member that says why others are null.
const unknownName = "unknown"

// object is a row by its members. The last says why values are not known, if any are not.
func (r Row) object(fields []string) object {
	if r.Problem != nil {
		return object{{"key", plain(r.Key)}, {"error", r.Problem.Error()}}
	}
	o := make(object, len(fields), len(fields)+1)
	var unknown []string
	for i, value := range r.Values {
		if why, is := value.(error); is && !slices.Contains(unknown, why.Error()) {
			unknown = append(unknown, why.Error())
		}
		o[i] = member{fields[i], plain(value)}
	}
	if len(unknown) > 0 {
		o = append(o, member{unknownName, strings.Join(unknown, "; ")})
	}
	return o
}

// because adds why a member is not known, each reason once.
func (o object) because(why error) object {
	at := slices.IndexFunc(o, func(m member) bool { return m.name == unknownName })
	switch {
	case why == nil:
	case at < 0:
		o = append(o, member{unknownName, why.Error()})
	case !strings.Contains(fmt.Sprint(o[at].value), why.Error()):
		o[at].value = fmt.Sprintf("%v; %v", o[at].value, why)
	}
	return o
}

// notKnown is the value of a field that could not be read. In JSON it is null, in CSV empty; the object, or the column
// error, says why.
type notKnown struct{}

func (notKnown) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// plain makes a value of a field one that JSON has: times RFC 3339 in UTC, durations in ms, bytes text or base64.
func plain(v any) any {
	switch v := v.(type) {
	case error:
		return notKnown{}
	case string:
		return plain([]byte(v))
	case []byte:
		if utf8.Valid(v) {
			return string(v)
		}
		return map[string]string{"base64": base64.StdEncoding.EncodeToString(v)}
	case time.Time:
		if v.IsZero() {
			return nil
		}
		return v.UTC().Format(time.RFC3339Nano)
	case time.Duration:
		return v.Milliseconds()
	}
	return v
}

// content is JSON where a body is an object or an array, else as plain.
func content(body []byte) any {
	if first := bytes.TrimSpace(body); len(first) > 0 && (first[0] == '{' || first[0] == '[') && utf8.Valid(body) && json.Valid(body) {
		return json.RawMessage(body)
	}
	return plain(body)
}

// cell is a member as plain text for tables and CSV.
func (m member) cell() string {
	switch v := m.value.(type) {
	case nil, notKnown:
		return ""
	case string:
		return v
	case map[string]string:
		return "base64:" + v["base64"]
	}
	return fmt.Sprint(m.value)
}
