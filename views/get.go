package views

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/charmbracelet/x/term"

	"holdfast/core/live"
	"holdfast/internal/text"
	"holdfast/tui"
)

// Format is how `holdfast get` prints.
type Format string

// The formats of `get -o`.
const (
	Table Format = "table"
	JSON  Format = "json"
	JSONL Format = "jsonl"
	CSV   Format = "csv"
)

// ParseFormat reads the argument of -o.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case Table, JSON, JSONL, CSV:
		return f, nil
	}
	return "", fmt.Errorf("unknown format %q: one of table json jsonl csv", s)
}

// Printer is how `holdfast get` prints and where.
type Printer struct {
	Format
	Out io.Writer
	Raw bool // CSV cells that a spreadsheet would run stay as they are
}

// Print writes the rows of a view. A row that cannot be read is an object with key and error; rawKey names its key.
func (v View) Print(p Printer, rows live.Rows, at tui.Clock, rawKey func(id string) string) error {
	w, f := p.Out, p.Format
	out := bufio.NewWriter(w)
	var err error
	switch f {
	case JSON, JSONL:
		err = v.printJSON(out, f, rows, at, rawKey)
	case CSV:
		err = v.printCSV(newCSV(out, isTerminal(w), p.Raw), rows, at, rawKey)
	default:
		err = v.printTable(out, rows, at, rawKey)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

func (v View) printJSON(out *bufio.Writer, f Format, rows live.Rows, at tui.Clock, rawKey func(string) string) error {
	if f == JSON {
		out.WriteString("[")
	}
	for i := range rows.Len() {
		b, err := v.json(rows.At(i), at, rawKey)
		if err != nil {
			return err
		}
		if f == JSON && i > 0 {
			out.WriteString(",")
		}
		if f == JSON {
			out.WriteString("\n  ")
		}
		out.Write(b)
		if f == JSONL {
			out.WriteString("\n")
		}
	}
	if f == JSON {
		if rows.Len() > 0 {
			out.WriteString("\n")
		}
		out.WriteString("]\n")
	}
	return nil
}

// json is a row as one object, on one line.
func (v View) json(r live.Row, at tui.Clock, rawKey func(string) string) ([]byte, error) {
	return v.object(r, at, rawKey).MarshalJSON()
}

// object is a JSON object that keeps the order of its members.
type object []member

type member struct {
	name  string
	value any
}

func (v View) object(r live.Row, at tui.Clock, rawKey func(string) string) object {
	if err := r.Problem(); err != nil {
		return object{{"key", plain([]byte(rawKey(r.ID())))}, {"error", err.Error()}}
	}
	o := make(object, len(v.Fields), len(v.Fields)+1)
	var unknown []string
	for i, f := range v.Fields {
		value := f.Value(r, at)
		if why, is := value.(error); is && !slices.Contains(unknown, why.Error()) {
			unknown = append(unknown, why.Error())
		}
		o[i] = member{f.Name, plain(value)}
	}
	if len(unknown) > 0 {
		o = append(o, member{unknownName, strings.Join(unknown, "; ")})
	}
	return o
}

// unknownName is the member that says why others are null.
const unknownName = "unknown"

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

func isTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(f.Fd())
}

// content is JSON where a body is an object or an array, else as plain.
func content(body []byte) any {
	if first := bytes.TrimSpace(body); len(first) > 0 && (first[0] == '{' || first[0] == '[') && utf8.Valid(body) && json.Valid(body) {
		return json.RawMessage(body)
	}
	return plain(body)
}

// PrintOne writes one row whole: its fields, its content, its raw keys and the documents that it names. Of one that is too large to be read unasked,
// whose fields nobody has read, its key stands for them. unread is why the content is not known; nil where it is.
func (v View) PrintOne(p Printer, r live.Row, rawKey string, d live.Detail, unread error, at tui.Clock) error {
	w, f := p.Out, p.Format
	o := object{{"key", plain([]byte(rawKey))}}
	if r.Problem() == nil {
		o = v.object(r, at, nil)
	}
	keys := make([]any, len(d.Keys))
	var untyped error // why it is not known which of the keys are there
	for i, k := range d.Keys {
		if keys[i] = plain(k.Name); k.Type == "" {
			untyped = k.Problem
		}
	}
	o = o.because(unread).because(untyped)
	fields := o
	body, bodyText, raw := content(d.Body), plain(d.Body), any(keys)
	if unread != nil {
		body, bodyText = notKnown{}, notKnown{}
	}
	if untyped != nil {
		raw = notKnown{}
	}
	o = append(slices.Clip(o), member{"content", body}, member{"raw_keys", raw})
	if len(d.Related) > 0 {
		related := make([]object, len(d.Related))
		for i, doc := range d.Related {
			related[i] = object{{"key", plain(doc.Key)}, {"content", content(doc.Body)}}
			if doc.Problem != nil {
				related[i] = object{{"key", plain(doc.Key)}, {"error", doc.Problem.Error()}}
			}
		}
		o = append(o, member{"related", related})
	}
	switch f {
	case Table:
		tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		for _, m := range fields {
			fmt.Fprintf(tw, "%s\t%s\n", m.name, m.shown())
		}
		for _, k := range d.Keys {
			fmt.Fprintf(tw, "raw key\t%s %s\n", text.Clean(k.Name), text.Clean(cmp.Or(k.Type, notKnownText)))
		}
		if err := tw.Flush(); err != nil {
			return err
		}
		content := member{value: bodyText}.cell()
		if unread != nil {
			content = notKnownText
		}
		_, err := fmt.Fprintf(w, "\n%s\n", text.CleanLines(content))
		for _, doc := range d.Related {
			body := member{value: plain(doc.Body)}.cell()
			if doc.Problem != nil {
				body = "unreadable: " + doc.Problem.Error()
			}
			if err == nil {
				_, err = fmt.Fprintf(w, "\n%s\n%s\n", text.Clean(doc.Key), text.CleanLines(body))
			}
		}
		return err
	case CSV:
		out := newCSV(w, isTerminal(w), p.Raw)
		for _, m := range append(slices.Clip(fields), member{"content", bodyText}) {
			if err := out.write(m.name, out.cell(m)); err != nil {
				return err
			}
		}
		return out.flush()
	}
	b, err := o.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}
