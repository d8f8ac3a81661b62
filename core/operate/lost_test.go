package operate_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"holdfast/core/kind"
	"holdfast/core/operate"
)

// editable is one document of each kind that is edited by hand, with members that nobody here knows.
var editable = []struct {
	of      kind.Name
	id, key string
}{
	{"actors", "a1", "actor:a1"},
	{"workers", "ns:pool:pod-0", "worker:ns:pool:pod-0"},
	{"records", "ns:k%3A1", "rec:{ns}:r:k%3A1"},
	{"pairs", "db:k", "kv:{db}:d:k"},
}

// A write under the open editor is never lost, and neither is what the editor then saves: in 100 runs for each kind either
// the save came first, or it was refused and merged with what it met. Life, lease and what is unknown stay.
func TestNoUpdateIsLost(t *testing.T) {
	const runs = 100
	s := single(t, operate.Options{})
	s.populate(t)
	s.do(t, planned(t)(s.CreatePair("db", "k", []byte(`{"keep":[1,{}]}`), time.Hour)))
	s.do(t, planned(t)(s.Save("records", "ns:k%3A1", `{"keep":[1,{}]}`)))
	other := newStage(t, s.c, connected(t, s.c), operate.Options{}) // a connection of its own
	for _, tt := range editable {
		rnd := rand.New(rand.NewPCG(5, 7))
		first := membersOf(t, s.load(t, tt.of, tt.id).Body)
		lease := leaseOf(t, s, tt.key)
		merged, overlapped, lost := 0, 0, 0
		for run := range runs {
			opened := s.load(t, tt.of, tt.id)
			mine, theirs := fmt.Sprint("m", rnd.IntN(4)), fmt.Sprint("m", rnd.IntN(4))
			plan := planned(t)(s.Edit(opened, with(t, opened.Text(), mine, fmt.Sprint("mine ", run))))
			other.compete(t, tt.of, tt.id, theirs, fmt.Sprint("theirs ", run))

			if _, err := s.Do(ctx, plan); !errors.Is(err, operate.ErrConflict) {
				t.Fatalf("%s: saved over what it had not seen: %v", tt.of, err)
			}
			c := operate.Compare(opened, plan, s.load(t, tt.of, tt.id))
			want := map[string]string{theirs: quoted(t, "theirs ", run)}
			if mine == theirs { // the operator has to choose, and sees both
				overlapped++
				if !flagged(c, mine) || c.Merged != c.Now.Text() {
					t.Errorf("%s: an overlap is not shown: %+v", tt.of, c.Members)
				}
			} else {
				merged++
				want[mine] = quoted(t, "mine ", run)
				s.do(t, planned(t)(s.Edit(c.Now, c.Merged)))
			}
			got := membersOf(t, s.load(t, tt.of, tt.id).Body)
			for name, value := range want {
				if got[name] != value {
					lost++
					t.Errorf("%s, run %d: %s is %s, want %s", tt.of, run, name, got[name], value)
				}
			}
		}
		t.Logf("%s: %d runs, %d merged, %d with an overlap shown, %d updates lost", tt.of, runs, merged, overlapped, lost)
		last := membersOf(t, s.load(t, tt.of, tt.id).Body)
		maps.DeleteFunc(last, func(name, _ string) bool { return name == "version" || strings.HasPrefix(name, "m") })
		delete(first, "version")
		if !maps.Equal(first, last) {
			t.Errorf("%s: the other members were %v and are %v", tt.of, first, last)
		}
		if life := s.c.PTTL(ctx, tt.key).Val(); tt.of != "records" && (life <= 50*time.Minute || life > time.Hour+2*time.Second) {
			t.Errorf("%s lives %v", tt.of, life)
		}
		if leaseOf(t, s, tt.key) != lease {
			t.Errorf("%s changed its lease", tt.of)
		}
	}
}

// compete changes one member, with the version that the kind demands.
func (s *stage) compete(t *testing.T, of kind.Name, id, member, value string) {
	t.Helper()
	doc := s.load(t, of, id)
	s.do(t, planned(t)(s.Edit(doc, with(t, doc.Text(), member, value))))
}

// with is the text of an object with a member set; every other one stays as it is spelled.
func with(t *testing.T, text, member, value string) string {
	t.Helper()
	from := strings.Index(text, fmt.Sprintf("\n  %q: ", member))
	line := fmt.Sprintf("\n  %q: %q", member, value)
	if from < 0 {
		return "{" + line + "," + strings.TrimPrefix(text, "{")
	}
	end := from + 1 + strings.IndexAny(text[from+1:], "\n")
	if strings.HasSuffix(text[:end], ",") {
		line += ","
	}
	return text[:from] + line + text[end:]
}

func quoted(t *testing.T, what string, run int) string {
	t.Helper()
	b, err := json.Marshal(fmt.Sprint(what, run))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func membersOf(t *testing.T, body []byte) map[string]string {
	t.Helper()
	var raw map[string]json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&raw); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	out := map[string]string{}
	for name, value := range raw {
		out[name] = string(value)
	}
	return out
}

func flagged(c operate.Conflict, member string) bool {
	for _, m := range c.Members {
		if m.Overlaps() && m.Path[0] == member {
			return true
		}
	}
	return false
}

func leaseOf(t *testing.T, s *stage, key string) string {
	t.Helper()
	if s.c.Type(ctx, key).Val() != "hash" {
		return ""
	}
	return s.c.HGet(ctx, key, "lease").Val()
}
