package actorstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"holdfast/core/actorstore/internal/protojson"
	"holdfast/core/kind"
)

const (
	actorFixture  = `{"actorId":"a1","version":"7","actorTemplateNamespace":"tns","actorTemplateName":"tmpl","status":"STATUS_RUNNING","ateomPodNamespace":"ns","ateomPodName":"pod-0","ateomPodIp":"10.0.0.7"}`
	workerFixture = `{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0","actorNamespace":"tns","actorTemplate":"tmpl","actorId":"a1","ip":"10.0.0.7","version":"2"}`
	fullActor     = `{"actorId":"a1","version":"7","actorTemplateNamespace":"tns","actorTemplateName":"tmpl","status":"STATUS_PAUSED","ateomPodNamespace":"ns","ateomPodName":"pod-0","ateomPodIp":"10.0.0.7","inProgressSnapshot":"s1","lastSnapshot":"s0","ateomPodUid":"u","latestSnapshotInfo":{"type":"SNAPSHOT_TYPE_LOCAL","external":{"snapshotUriPrefix":"gs://b/p"},"local":{"snapshotPrefix":"p","nodeVmsWithLocalSnapshots":["n1","n2"]}},"workerSelector":{"matchLabels":{"a":"1","b":"2"}},"workerPoolName":"pool","atespace":"space"}`
	fullWorker    = `{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0","actorNamespace":"tns","actorTemplate":"tmpl","actorId":"a1","ip":"10.0.0.7","version":"2","workerPodUid":"u","nodeName":"n1","actorAtespace":"space"}`
)

func again(t *testing.T, doc string) string {
	t.Helper()
	var a Actor
	if err := a.decode(doc, true); err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	out, known, err := a.encode(a.Version)
	if err != nil {
		t.Fatal(err)
	}
	if rest := out[known:]; strings.TrimPrefix(rest, ",") != a.unknown+"}" && rest != a.unknown+"}" {
		t.Errorf("behind the known members stands %s", rest)
	}
	return out
}

func TestDocumentsAreSpelledByteForByteAsUpstreamWritesThem(t *testing.T) {
	for _, doc := range []string{actorFixture, fullActor, `{}`, `{"latestSnapshotInfo":{},"workerSelector":{}}`, `{"latestSnapshotInfo":{"external":{},"local":{}}}`} {
		if got := again(t, doc); got != doc {
			t.Errorf("read\n%s\nwrote\n%s", doc, got)
		}
	}
	for _, doc := range []string{workerFixture, fullWorker} {
		var w Worker
		if err := w.decode(doc, true); err != nil {
			t.Fatal(err)
		}
		if got, _, _ := w.encode(w.Version); got != doc {
			t.Errorf("read\n%s\nwrote\n%s", doc, got)
		}
	}
}

func TestWhatProtojsonReadsAlikeIsWrittenAlike(t *testing.T) {
	cases := []struct{ what, doc, want string }{
		{"white space", " { \"actorId\" : \"a1\" ,\n\t\"version\" : \"7\" } \r\n", `{"actorId":"a1","version":"7"}`},
		{"order", `{"version":"7","actorId":"a1"}`, `{"actorId":"a1","version":"7"}`},
		{"bare int64", `{"version":7}`, `{"version":"7"}`},
		{"zero values", `{"actorId":"","version":"0","status":"STATUS_UNSPECIFIED"}`, `{}`},
		{"zero numbers", `{"version":0,"status":0,"latestSnapshotInfo":{"type":0}}`, `{"latestSnapshotInfo":{}}`},
		{"null", `{"actorId":null,"version":null,"status":null,"latestSnapshotInfo":null,"workerSelector":null}`, `{}`},
		{"null inside", `{"latestSnapshotInfo":{"type":null,"external":null,"local":null},"workerSelector":{"matchLabels":null}}`, `{"latestSnapshotInfo":{},"workerSelector":{}}`},
		{"status by number", `{"status":4}`, `{"status":"STATUS_SUSPENDED"}`},
		{"unknown status number", `{"status":99}`, `{"status":99}`},
		{"negative status number", `{"status":-1}`, `{"status":-1}`},
		{"unknown status name", `{"status":"STATUS_CRASHED"}`, `{"status":"STATUS_CRASHED"}`},
		{"snapshot type by number", `{"latestSnapshotInfo":{"type":2}}`, `{"latestSnapshotInfo":{"type":2}}`},
		{"escapes", `{"actorId":"\u0061\/\"\\\b\f\n\r\t\u0001\ud83d\ude00<é"}`, `{"actorId":"a/\"\\\b\f\n\r\t\u0001😀<é"}`},
		{"labels sorted", `{"workerSelector":{"matchLabels":{"b":"2","a":"1"}}}`, `{"workerSelector":{"matchLabels":{"a":"1","b":"2"}}}`},
		{"empty collections", `{"latestSnapshotInfo":{"local":{"nodeVmsWithLocalSnapshots":[]}},"workerSelector":{"matchLabels":{}}}`, `{"latestSnapshotInfo":{"local":{}},"workerSelector":{}}`},
	}
	for _, tc := range cases {
		if got := again(t, tc.doc); got != tc.want {
			t.Errorf("%s: read %s, wrote %s, want %s", tc.what, tc.doc, got, tc.want)
		}
	}
}

