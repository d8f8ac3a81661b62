package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
	"holdfast/views"
)

// within stands in an expectation for milliseconds that count down from a span of time.
type within time.Duration

// about stands for a moment near now, in RFC 3339 and UTC.
type about struct{}

// matches compares a value of get's JSON with what is expected of it.
func matches(got, want any) bool {
	switch want := want.(type) {
	case within:
		n, ok := got.(json.Number)
		ms, err := n.Int64()
		return ok && err == nil && ms <= time.Duration(want).Milliseconds() && ms > (time.Duration(want)-time.Minute).Milliseconds()
	case about:
		text, _ := got.(string)
		at, err := time.Parse(time.RFC3339Nano, text)
		return err == nil && strings.HasSuffix(text, "Z") && time.Since(at).Abs() < time.Minute
	case int, int64, uint64:
		return got == json.Number(fmt.Sprint(want))
	}
	return reflect.DeepEqual(got, want)
}

func base64Of(text string) map[string]any { return map[string]any{"base64": text} }

type object = map[string]any

// furnish makes rows of every view and says how get must print them, sorted as get sorts them.
func furnish(t *testing.T, s server) map[string][]object {
	t.Helper()
	s.push(t, "s", `{"a":1}`)
	old := s.prepare(t, "s")
	s.push(t, "s", `{"a":1}`, `{"b":2}`)
	if _, _, err := s.core.Buffers.Lock(ctx, "s", 0, time.Hour); err != nil {
		t.Fatal(err)
	}
	s.set(t, "gen:user:k", "18", time.Hour)
	s.set(t, "gen:user:single:k", "9223372036854775807", 0)
	s.set(t, "actor:a1", actorA1, 0)
	s.set(t, "actor:sp:a2", actorA2, 0)
	s.set(t, "worker:ns:pool:pod-0", worker, 0)
	fence, _, err := s.core.Actors.AcquireLockFenced(ctx, "lock:actor:a1", "theirs", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s.set(t, "lock:for:ever", "\xff", 0)
	v1, lease := s.create(t, "ns", "k", "text\n", time.Hour)
	v2, _ := s.create(t, "ns", "k2", "\xff\x00", 0)
	s.put(t, "db", &kvstore.KVPair{Key: []byte("k"), Value: []byte("v")}, &kvstore.KVPair{Key: []byte("\xff"), Value: []byte("\xff")})
	s.put(t, "db2", &kvstore.KVPair{Key: []byte("empty")})
	db := s.master(t, "db", redisdb.Options{})
	for name, applied := range map[string]uint64{"there": 1, "behind": 0} {
		if err := db.ReportReplica(ctx, name, applied); err != nil {
			t.Fatal(err)
		}
	}
	return map[string][]object{
		"kv": {
			{"database": "db", "keys": 2, "changes": 1, "applied": 0, "bytes": 2, "replicas": 2, "lag": 1},
			{"database": "db2", "keys": 1, "changes": 1, "applied": 0, "bytes": 0, "replicas": 0, "lag": nil},
		},
		"buffers": {
			{"store": "s", "prepared_ms": old, "count": 1, "bytes": 7, "keys": 1, "first_write": about{}, "locked": false, "lock_ttl_ms": -1},
			{"store": "s", "prepared_ms": 0, "count": 2, "bytes": 14, "keys": 2, "first_write": about{}, "locked": true, "lock_ttl_ms": within(time.Hour)},
		},
		"generations": {
			{"namespace": "user", "key": "k", "generation": 18, "ttl_ms": within(time.Hour), "layout": nil, "fence": nil},
			{"namespace": "", "key": "user:single:k", "generation": int64(9223372036854775807), "ttl_ms": -1, "layout": nil, "fence": nil},
		},
		"actors": {
			{"id": "a1", "atespace": "", "version": 7, "status": "STATUS_RUNNING", "template": "tns/tmpl", "worker": "ns/pod-0", "ip": "10.0.0.7", "unread": nil},
			{"id": "a2", "atespace": "sp", "version": 1, "status": "STATUS_SUSPENDED", "template": "", "worker": "ns:pool:pod-1", "ip": "", "unread": nil},
		},
		"workers": {{"namespace": "ns", "pool": "pool", "pod": "pod-0", "ip": "10.0.0.7", "version": 2, "actor_id": "a1", "actor_atespace": "", "state": "busy", "unread": nil, "layout": nil, "job": nil, "started": nil, "alive": nil, "alive_until": nil}},
		"locks": {
			{"key": "lock:actor:a1", "token": "theirs", "ttl_ms": within(time.Hour), "fence": fence, "layout": nil, "holder": nil, "held_since": nil, "alive": nil},
			{"key": "lock:for:ever", "token": base64Of("/w=="), "ttl_ms": -1, "fence": 0, "layout": nil, "holder": nil, "held_since": nil, "alive": nil},
		},
		"leases": {{"namespace": "ns", "id": lease, "ttl_ms": within(time.Hour), "granted_ms": 3600000, "records": 1}},
		"records": {
			{"namespace": "ns", "key": "k", "version": v1, "lease": lease, "value": "text\n"},
			{"namespace": "ns", "key": "k2", "version": v2, "lease": 0, "value": base64Of("/wA=")},
		},
	}
}

func TestGetPrintsTheFieldsOfEachView(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		want := furnish(t, s)
		for _, v := range views.All() {
			if v.Parent != "" || v.Quiet {
				continue // no view of `get`, or of layouts
			}
			got := s.get(t, v.Name)
			if v.Name == "overview" {
				rows := map[string]any{}
				for _, o := range got {
					rows[o["what"].(string)] = o["rows"]
				}
				for kind, objects := range want {
					if !matches(rows[kind], len(objects)) {
						t.Errorf("overview counts %v %s, not %d", rows[kind], kind, len(objects))
					}
				}
				continue
			}
			if v.Name == "findings" {
				codes := map[any]any{}
				for _, o := range got {
					codes[o["code"]] = o["row"]
				}
				for code, row := range map[string]string{"assignment-one-sided": "sp:a2", "actor-idle-on-worker": "sp:a2", "lock-never-expires": "lock:for:ever"} {
					if codes[code] != row {
						t.Errorf("findings: %s of %v, want %s", code, codes[code], row)
					}
				}
				continue
			}
			if len(got) != len(want[v.Name]) || len(got) == 0 {
				t.Errorf("%s: %d objects, want %d: %v", v.Name, len(got), len(want[v.Name]), got)
				continue
			}
			for i, o := range want[v.Name] {
				if a, b := slices.Sorted(maps.Keys(got[i])), slices.Sorted(maps.Keys(o)); !slices.Equal(a, b) {
					t.Errorf("%s has the fields %v, not %v", v.Name, a, b)
				}
				for name, value := range o {
					if !matches(got[i][name], value) {
						t.Errorf("%s %d: %s is %v, want %v", v.Name, i, name, got[i][name], value)
					}
				}
			}
		}
	})
}

