package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/kvstore"
	"holdfast/internal/redistest"
)

// comings make the row of a view that a name stands for, over and over.
func comings(t *testing.T, s server) map[string]struct {
	key  string
	make func()
} {
	type coming = struct {
		key  string
		make func()
	}
	set := func(key, value string) func() { return func() { s.c.Set(ctx, key, value, 0) } }
	records, err := s.core.Records("ns")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]coming{
		"buffers":     {"s", func() { _, _ = s.core.Buffers.Push(ctx, "s", []byte(`{"a":1}`)) }},
		"generations": {"ns:k", set("gen:ns:k", "1")},
		"actors":      {"a1", set("actor:a1", actorA1)},
		"workers":     {"ns:pool:pod-0", set("worker:ns:pool:pod-0", worker)},
		"locks":       {"lock:l", set("lock:l", "token")},
		"leases":      {"", func() { _, _ = records.Lessor().NewLease(ctx, time.Hour, false) }},
		"records":     {"ns:k", func() { s.create(t, "ns", "k", "v", 0) }},
	}
}

// A row that comes and goes while it is read is printed or not found, and nothing else.
func TestARowThatGoesWhileItIsReadIsNotFound(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	for view, row := range comings(t, s) {
		row.make()
		key := row.key
		if view == "leases" {
			key = fmt.Sprintf("ns:%v", s.get(t, "leases")[0]["id"])
		}
		saved := map[string]string{} // its keys, to bring them back without what primitives check
		for _, k := range s.keys(t) {
			saved[k] = s.c.Dump(ctx, k).Val()
		}
		life, stop := context.WithCancel(ctx)
		var busy sync.WaitGroup
		busy.Go(func() {
			for life.Err() == nil {
				s.c.Del(ctx, slices.Collect(maps.Keys(saved))...)
				for k, v := range saved {
					s.c.RestoreReplace(ctx, k, 0, v)
				}
			}
		})
		for range 60 {
			a := s.run(t, "get", view, key, "-o", "json")
			halfway := strings.Contains(a.errors, "incomplete") || strings.Contains(a.errors, "gone") || strings.Contains(a.errors, "without a version") // three times between two of its keys
			if a.code != done && (a.code != failed || !strings.Contains(a.line(t), "not found") && !halfway) {
				t.Errorf("%s: exit %d, %q", view, a.code, a.errors)
			}
		}
		stop()
		busy.Wait()
		s.c.Del(ctx, slices.Collect(maps.Keys(saved))...)
	}
}

// refusal is how a server says that a right is missing: to a client, to a script, and of a transaction.
var refusal = regexp.MustCompile(`NOPERM|can't run this command|ACL failure|EXECABORT`)

var commandStat = regexp.MustCompile(`(?m)^cmdstat_([^:|]+)`)

// decisive are the commands without which there is nothing to print: those that find the rows, and those that read a document
// whose fields are the row. Of all others only what they tell is unknown.
var decisive = map[string][]string{
	"actors": {"getrange"}, "workers": {"getrange"},
	"pairs": {"zrangebylex"},
}