func TestUnknownMembersSurviveAsTheyWereSpelled(t *testing.T) {
	cases := []struct{ doc, want string }{
		{`{"metadata":{"n":12345678901234567890,"e":[],"o":{}},"actorId":"a1"}`, `{"actorId":"a1","metadata":{"n":12345678901234567890,"e":[],"o":{}}}`},
		{`{"x": 1.50 ,"actorId":"a1", "y":[ "}" ]}`, `{"actorId":"a1","x": 1.50,"y":[ "}" ]}`},
		{`{"\u0078":true,"latestSnapshotInfo":{"q":1,"external":{"r":null},"local":{"s":"\ud800"}},"workerSelector":{"matchExpressions":[]}}`,
			`{"latestSnapshotInfo":{"external":{"r":null},"local":{"s":"\ud800"},"q":1},"workerSelector":{"matchExpressions":[]},"\u0078":true}`},
	}
	for _, tc := range cases {
		if got := again(t, tc.doc); got != tc.want {
			t.Errorf("read %s\nwrote %s\nwant  %s", tc.doc, got, tc.want)
		}
	}
}

func TestMalformedDocumentsAreRefused(t *testing.T) {
	for _, doc := range []string{
		``, `null`, `[]`, `"a"`, `7`, `{`, `{}x`, `{,}`, `{"actorId"}`, `{"actorId":}`, `{"actorId":"a",}`, `{"actorId":"a" "version":1}`, `{actorId:"a"}`,
		`{"actorId":7}`, `{"actorId":"a`, `{"actorId":"\x"}`, `{"actorId":"\u12"}`, `{"actorId":"\ud800"}`, `{"actorId":"\ud800\u0041"}`, "{\"actorId\":\"\n\"}",
		`{"version":"07"}`, `{"version":"+7"}`, `{"version":"-0"}`, `{"version":""}`, `{"version":"7.0"}`, `{"version":1e2}`, `{"version":"9223372036854775808"}`, `{"version":{}}`, `{"version":true}`,
		`{"status":"4"}`, `{"status":4.5}`, `{"status":[]}`, `{"status":99999999999}`,
		`{"latestSnapshotInfo":[]}`, `{"latestSnapshotInfo":{"external":7}}`, `{"latestSnapshotInfo":{"local":""}}`, `{"latestSnapshotInfo":{"local":{"nodeVmsWithLocalSnapshots":[null]}}}`,
		`{"workerSelector":""}`, `{"workerSelector":{"matchLabels":{"a":1}}}`, `{"x":nul}`, `{"x":01}`, `{"x":-}`, `{"x":1.}`, `{"x":1e}`, `{"x":tru}`, `{"x":[1,]}`, `{"x":[1 2]}`, `{"x":{"y":}}`,
		`{"x":` + strings.Repeat("[", 1001) + strings.Repeat("]", 1001) + `}`,
	} {
		var a Actor
		if err := a.decode(doc, true); err == nil {
			t.Errorf("%s was read as %+v", doc, a)
		}
	}
	var w Worker
	if w.decode(`[]`, true) == nil || w.decode(`{"x":}`, false) == nil {
		t.Error("a malformed worker was read")
	}
}

func TestTheScannerAcceptsWhatJSONIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var doc bytes.Buffer
		doc.WriteString(`{"m":`)
		enc := json.NewEncoder(&doc)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(jsonValue(3).Draw(t, "value"))
		doc.WriteString(`}`)
		text := doc.Bytes()
		for range rapid.IntRange(0, 2).Draw(t, "mutations") {
			i := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			text[i] = rapid.SampledFrom([]byte(`{}[]",:\ un0123-.eEtf`+"\n\x01")).Draw(t, "byte")
		}
		s := protojson.Scanner{Text: string(text)}
		s.Skip(0)
		if accepted, valid := s.Finish() == nil, json.Valid(text); accepted != valid {
			if !strings.Contains(string(text), `\u`) { // a name of lone surrogates is refused
				t.Fatalf("%q: accepted %v, valid %v", text, accepted, valid)
			}
		}
	})
}

func jsonValue(depth int) *rapid.Generator[any] {
	scalar := rapid.OneOf(rapid.Just(any(nil)), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Int64(), func(n int64) any { return n }), rapid.Map(rapid.Float64Range(-1e300, 1e300), func(f float64) any { return f }),
		rapid.Map(rapid.String(), func(s string) any { return s }))
	if depth == 0 {
		return scalar
	}
	return rapid.OneOf(scalar,
		rapid.Map(rapid.SliceOfN(jsonValue(depth-1), 0, 3), func(v []any) any { return v }),
		rapid.Map(rapid.MapOfN(rapid.String(), jsonValue(depth-1), 0, 3), func(v map[string]any) any { return v }))
}

