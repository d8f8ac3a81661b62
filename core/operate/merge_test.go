package operate_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"holdfast/core/operate"
)

// late is the edit of a text that was opened as one value, when another is there now.
func late(t *testing.T, s *stage, was, mine, now string) operate.Conflict {
	t.Helper()
	opened := operate.Document{Kind: "records", ID: "ns:k", Version: 1, Body: []byte(was)}
	return operate.Compare(opened, planned(t)(s.Edit(opened, mine)), operate.Document{Kind: "records", ID: "ns:k", Version: 2, Body: []byte(now)})
}

func TestMembersThatDoNotOverlapAreMerged(t *testing.T) {
	s := single(t, operate.Options{})
	for _, tt := range []struct {
		name, was, mine, now, merged string
		overlaps                     []string
	}{
		{"apart", `{"a":1,"b":2}`, `{"a":5,"b":2}`, `{"a":1,"b":6}`, `{"a":5,"b":6}`, nil},
		{"the same", `{"a":1}`, `{"a":5}`, `{"a":5}`, `{"a":5}`, nil},
		{"both", `{"a":1,"b":2}`, `{"a":5,"b":3}`, `{"a":6,"b":2}`, `{"a":6,"b":3}`, []string{"a"}},
		{"added", `{}`, `{"m":1}`, `{"t":2}`, `{"t":2,"m":1}`, nil},
		{"both added", `{}`, `{"x":1}`, `{"x":2}`, `{"x":2}`, []string{"x"}},
		{"removed by me", `{"a":1,"b":2}`, `{"b":2}`, `{"a":1,"b":3}`, `{"b":3}`, nil},
		{"removed by them", `{"a":1,"b":2}`, `{"a":1,"b":3}`, `{"b":2}`, `{"b":3}`, nil},
		{"removed by me, changed by them", `{"a":1}`, `{}`, `{"a":2}`, `{"a":2}`, []string{"a"}},
		{"changed by me, removed by them", `{"a":1}`, `{"a":2}`, `{}`, `{}`, []string{"a"}},
		{"deep", `{"d":{"x":1,"y":1}}`, `{"d":{"x":2,"y":1}}`, `{"d":{"x":1,"y":2}}`, `{"d":{"x":2,"y":2}}`, nil},
		{"deep, both", `{"d":{"x":1,"y":[1]}}`, `{"d":{"x":1,"y":[2]}}`, `{"d":{"x":1,"y":[3]}}`, `{"d":{"x":1,"y":[3]}}`, []string{"d/y"}},
		{"spelling", `{"\u00e9":12345678901234567890,"e":1}`, `{"\u00e9":12345678901234567890,"e":1.0}`, `{"\u00e9":12345678901234567891,"e":1}`, `{"\u00e9":12345678901234567891,"e":1.0}`, nil},
	} {
		c := late(t, s, tt.was, tt.mine, tt.now)
		var merged bytes.Buffer
		if err := json.Compact(&merged, []byte(c.Merged)); err != nil || merged.String() != tt.merged {
			t.Errorf("%s: %s, want %s", tt.name, c.Merged, tt.merged)
		}
		var overlaps []string
		for _, m := range c.Members {
			if m.Overlaps() {
				overlaps = append(overlaps, strings.Join(m.Path, "/"))
			}
		}
		if !reflect.DeepEqual(overlaps, tt.overlaps) {
			t.Errorf("%s: overlaps %q, want %q", tt.name, overlaps, tt.overlaps)
		}
	}
}

// What is no object, names a member twice or has a layout of its own is shown and not merged.
func TestWhatHasNoMembersIsNotMerged(t *testing.T) {
	s := single(t, operate.Options{})
	for _, tt := range []struct{ was, mine, now string }{
		{"old", "mine", "theirs"},
		{`[1]`, `[2]`, `[3]`},
		{`{"a":1,"a":2}`, `{"a":1,"a":3}`, `{"a":0,"a":2}`},
		{"{\"a\": 1,\n\"b\": 2}", "{\"a\": 3,\n\"b\": 2}", "{\"a\": 1,\n\"b\": 4}"},
	} {
		c := late(t, s, tt.was, tt.mine, tt.now)
		if c.Merged != c.Now.Text() {
			t.Errorf("%s is merged to %s", tt.now, c.Merged)
		}
	}
}