func TestEveryFormatTellsTheSame(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	furnish(t, s)
	for _, view := range []string{"actors", "workers", "records", "generations", "overview"} {
		var first []object
		rows := strings.Split(strings.TrimSuffix(s.run(t, "get", view, "-o", "jsonl").ok(t), "\n"), "\n")
		for _, l := range rows {
			first = append(first, objects(t, "["+l+"]")[0])
		}
		if got := s.get(t, view); len(got) != len(first) || view != "generations" && !reflect.DeepEqual(got, first) { // a TTL counts down
			t.Errorf("%s: json %v\njsonl %v", view, got, first)
		}
		table, err := csv.NewReader(strings.NewReader(s.run(t, "get", view, "-o", "csv").ok(t))).ReadAll()
		if err != nil || len(table) != len(first)+1 {
			t.Fatalf("%s: %q, %v", view, table, err)
		}
		for i, o := range first {
			for n, name := range table[0] {
				cell := table[i+1][n]
				if want := o[name]; name != "error" && name != "ttl_ms" && cell != fmt.Sprint(want) && (want != nil || cell != "") && !reflect.DeepEqual(want, base64Of(strings.TrimPrefix(cell, "base64:"))) {
					t.Errorf("%s %d: %s is %q, want %v", view, i, name, cell, want)
				}
			}
		}
		text := strings.Split(s.run(t, "get", view).ok(t), "\n")
		if len(text) != len(first)+2 || strings.Join(strings.Fields(strings.ToLower(text[0])), ",") != strings.Join(table[0][:len(table[0])-1], ",") {
			t.Errorf("%s: %q", view, text)
		}
	}
}