func TestAnyActorIsReadAsItWasWritten(t *testing.T) {
	text := rapid.String().Filter(utf8.ValidString)
	rapid.Check(t, func(t *rapid.T) {
		a := Actor{ActorId: text.Draw(t, "id"), Version: rapid.Int64().Draw(t, "version"), AteomPodIp: text.Draw(t, "ip"), Atespace: text.Draw(t, "space"),
			Status: rapid.SampledFrom([]Status{"", StatusRunning, StatusSuspended, "STATUS_NEW", "77", "-3"}).Draw(t, "status")}
		if rapid.Bool().Draw(t, "snapshot") {
			a.LatestSnapshotInfo = &SnapshotInfo{Type: rapid.SampledFrom([]string{"", "T", "5"}).Draw(t, "type"),
				External: &ExternalSnapshot{SnapshotUriPrefix: text.Draw(t, "uri")},
				Local:    &LocalSnapshot{NodeVmsWithLocalSnapshots: rapid.SliceOfN(text, 1, 3).Draw(t, "nodes")}}
			a.WorkerSelector = &Selector{MatchLabels: rapid.MapOfN(text, text, 1, 3).Draw(t, "labels")}
		}
		doc, _, err := a.encode(a.Version)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid([]byte(doc)) {
			t.Fatalf("%s is no JSON", doc)
		}
		var b Actor
		if err := b.decode(doc, true); err != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("%s\n%+v\n%+v\n%v", doc, a, b, err)
		}
	})
}

func TestTheScriptsKnowTheMembersThatTheCodecKnows(t *testing.T) {
	names := func(doc string) []string {
		var m map[string]any
		if err := json.Unmarshal([]byte(doc), &m); err != nil {
			t.Fatal(err)
		}
		return slices.Sorted(maps.Keys(m))
	}
	lua, err := os.ReadFile("internal/store/lua/document.lua")
	if err != nil {
		t.Fatal(err)
	}
	tables := regexp.MustCompile(`(?s)(\{\w+ = 1.*?\})`).FindAllStringSubmatch(string(lua), -1)
	for i, doc := range []string{fullActor, fullWorker} {
		var known []string
		for _, m := range regexp.MustCompile(`(\w+) = 1`).FindAllStringSubmatch(tables[i][1], -1) {
			known = append(known, m[1])
		}
		slices.Sort(known)
		if want := names(doc); !slices.Equal(known, want) {
			t.Errorf("document.lua knows %v, the codec %v", known, want)
		}
	}
}

func BenchmarkActorRow(b *testing.B) {
	rows := actorSchema.Builder(1)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		rows.Row("a1")
		if err := setActor(rows, "a1", actorFixture); err != nil {
			b.Fatal(err)
		}
		if n%1000 == 999 {
			rows.Rows()
		}
	}
}

func BenchmarkActorDecode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readActor("a1", actorFixture); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkActorEncode(b *testing.B) {
	a, _ := readActor("a1", actorFixture)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := a.encode(8); err != nil {
			b.Fatal(err)
		}
	}
}

// A row takes about 60 bytes, and decoding a page of them makes no piece of memory for each.
func TestAMillionRowsFit(t *testing.T) {
	const n = 1000
	for _, tc := range []struct {
		schema *kind.Schema
		set    func(b *kind.Builder, name, doc string) error
		name   string
		doc    string
	}{
		{actorSchema, setActor, "actor-%06d", strings.Replace(actorFixture, `"a1"`, `"actor-%06[1]d","workerPoolName":"pool"`, 1)},
		{workerSchema, setWorker, "ns:pool:pod-%06d", strings.NewReplacer("pod-0", "pod-%06[1]d", "a1", "actor-%06[1]d").Replace(workerFixture)},
	} {
		names, docs := make([]string, n), make([]string, n)
		for i := range n {
			names[i], docs[i] = fmt.Sprintf(tc.name, i), fmt.Sprintf(tc.doc, i)
		}
		var rows []kind.Row
		pieces := testing.AllocsPerRun(5, func() {
			b := tc.schema.Builder(n)
			for i, name := range names {
				b.Row(name)
				b.Bad(tc.set(b, name, docs[i]))
			}
			rows = b.Rows()
		})
		bytes := 0
		for _, r := range rows {
			if bytes += len(r.Data()); r.Bad() {
				t.Fatal(r.Problem())
			}
		}
		if bytes > 64*n || pieces > 20 {
			t.Errorf("%s takes %d bytes; %d of them are made of %v pieces of memory", rows[0].ID(), bytes/n, n, pieces)
		}
	}
}