// Without the right to one of the commands, get prints what it prints with all rights but for what it calls unknown. Only
// where nothing is left to print it ends with the reason.
func TestGetWithoutARight(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	admin := newServer(t, s.Client(t))
	furnish(t, admin)
	admin.put(t, "db", &kvstore.KVPair{Key: []byte("ends"), Value: []byte("later"), ExpireTS: kvstore.MaxExpireTS}, &kvstore.KVPair{Key: []byte("empty")})
	lease := fmt.Sprintf("ns:%v", admin.get(t, "leases")[0]["id"])
	for _, args := range [][]string{
		{"buffers", "s"}, {"generations", "user:k"}, {"actors", "a1"}, {"workers", "ns:pool:pod-0"}, {"locks", "lock:actor:a1"}, {"locks", "lock:for:ever"},
		{"leases", lease}, {"records", "ns:k"}, {"buffers"}, {"generations"}, {"actors"}, {"workers"}, {"locks"}, {"leases"}, {"records"}, {"kv"}, {"kv", "db"}, {"kv", "db:k"},
	} {
		what := args[0]
		if what == "kv" && len(args) > 1 {
			what = "pairs"
		}
		args = append([]string{"get", "-o", "jsonl"}, args...)
		admin.c.ConfigResetStat(ctx)
		whole := admin.run(t, args...).ok(t)
		for _, m := range commandStat.FindAllStringSubmatch(admin.c.Info(ctx, "commandstats").Val(), -1) {
			command := m[1]
			if slices.Contains([]string{"hello", "auth", "client", "config", "multi", "exec"}, command) {
				continue
			}
			if err := admin.c.Do(ctx, "ACL", "SETUSER", "limited", "reset", "on", ">pw", "~*", "&*", "+@all", "-"+command).Err(); err != nil {
				t.Fatal(err)
			}
			a := holdfast(t, append(args, "--url", "redis://limited:pw@"+s.Addr)...)
			switch {
			case command == "scan" && a.code == failed && refusal.MatchString(a.line(t)):
			case a.code == failed && slices.Contains(decisive[what], command) && refusal.MatchString(a.line(t)):
			case a.code != done || a.errors != "":
				t.Errorf("%v without %s: exit %d, %q", args, command, a.code, a.errors)
			default:
				compareKnown(t, fmt.Sprintf("%v without %s", args, command), whole, a.out)
			}
		}
	}
}

// A user who may only read, under any name of that, can run every get.
func TestWhoMayOnlyReadCanGetEverything(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	admin := newServer(t, s.Client(t))
	furnish(t, admin)
	lease := fmt.Sprintf("ns:%v", admin.get(t, "leases")[0]["id"])
	for name, rules := range map[string][]any{
		"all commands, keys to read": {"%R~*", "&*", "+@all"}, "no writes": {"~*", "&*", "+@all", "-@write"},
		"reads alone": {"%R~*", "+@read", "+@connection", "+@transaction", "+eval_ro", "+evalsha_ro", "+script", "+info", "+time", "-ping"},
	} {
		if err := admin.c.Do(ctx, append([]any{"ACL", "SETUSER", "reader", "reset", "on", ">pw"}, rules...)...).Err(); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"buffers", "s"}, {"generations", "user:k"}, {"actors", "a1"}, {"workers", "ns:pool:pod-0"}, {"locks", "lock:actor:a1"}, {"locks", "lock:for:ever"},
			{"leases", lease}, {"records", "ns:k"}, {"buffers"}, {"generations"}, {"actors"}, {"workers"}, {"locks"}, {"leases"}, {"records"}, {"kv"}, {"kv", "db"}, {"kv", "db:k"},
		} {
			args = append([]string{"get", "-o", "jsonl"}, args...)
			a := holdfast(t, append(args, "--url", "redis://reader:pw@"+s.Addr)...)
			if a.code != done {
				t.Errorf("%s: %v: exit %d, %q", name, args, a.code, a.errors)
				continue
			}
			compareKnown(t, name, admin.run(t, args...).ok(t), a.out)
		}
	}
}

// compareKnown compares lines of JSON: what is null in the second must be explained there, and what counts down may.
func compareKnown(t *testing.T, what, whole, partly string) {
	t.Helper()
	lines, others := strings.Split(whole, "\n"), strings.Split(partly, "\n")
	if len(lines) != len(others) {
		t.Errorf("%s: %s\nnot %s", what, partly, whole)
		return
	}
	for i := range lines {
		if lines[i] == "" {
			continue
		}
		var want, got map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(others[i]), &got); err != nil {
			t.Fatal(err)
		}
		if text, _ := got["error"].(string); refusal.MatchString(text) && (want["template"] != nil || want["pod"] != nil) { // the document of an actor or a worker
			continue
		}
		for name, value := range want {
			unknown, _ := got["unknown"].(string)
			if ttl, is := got[name].(float64); is && strings.HasSuffix(name, "ttl_ms") && ttl > 0 && value.(float64) > 0 {
				continue
			}
			if fmt.Sprint(got[name]) != fmt.Sprint(value) && (got[name] != nil || unknown == "") {
				t.Errorf("%s: %s is %v, not %v, and unknown is %q", what, name, got[name], value, unknown)
			}
		}
	}
}

