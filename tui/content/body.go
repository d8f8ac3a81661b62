// Package content lays content out in lines: JSON indented and coloured, text as it is, anything else as a hex dump. It finds text in what
// it laid out, also where that is broken over two lines.
package content

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"holdfast/internal/text"
	"holdfast/themes"
)

// What is shown of a content at most.
const (
	maxBody    = 1 << 20 // bytes
	maxLines   = 20_000
	maxNesting = 64 // of JSON that is still indented

	bytesOfDump = 16 // in a line of a hex dump
)

// Lay lays content out in lines of at most w cells: JSON indented and coloured, text as it is, anything else as a
// hex dump. size is that of the content where body is only its beginning, else 0.
func Lay(th themes.Theme, body []byte, size int64, w int) *Laid {
	shown := body[:min(len(body), maxBody)]
	out := &Laid{}
	note := func(text string) *Laid {
		out.keep(maxLines)
		out.add(th.Warn.Render(text), text, 0, "\n")
		return out
	}
	if size > 0 && len(body) == 0 {
		return note(text.Cut("too large to be shown", w))
	}
	switch {
	case len(shown) == len(body) && size == 0 && out.json(th, body, w):
	case isText(shown):
		for l := range strings.SplitSeq(string(shown), "\n") {
			out.wrap(text.CleanLines(strings.TrimSuffix(l, "\r")), "", w, func(_ int, part string) string { return th.Text.Render(part) })
			if len(out.Lines) > maxLines {
				break
			}
		}
	default:
		shown = shown[:min(len(shown), maxLines*bytesOfDump)]
		for l := range strings.Lines(hex.Dump(shown)) {
			says := text.Clean(strings.TrimRight(l, "\n"))
			out.add(th.Text.Render(says), says, 0, "\n")
		}
	}
	switch {
	case size > 0:
		return note(text.Cut(fmt.Sprintf("cut here, at %s of %s", text.Bytes(int64(len(body))), text.Bytes(size)), w))
	case len(shown) < len(body) || len(out.Lines) > maxLines:
		return note(fmt.Sprintf("cut here; `holdfast get` prints all %d bytes", len(body)))
	}
	return out
}

// isText tells text from binary, also where it was cut in the middle of a character.
func isText(b []byte) bool {
	for cutOff := 0; cutOff < utf8.UTFMax && cutOff <= len(b); cutOff++ {
		if utf8.Valid(b[:len(b)-cutOff]) {
			return true
		}
	}
	return false
}

// json lays a JSON object or array out, indented and coloured; false if it is none, or nested so deep that indenting it
// would take a screen as wide as it is deep.
func (l *Laid) json(th themes.Theme, body []byte, w int) bool {
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' || nesting(trimmed) > maxNesting {
		return false
	}
	var b bytes.Buffer
	if json.Indent(&b, trimmed, "", "  ") != nil {
		return false
	}
	for line := range strings.SplitSeq(b.String(), "\n") {
		says := strings.TrimLeft(line, " ")
		indent := line[:len(line)-len(says)]
		l.wrap(text.Clean(says), indent, max(10, w-len(indent)), func(i int, part string) string {
			if i == 0 {
				return colourJSON(th, part)
			}
			return th.JSONString.Render(part)
		})
		if len(l.Lines) > maxLines {
			break
		}
	}
	return true
}

// nesting is how deep brackets stand in each other.
func nesting(text []byte) int {
	deep, deepest, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			deep++
			deepest = max(deepest, deep)
		case c == '}' || c == ']':
			deep--
		}
	}
	return deepest
}

// colourJSON colours one line of indented JSON: an optional member name and one token.
func colourJSON(th themes.Theme, text string) string {
	name, rest := "", text
	if end := stringEnd(text); end > 0 && strings.HasPrefix(text[end:], ": ") {
		name, rest = th.JSONKey.Render(text[:end])+": ", text[end+2:]
	}
	value, comma := strings.CutSuffix(rest, ",")
	style := th.Text
	switch {
	case value == "":
	case value[0] == '"':
		style = th.JSONString
	case value[0] == '-' || value[0] >= '0' && value[0] <= '9':
		style = th.JSONNumber
	case value[0] == 't' || value[0] == 'f' || value[0] == 'n':
		style = th.JSONLiteral
	}
	out := name + style.Render(value)
	if comma {
		out += ","
	}
	return out
}

// stringEnd is the length of the JSON string that text starts with; 0 if there is none.
func stringEnd(text string) int {
	if text == "" || text[0] != '"' {
		return 0
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}
