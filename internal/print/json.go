package print

import (
	"bufio"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"unicode/utf16"

	"holdfast/internal/text"
)

// Object is fields with their values, see Row, as one JSON object on one line.
func Object(fields []string, values []any) ([]byte, error) {
	return Row{Values: values}.object(fields).MarshalJSON()
}

// jsonArray is all rows as one array, a row a line.
type jsonArray struct {
	out    *bufio.Writer
	fields []string
	some   bool // rows were written
}

func (a *jsonArray) begin() error {
	_, err := a.out.WriteString("[")
	return err
}

func (a *jsonArray) rows(rows iter.Seq[Row]) error {
	for r := range rows {
		if a.some {
			a.out.WriteString(",")
		}
		a.some = true
		a.out.WriteString("\n  ")
		b, err := r.object(a.fields).MarshalJSON()
		if err == nil {
			_, err = a.out.Write(b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *jsonArray) end() error {
	if a.some {
		a.out.WriteString("\n")
	}
	_, err := a.out.WriteString("]\n")
	return err
}

// jsonLines is an object a line.
type jsonLines struct {
	out    *bufio.Writer
	fields []string
}

func (jsonLines) begin() error { return nil }

func (l jsonLines) rows(rows iter.Seq[Row]) error {
	for r := range rows {
		b, err := r.object(l.fields).MarshalJSON()
		if err == nil {
			_, err = l.out.Write(append(b, '\n'))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (jsonLines) end() error { return nil }

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, m.name), ':')
		var value strings.Builder
		enc := json.NewEncoder(&value)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(m.value); err != nil {
			return nil, err
		}
		b = append(b, harmless(strings.TrimSuffix(value.String(), "\n"))...)
	}
	return append(b, '}'), nil
}

// harmless escapes in JSON what a terminal would obey or hide; JSON itself asks that only of the first control bytes.
// All of it can stand in strings alone.
func harmless(s string) string {
	if text.Clean(s) == s {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		s := string(r)
		switch {
		case text.Clean(s) == s:
			b.WriteString(s)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
