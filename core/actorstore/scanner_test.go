package actorstore

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/internal/redistest"
)

// accepts tells whether the scanner reads a text as a document.
func accepts(doc string) bool {
	s := scanner{text: doc}
	if s.peek() != '{' {
		return false
	}
	s.skip(0)
	return s.finish() == nil
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
	for _, seed := range []string{`{"\ud800":[]}`, actorFixture, `{"a":[{"b":null}],"c":-1.5e-3}`, `{"\u0000":"\\"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		if strings.Count(doc, "{")+strings.Count(doc, "[") > deepest {
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
		s := scanner{text: quoted + ":"}
		if got := s.name(); got != want || s.err != nil {
			t.Fatalf("%s: read %q, %v, want %q", quoted, got, s.err, want)
		}
	})
}

// A document with a lone surrogate is read, updated from scratch, edited and deleted like any other, and keeps it.
func TestALoneSurrogateMakesNoDocumentUnreadable(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx, s := context.Background(), NewPersistence(c)
		for _, odd := range []string{`"\ud800":[]`, `"x\udc00\ud800y":1`, `"x":"\ud800"`, `"x":["\\\ud800\\"]`, `"\ud83d\ude00":"\udfff"`} {
			doc := `{"actorId":"a1","version":"1","status":"STATUS_SUSPENDED",` + odd + `}`
			check := func(what string, err error) {
				t.Helper()
				if err != nil {
					t.Errorf("%s of %s: %v", what, doc, err)
				}
			}
			store := func() { check("set", c.Set(ctx, "actor:a1", doc, 0).Err()) }
			store()
			_, err := s.GetActor(ctx, "a1")
			check("get", err)
			rows, err := NewActorRows(c, "actor:").Read(ctx, []string{"a1"})
			check("row", err)
			check("row", rows[0].Problem())
			check("update", s.UpdateActor(ctx, &Actor{ActorId: "a1", Status: StatusSuspended, LastSnapshot: "s"}, 1))
			if got := c.Get(ctx, "actor:a1").Val(); !strings.Contains(got, odd) {
				t.Errorf("%s became %s", doc, got)
			}
			store()
			_, err = NewActorRows(c, "actor:").Replace(ctx, "a1", 1, []byte(doc))
			check("edit", err)
			store()
			check("delete", s.DeleteActor(ctx, "a1"))
		}
	})
}