// A watch goes on when the server comes back, and says on standard error that it was away.
func TestWatchSurvivesARestart(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := s.Client(t)
	for _, args := range [][]string{{"get", "generations"}, {"get", "generations", "ns:k"}, {"get", "kv", "db"}} {
		fill := func() {
			if err := c.Set(ctx, "gen:ns:k", "1", 0).Err(); err != nil {
				t.Fatal(err)
			}
			newServer(t, c).put(t, "db", &kvstore.KVPair{Key: []byte("k"), Value: []byte("v")})
		}
		fill()
		life, stop := context.WithCancel(ctx)
		again := false
		out := &firstLines{stop: stop, enough: func(string) bool { return again }}
		told := &firstLines{stop: func() {}, enough: func(text string) bool {
			if strings.Contains(text, "trying again") && !again {
				s.Restart(t)
				fill()
				again = true
			}
			return false
		}}
		killed := false
		first := out.enough
		out.enough = func(text string) bool {
			if !killed {
				killed = true
				s.Kill()
			}
			return first(text)
		}
		code := run(life, append(args, "--watch", "-o", "jsonl", "--refresh", "100ms", "--url", s.URL()), nil, out, told)
		if code != done || strings.Count(out.String(), "\n") < 2 || !strings.Contains(told.String(), "trying again") {
			t.Errorf("%v: exit %d, %q, %q", args, code, out, told)
		}
		stop()
	}
}

// What is larger than get prints stays on the server, of whichever kind: it is refused with its size, or left out where the
// rest is printed.
func TestALargeContentCostsNoMemory(t *testing.T) {
	t.Parallel()
	s := newServer(t, redistest.Start(t).Client(t))
	const huge = "the huge one" // no key of any kind
	patient := redis.NewClient(&redis.Options{Addr: s.c.(*redis.Client).Options().Addr, ReadTimeout: time.Minute})
	defer patient.Close()
	do := func(script string, keys ...string) {
		t.Helper()
		if err := patient.Eval(ctx, script, append(keys, huge)).Err(); err != nil && err != redis.Nil {
			t.Fatal(err)
		}
	}
	if err := patient.SetRange(ctx, huge, 150<<20, "x").Err(); err != nil {
		t.Fatal(err)
	}
	url := "redis://" + s.c.(*redis.Client).Options().Addr + "/0?read_timeout=1m" // the server takes its time to look at so much
	copied := func(key string) func() { return func() { do(`redis.call('COPY', KEYS[2], KEYS[1], 'REPLACE')`, key) } }
	id := func() string { return fmt.Sprintf("ns:%v", s.get(t, "leases")[0]["id"]) }
	for _, test := range []struct {
		view, key string
		fill      func()
		leftOut   string // is printed; empty: what is asked for by name is refused with its size
	}{
		{"actors", "huge", copied("actor:huge"), ""},
		{"workers", "ns:pool:huge", copied("worker:ns:pool:huge"), ""},
		{"generations", "ns:huge", copied("gen:ns:huge"), "none"}, // it is no generation
		{"locks", "lock:huge", copied("lock:huge"), ""},
		{"records", "ns:k", func() {
			s.create(t, "ns", "k", "small", 0)
			do(`redis.call('HSET', KEYS[1], 'value', redis.call('GET', KEYS[2]))`, "rec:{ns}:r:k")
		}, ""},
		{"records", "ns:k", func() { // among many fields that no sample of the server finds it in
			s.create(t, "ns", "k", "small", 0)
			do(`for i = 1, 1000 do redis.call('HSET', KEYS[1], i, i) end redis.call('HSET', KEYS[1], 'value', redis.call('GET', KEYS[2]))`, "rec:{ns}:r:k")
		}, ""},
		{"buffers", "s", func() {
			for range 3 {
				if _, err := s.core.Buffers.Push(ctx, "s", []byte(`{"a":1}`)); err != nil {
					t.Fatal(err)
				}
			}
			do(`redis.call('LSET', KEYS[1], 1, redis.call('GET', KEYS[2]))`, "buf:{s}:list")
		}, `"left_out_bytes":157286401`},
		{"leases", "", func() {
			s.create(t, "ns", "k", "small", time.Hour)
			do(`local name = string.rep('x', 100) for i = 1, 700000 do redis.call('SADD', KEYS[1], i .. name) end`, "rec:{ns}:lk:"+strings.TrimPrefix(id(), "ns:"))
		}, `"left_out":`},
		{"kv", "db", func() {
			s.put(t, "db", &kvstore.KVPair{Key: []byte("k"), Value: []byte("v")})
			copied("kv:{db}:d:k")()
			do(`redis.call('XADD', KEYS[1], '9-0', 'c', redis.call('GET', KEYS[2]))`, "kv:{db}:log")
			do(`for i = 1, 1000000 do redis.call('HSET', KEYS[1], 'replica-' .. i, '1 1700000000000') end`, "kv:{db}:replicas")
		}, `"unknown":"left out: 157286401 bytes`},
		{"kv", "db:k", nil, ""},
	} {
		if test.fill != nil {
			s.c.Unlink(ctx, slices.DeleteFunc(s.keys(t), func(key string) bool { return key == huge })...)
			test.fill()
		}
		if test.key == "" {
			test.key = id()
		}
		for _, args := range [][]string{{"get", test.view}, {"get", test.view, test.key}} {
			cmd, resident := measured(t, binary(t), append(args, "-o", "jsonl", "--url", url)...)
			p := &process{Cmd: cmd}
			p.Stdout, p.Stderr = &p.out, &p.errors
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			code := p.end(t)
			if resident := resident(); resident > 120<<20 {
				t.Errorf("%v: %d MB resident", args, resident>>20)
			}
			refused, named := test.leftOut == "" || test.leftOut == "none", len(args) == 3
			if (code == done) == (refused && named) || refused && named && test.leftOut == "" && !strings.Contains(p.errors.String(), "bytes") ||
				!refused && named && !strings.Contains(p.out.String(), test.leftOut) {
				t.Errorf("%v: exit %d, %.300q %.300q", args, code, &p.out, &p.errors)
			}
		}
	}
}