func TestAnEmptyViewPrintsNoRows(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		for _, v := range views.All() {
			if v.Parent != "" {
				continue // no view of `get`
			}
			if v.Kind == "" {
				continue // the overview counts nothing
			}
			for format, want := range map[string]string{"json": "[]\n", "jsonl": ""} {
				if got := s.run(t, "get", v.Name, "-o", format).ok(t); got != want {
					t.Errorf("%s as %s: %q", v.Name, format, got)
				}
			}
			for _, format := range []string{"csv", "table"} {
				if got := s.run(t, "get", v.Name, "-o", format).ok(t); strings.Count(got, "\n") != 1 || !strings.Contains(strings.ToLower(got), v.Fields[0].Name) {
					t.Errorf("%s as %s: %q", v.Name, format, got)
				}
			}
		}
	})
}

func TestGetOfOneRowPrintsItWhole(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		furnish(t, s)
		batch := s.get(t, "buffers")[0]["prepared_ms"]
		lease := fmt.Sprintf("ns:%v", s.get(t, "leases")[0]["id"])
		for _, tt := range []struct {
			view, key string
			content   any
			keys      []any
		}{
			{"buffers", "s", []any{object{"a": json.Number("1")}, object{"b": json.Number("2")}}, nil},
			{"buffers", fmt.Sprintf("%v:s", batch), []any{object{"a": json.Number("1")}}, nil},
			{"generations", "user:k", "18", []any{"gen:user:k"}},
			{"generations", "user:single:k", "9223372036854775807", []any{"gen:user:single:k"}},
			{"actors", "a1", jsonOf(t, actorA1), []any{"actor:a1"}},
			{"actors", "sp:a2", jsonOf(t, actorA2), []any{"actor:sp:a2"}},
			{"workers", "ns:pool:pod-0", jsonOf(t, worker), []any{"worker:ns:pool:pod-0"}},
			{"locks", "lock:actor:a1", "theirs", []any{"lock:actor:a1", "{lock:actor:a1}:fence"}},
			{"locks", "lock:for:ever", base64Of("/w=="), []any{"lock:for:ever"}},
			{"leases", lease, []any{"k"}, nil},
			{"records", "ns:k", "text\n", []any{"rec:{ns}:r:k"}},
			{"records", "ns:k2", base64Of("/wA="), []any{"rec:{ns}:r:k2"}},
		} {
			got := objects(t, "["+s.run(t, "get", tt.view, tt.key, "-o", "json").ok(t)+"]")[0]
			if !reflect.DeepEqual(got["content"], tt.content) || tt.keys != nil && !reflect.DeepEqual(got["raw_keys"], tt.keys) || len(got["raw_keys"].([]any)) == 0 {
				t.Errorf("%s %s: %v", tt.view, tt.key, got)
			}
			all, ok := views.All().Named(tt.view)
			for _, f := range all.Fields {
				if _, has := got[f.Name]; !has || !ok {
					t.Errorf("%s %s has no %s: %v", tt.view, tt.key, f.Name, got)
				}
			}
			if text := s.run(t, "get", tt.view, tt.key).ok(t); !strings.Contains(text, all.Fields[0].Name) || !strings.Contains(text, "raw key") {
				t.Errorf("%s %s: %s", tt.view, tt.key, text)
			}
			pairs, err := csv.NewReader(strings.NewReader(s.run(t, "get", tt.view, tt.key, "-o", "csv").ok(t))).ReadAll()
			if err != nil || pairs[0][0] != all.Fields[0].Name || pairs[len(pairs)-1][0] != "content" {
				t.Errorf("%s %s: %q, %v", tt.view, tt.key, pairs, err)
			}
			a := s.run(t, "get", tt.view, "no-such:row")
			if l := a.line(t); a.code != failed || !strings.Contains(l, "not found") || !strings.Contains(l, "no-such:row") {
				t.Errorf("%s of nothing: exit %d, %q", tt.view, a.code, l)
			}
		}
		if got := s.run(t, "get", "actors", "a1", "-o", "jsonl").ok(t); !strings.Contains(got, actorA1) {
			t.Errorf("the document is not as it is stored: %s", got)
		}
	})
}

