package tui

import (
	"bytes"
	"encoding/json"
	"strings"

	"holdfast/themes"
)

// jsonLines indents and colours a JSON object or array; false if it is none.
func jsonLines(th themes.Theme, body []byte, w int) ([]string, bool) {
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' {
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
	}
	return out, true
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
