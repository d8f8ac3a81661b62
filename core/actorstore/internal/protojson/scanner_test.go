package protojson

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// accepts tells whether the scanner reads a text as a document.
func accepts(doc string) bool {
	s := Scanner{Text: doc}
	if s.Peek() != '{' {
		return false
	}
	s.Skip(0)
	return s.Finish() == nil
}

// The scanner takes what the standard library takes, to its own depth.
func TestTheScannerAcceptsWhatEncodingJSONDoes(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"{", "}", "[", "]", ",", ":", `"a"`, `""`, `"\ud800"`, `"\udc00\ud800"`, `"\ud83d\ude00"`, `"\u00e9"`,
		`"\ud8"`, `"\x"`, "\"\x01\"", "\"\xff\"", `"\\ud800"`, "0", "-0", "01", "1.5e+3", "1.", ".5", "1e", "-", "true", "null", "nul", " ", "\n", "\f", `{"a":`, `,"b":[]`})
	rapid.Check(t, func(t *rapid.T) {
		doc := strings.Join(rapid.SliceOfN(pieces, 0, 9).Draw(t, "pieces"), "")
		if rapid.Bool().Draw(t, "member") {
			doc = `{"x":` + doc + `}`
		}
		if want := json.Valid([]byte(doc)) && strings.HasPrefix(strings.TrimLeft(doc, " \n\t\r"), "{"); accepts(doc) != want {
			t.Fatalf("%q: accepted %v, by encoding/json %v", doc, !want, want)
		}
	})
}

func FuzzTheScannerAcceptsWhatEncodingJSONDoes(f *testing.F) {
	for _, seed := range []string{`{"\ud800":[]}`, `{"actorId":"a1","version":"7","workerSelector":{"matchLabels":{"a":"b"}},"x":[1,{"y":null}]}`, `{"a":[{"b":null}],"c":-1.5e-3}`, `{"\u0000":"\\"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		if strings.Count(doc, "{")+strings.Count(doc, "[") > Deepest {
			return
		}
		if want := json.Valid([]byte(doc)) && strings.HasPrefix(strings.TrimLeft(doc, " \n\t\r"), "{"); accepts(doc) != want {
			t.Errorf("%q: accepted %v, by encoding/json %v", doc, !want, want)
		}
	})
}

// Names mean what they mean to the standard library, too.
func TestNamesAreReadAsEncodingJSONReadsThem(t *testing.T) {
	parts := rapid.SampledFrom([]string{`\ud800`, `\udc00`, `\ud83d\ude00`, `\u00e9`, `\\`, `\"`, `\n`, "é", "u", "d800", `\/`})
	rapid.Check(t, func(t *rapid.T) {
		quoted := `"` + strings.Join(rapid.SliceOfN(parts, 0, 8).Draw(t, "parts"), "") + `"`
		var want string
		if err := json.Unmarshal([]byte(quoted), &want); err != nil {
			t.Fatal(err)
		}
		s := Scanner{Text: quoted + ":"}
		if got := s.Name(); got != want || s.Err != nil {
			t.Fatalf("%s: read %q, %v, want %q", quoted, got, s.Err, want)
		}
	})
}
