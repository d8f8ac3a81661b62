package tui

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"holdfast/themes"
)

// What is shown of a content at most.
const (
	mostOfBody  = 1 << 20 // bytes
	mostLines   = 20_000
	mostNesting = 64 // of JSON that is still indented

	bytesOfDump = 16 // in a line of a hex dump
)

// bodyLines lays content out in lines of at most w cells: JSON indented and coloured, text as it is, anything else as a
// hex dump. size is that of the content where body is only its beginning, else 0.
func bodyLines(th themes.Theme, body []byte, size int64, w int) []string {
	shown := body[:min(len(body), mostOfBody)]
	lines, ok := []string(nil), false
	if len(shown) == len(body) && size == 0 {
		lines, ok = jsonLines(th, body, w)
	}
	switch {
	case ok:
	case isText(shown):
		for l := range strings.SplitSeq(string(shown), "\n") {
			lines = append(lines, styled(th.Text, wrap(CleanLines(strings.TrimSuffix(l, "\r")), w))...)
			if len(lines) > mostLines {
				break
			}
		}
	default:
		shown = shown[:min(len(shown), mostLines*bytesOfDump)]
		for l := range strings.Lines(hex.Dump(shown)) {
			lines = append(lines, th.Text.Render(Clean(strings.TrimRight(l, "\n"))))
		}
	}
	switch {
	case size > 0 && len(body) == 0:
		return []string{th.Warn.Render(cut("too large to be shown", w))}
	case size > 0:
		lines = append(lines[:min(len(lines), mostLines)], th.Warn.Render(cut(fmt.Sprintf("cut here, at %s of %s", byteCount(int64(len(body))), byteCount(size)), w)))
	case len(shown) < len(body) || len(lines) > mostLines:
		lines = append(lines[:min(len(lines), mostLines)], th.Warn.Render(fmt.Sprintf("cut here; `holdfast get` prints all %d bytes", len(body))))
	}
	return lines
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

// jsonLines indents and colours a JSON object or array; false if it is none, or nested so deep that indenting it would
// take a screen as wide as it is deep.
func jsonLines(th themes.Theme, body []byte, w int) ([]string, bool) {
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' || nesting(trimmed) > mostNesting {
		return nil, false
	}
	var b bytes.Buffer
	if json.Indent(&b, trimmed, "", "  ") != nil {
		return nil, false
	}
	var out []string
	for line := range strings.SplitSeq(b.String(), "\n") {
		text := strings.TrimLeft(line, " ")
		indent := line[:len(line)-len(text)]
		for i, part := range wrap(Clean(text), max(10, w-len(indent))) {
			if i == 0 {
				part = colourJSON(th, part)
			} else {
				part = th.JSONString.Render(part)
			}
			out = append(out, indent+part)
		}
		if len(out) > mostLines {
			break
		}
	}
	return out, true
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
