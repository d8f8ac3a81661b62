package views

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"

	"holdfast/core/live"
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

// Print writes the rows of a view. A row that cannot be read is an object with key and error; rawKey names its key.
func (v View) Print(w io.Writer, f Format, rows live.Rows, at tui.Clock, rawKey func(id string) string) error {
	out := bufio.NewWriter(w)
	var err error
	switch f {
	case JSON, JSONL:
		err = v.printJSON(out, f, rows, at, rawKey)
	case CSV:
		err = v.printCSV(out, isTerminal(w), rows, at, rawKey)
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
	o := make(object, len(v.Fields))
	for i, f := range v.Fields {
		o[i] = member{f.Name, plain(f.Value(r, at))}
	}
	return o
}

// plain makes a value of a field one that JSON has: times RFC 3339 in UTC, durations in ms, bytes text or base64.
func plain(v any) any {
	switch v := v.(type) {
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
func harmless(text string) string {
	if tui.Clean(text) == text {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		s := string(r)
		switch {
		case tui.Clean(s) == s:
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
	case nil:
		return ""
	case string:
		return v
	case map[string]string:
		return "base64:" + v["base64"]
	}
	return fmt.Sprint(m.value)
}

// newCSV writes cells just as they are, for programs; on a terminal they are made safe.
func newCSV(out io.Writer, terminal bool) (write func(cells ...string) error, flush func() error) {
	w := csv.NewWriter(out)
	write = func(cells ...string) error {
		if terminal {
			for i, c := range cells {
				cells[i] = tui.Clean(c)
			}
		}
		return w.Write(cells)
	}
	return write, func() error { w.Flush(); return w.Error() }
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(f.Fd())
}

func (v View) printCSV(out io.Writer, terminal bool, rows live.Rows, at tui.Clock, rawKey func(string) string) error {
	write, flush := newCSV(out, terminal)
	head := make([]string, 0, len(v.Fields)+1)
	for _, f := range v.Fields {
		head = append(head, f.Name)
	}
	if err := write(append(head, "error")...); err != nil {
		return err
	}
	for i := range rows.Len() {
		cells := make([]string, len(v.Fields)+1)
		if err := rows.At(i).Problem(); err != nil {
			cells[0], cells[len(cells)-1] = rawKey(rows.At(i).ID()), err.Error()
		} else {
			for n, m := range v.object(rows.At(i), at, rawKey) {
				cells[n] = m.cell()
			}
		}
		if err := write(cells...); err != nil {
			return err
		}
	}
	return flush()
}

// printTable writes aligned columns for people, every cell safe for a terminal.
func (v View) printTable(out io.Writer, rows live.Rows, at tui.Clock, rawKey func(string) string) error {
	lines := make([][]string, 0, rows.Len()+1)
	head := make([]string, len(v.Fields))
	for i, f := range v.Fields {
		head[i] = strings.ToUpper(f.Name)
	}
	lines = append(lines, head)
	for i := range rows.Len() {
		r := rows.At(i)
		if err := r.Problem(); err != nil {
			lines = append(lines, []string{tui.Clean(rawKey(r.ID())), "error: " + tui.Clean(err.Error())})
			continue
		}
		cells := make([]string, len(v.Fields))
		for n, m := range v.object(r, at, rawKey) {
			cells[n] = tui.Clean(m.cell())
		}
		lines = append(lines, cells)
	}
	widths := make([]int, len(head))
	for _, cells := range lines {
		for i, c := range cells[:len(cells)-1] { // the last cell of a line needs no room
			widths[i] = max(widths[i], ansi.StringWidth(c))
		}
	}
	for _, cells := range lines {
		for i, c := range cells[:len(cells)-1] {
			fmt.Fprint(out, c, strings.Repeat(" ", widths[i]-ansi.StringWidth(c)+2))
		}
		if _, err := fmt.Fprintln(out, cells[len(cells)-1]); err != nil {
			return err
		}
	}
	return nil
}

// PrintOne writes one row whole: its fields, its content and its raw keys. Of one that is too large to be read unasked,
// whose fields nobody has read, its key stands for them.
func (v View) PrintOne(w io.Writer, f Format, r live.Row, d live.Detail, at tui.Clock) error {
	o := object{{"key", plain([]byte(d.Keys[0].Name))}}
	if r.Problem() == nil {
		o = v.object(r, at, nil)
	}
	content := plain(d.Body)
	if first := bytes.TrimSpace(d.Body); len(first) > 0 && (first[0] == '{' || first[0] == '[') && utf8.Valid(d.Body) && json.Valid(d.Body) {
		content = json.RawMessage(d.Body)
	}
	keys := make([]any, len(d.Keys))
	for i, k := range d.Keys {
		keys[i] = plain(k.Name)
	}
	o = append(o, member{"content", content}, member{"raw_keys", keys})
	switch f {
	case Table:
		tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		for _, m := range o[:len(o)-2] {
			fmt.Fprintf(tw, "%s\t%s\n", m.name, tui.Clean(m.cell()))
		}
		for _, k := range d.Keys {
			fmt.Fprintf(tw, "raw key\t%s %s\n", tui.Clean(k.Name), k.Type)
		}
		if err := tw.Flush(); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "\n%s\n", tui.CleanLines(member{value: plain(d.Body)}.cell()))
		return err
	case CSV:
		write, flush := newCSV(w, isTerminal(w))
		for _, m := range append(o[:len(o)-2], member{"content", plain(d.Body)}) {
			if err := write(m.name, m.cell()); err != nil {
				return err
			}
		}
		return flush()
	}
	b, err := o.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}