// A value that the dashboard leaves on the server for its size is printed to who asks for it by name.
func TestGetOfOneRowPrintsALargeOneWhole(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		large := `{"actorId":"a1","note":"` + strings.Repeat("x", 2<<20) + `"}`
		s.set(t, "actor:a1", large, 0)
		s.set(t, "lock:l", large, 0)
		s.create(t, "ns", "k", large, 0)
		for view, key := range map[string]string{"actors": "a1", "locks": "lock:l", "records": "ns:k"} {
			got := objects(t, "["+s.run(t, "get", view, key, "-o", "json").ok(t)+"]")[0]
			raw, _ := got["raw_keys"].([]any)
			if !reflect.DeepEqual(got["content"], jsonOf(t, large)) || len(raw) == 0 || got["key"] != raw[0] || got["error"] != nil {
				t.Errorf("%s: key %v, error %v, raw keys %v", view, got["key"], got["error"], raw)
			}
			if text := s.run(t, "get", view, key).ok(t); !strings.Contains(text, large) {
				t.Errorf("%s as a table: %.200s", view, text)
			}
		}
		s.set(t, "actor:bad", "{", 0)
		if a := s.run(t, "get", "actors", "bad"); a.code != failed {
			t.Errorf("what cannot be read for another reason: exit %d", a.code)
		}
	})
}

func jsonOf(t *testing.T, text string) any {
	t.Helper()
	return any(objects(t, "["+text+"]")[0])
}