func TestCSVIsNothingThatASpreadsheetRuns(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	for _, evil := range []string{"=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1"} {
		s.c.Del(ctx, s.keys(t)...)
		s.set(t, "lock:l", evil, 0)
		for _, args := range [][]string{{"get", "locks"}, {"get", "locks", "lock:l"}} {
			args = append(args, "-o", "csv")
			if text := s.run(t, args...).ok(t); !strings.Contains(text, "'"+evil) || strings.Contains(text, "'-1") {
				t.Errorf("%v: %q", args, text)
			}
			if text := s.run(t, append(args, "--raw")...).ok(t); !strings.Contains(text, evil) || strings.Contains(text, "'"+evil) {
				t.Errorf("%v as it is: %q", args, text)
			}
		}
	}
	s.put(t, "db", &kvstore.KVPair{Key: []byte("=1"), Value: []byte("-1.5e3")})
	if text := s.run(t, "get", "kv", "db", "-o", "csv").ok(t); !strings.Contains(text, "db,'=1,6,,-1.5e3,") {
		t.Errorf("%q", text)
	}
}

// One huge value widens no other line; JSON has all of it.
func TestAHugeValueWidensNoTable(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	huge := strings.Repeat("x", 900<<10)
	s.set(t, "lock:a", huge, 0)
	s.set(t, "lock:b", "token", 0)
	s.create(t, "ns", "k", huge, 0)
	for _, view := range []string{"locks", "records"} {
		for line := range strings.Lines(s.run(t, "get", view).ok(t)) {
			if len(line) > 1000 {
				t.Errorf("%s: a line of %d bytes", view, len(line))
			}
		}
		if text := s.run(t, "get", view, "-o", "json").ok(t); !strings.Contains(text, huge) {
			t.Errorf("%s: JSON lacks it", view)
		}
	}
}

func TestAByteOrderMarkIsNoPartOfAConfiguration(t *testing.T) {
	if got := holdfast(t, "connections", "--config", file(t, "\uFEFF[connections.a]\nurl = \"redis://h\"\n")).ok(t); got != "a\n" {
		t.Errorf("%q", got)
	}
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		if l := holdfast(t, "connections", "--config", file(t, mark+"[\x00")).line(t); !strings.Contains(l, "UTF-16") {
			t.Errorf("%q", l)
		}
	}
	if a := holdfast(t, "connections", "--config", file(t, "\uFEFF\uFEFF")); a.code != wrongUsage {
		t.Errorf("two marks: exit %d", a.code)
	}
}