// Names go by themselves, or as get prints their rows' ids where one name could be two.
func TestGetFindsNamesThatAreEscapedInKeys(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		s.set(t, "odd:{s}%:*?[]\\\x01", "this key is nobody's row", 0)
		for _, name := range []string{"odd:{s}%:*?[]\\\x01", "50%", "a b", "ü", "\xff\xfe", "x\ny", "12:s"} {
			s.push(t, name, `{"a":1}`)
			s.create(t, "n"+name, name, "value", time.Hour)
			s.set(t, "gen:ns:"+name, "3", 0)
			s.set(t, "lock:"+name, "token", time.Hour)
			for view, key := range map[string]string{"generations": "ns:" + name, "locks": "lock:" + name, "buffers": name, "records": "n" + name + ":" + name} {
				if name == "12:s" && view == "buffers" { // which is also how a batch of s is named
					key = "12%3As"
				}
				if strings.Contains(name, ":") && view == "records" {
					key = "n" + strings.NewReplacer("%", "%25", ":", "%3A", "{", "%7B", "}", "%7D", "*", "%2A", "?", "%3F", "[", "%5B", "]", "%5D", `\`, "%5C", "\x01", "%01").Replace(name)
					key += ":" + key[1:]
				}
				a := s.run(t, "get", view, key, "-o", "json")
				got := objects(t, "["+a.ok(t)+"]")[0]
				field := map[string]string{"buffers": "store", "records": "key", "generations": "key", "locks": "key"}[view]
				want := any(strings.Repeat("lock:", map[bool]int{true: 1}[view == "locks"]) + name)
				if name == "\xff\xfe" {
					want = map[string]any{"locks": base64Of("bG9jazr//g==")}[view]
					if want == nil {
						want = base64Of("//4=")
					}
				}
				if view == "generations" && strings.Contains(name, ":") {
					want = "ns:" + name // nothing tells where the namespace ends
				}
				if !reflect.DeepEqual(got[field], want) {
					t.Errorf("%s %q: %v", view, key, got)
				}
			}
		}
	})
}

func TestABadRecordStandsBesideTheGoodOnes(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		furnish(t, s)
		for key, value := range map[string]string{
			"actor:torn": "{", "actor:\xff": "{}", "worker:x": "{}", "gen:user:x": "no number", "gen:loose": "1", "buf:loose": "x", "rec:loose": "x", "buf:{t}:size": "x",
		} {
			s.set(t, key, value, 0)
		}
		if err := s.c.HSet(ctx, "lock:hash", "f", "v").Err(); err != nil {
			t.Fatal(err)
		}
		if err := s.c.RPush(ctx, "rec:{ns}:lease:99", "x").Err(); err != nil {
			t.Fatal(err)
		}
		for view, bad := range map[string][]any{
			"actors": {"actor:torn", base64Of("YWN0b3I6/w==")}, "workers": {"worker:x"}, "generations": {"gen:loose", "gen:user:x"},
			"buffers": {"buf:loose", "buf:{t}:list"}, "records": {"rec:loose"}, "locks": {"lock:hash"}, "leases": {"rec:{ns}:lease:99"},
		} {
			var keys []any
			good := 0
			for _, o := range s.get(t, view) {
				if text, is := o["error"].(string); is && text != "" && len(o) == 2 {
					keys = append(keys, o["key"])
				} else {
					good++
				}
			}
			for _, b := range bad {
				if !slices.ContainsFunc(keys, func(k any) bool { return reflect.DeepEqual(k, b) }) {
					t.Errorf("%s: %v is not among the bad %v", view, b, keys)
				}
			}
			if good == 0 || len(keys) != len(bad) {
				t.Errorf("%s: %d good rows, bad %v", view, good, keys)
			}
			if text := s.run(t, "get", view).ok(t); strings.Count(text, "error: ") != len(bad) {
				t.Errorf("%s: %s", view, text)
			}
		}
		a := s.run(t, "get", "actors", "torn")
		if l := a.line(t); a.code != failed || !strings.Contains(l, "actor:torn") {
			t.Errorf("exit %d, %q", a.code, l)
		}
	})
}

func TestAUserWithoutRightsIsToldSo(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := s.Client(t)
	if err := c.Do(ctx, "ACL", "SETUSER", "few", "on", ">pw", "~none", "+ping", "+hello", "+client").Err(); err != nil {
		t.Fatal(err)
	}
	a := holdfast(t, "get", "actors", "--url", "redis://few:pw@"+s.Addr)
	if l := a.line(t); a.code != failed || !strings.Contains(l, "NOPERM") {
		t.Errorf("exit %d, %q", a.code, l)
	}
}

// firstLines stops a run once it has printed enough.
type firstLines struct {
	bytes.Buffer
	enough func(string) bool
	stop   context.CancelFunc
}

func (f *firstLines) Write(b []byte) (int, error) {
	n, err := f.Buffer.Write(b)
	if f.enough(f.String()) {
		f.stop()
	}
	return n, err
}

func TestWatchRepeatsUntilItIsStopped(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	for format, again := range map[string]string{"json": "]\n[\n", "table": "\n\nNAMESPACE", "jsonl": "}\n{"} {
		s.set(t, "gen:ns:k", "1", 0)
		life, stop := context.WithCancel(ctx)
		changed := false
		out := &firstLines{stop: stop, enough: func(text string) bool {
			if !changed {
				changed = true
				s.set(t, "gen:ns:k", "2", 0)
			}
			return strings.Contains(text, again) && strings.Contains(text, "2")
		}}
		var errors bytes.Buffer
		code := run(life, append([]string{"get", "generations", "--watch", "-o", format, "--refresh", "100ms"}, s.flags...), nil, out, &errors)
		if code != done || errors.Len() > 0 {
			t.Errorf("%s: exit %d, %q, %s", format, code, out, &errors)
		}
	}
	life, stop := context.WithCancel(ctx)
	out := &firstLines{stop: stop, enough: func(text string) bool { return strings.Count(text, `"content":"2"`) == 2 }}
	if code := run(life, append([]string{"get", "generations", "ns:k", "--watch", "-o", "json", "--refresh", "100ms"}, s.flags...), nil, out, os.Stderr); code != done {
		t.Errorf("exit %d: %s", code, out)
	}
}
