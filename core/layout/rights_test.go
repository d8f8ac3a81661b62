package layout_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/layout"
	"holdfast/internal/redistest"
)

// The rules that a layout lists suffice to watch its rows, and without any one of them something of them is not known. The
// rows are those of the libraries whose state is stored, and of a layout that reads in every way.
func TestTheRulesForWatchingAreTheLeast(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no stored state")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var data stored
			if err := json.Unmarshal(text, &data); err != nil {
				t.Fatal(err)
			}
			server := redistest.Start(t)
			admin := server.Client(t)
			for _, k := range data.Keys {
				put(t, admin, string(k.Key), k.Type, k.Content)
			}
			leastRules(t, admin, keyed(), false)
		})
	}
	t.Run("every source", func(t *testing.T) {
		admin := redistest.Start(t).Client(t)
		ctx := context.Background()
		admin.HSet(ctx, "all:a", "f", "x")
		admin.PExpire(ctx, "all:a", 1e12)
		admin.RPush(ctx, "l:a", "1")
		admin.SAdd(ctx, "s:a", "m")
		admin.ZAdd(ctx, "z:a", redis.Z{Score: 1, Member: "m"})
		admin.Set(ctx, "v:a", "v", 0)
		admin.XAdd(ctx, &redis.XAddArgs{Stream: "x:a", Values: []string{"k", "v"}})
		specs, err := layout.Parse("all.toml", []byte(`[[layout]]
name = "all"
view = "all"
keys = ["all:{id}"]
type = "hash"
columns = [
  { name = "ttl", from = "ttl", type = "deadline" },
  { name = "field", from = "field", field = "f" },
  { name = "value", from = "value", key = "v:{id}" },
  { name = "list", from = "length", key = "l:{id}", of = "list", type = "int" },
  { name = "first", from = "first", key = "l:{id}", of = "list" },
  { name = "set", from = "contains", key = "s:{id}", of = "set", member = "m", type = "bool" },
  { name = "score", from = "score", key = "z:{id}", member = "m" },
  { name = "lowest", from = "first", key = "z:{id}", of = "zset" },
  { name = "stream", from = "length", key = "x:{id}", of = "stream", type = "int" },
  { name = "there", from = "exists", key = "v:{id}", type = "bool" },
]
`))
		if err != nil {
			t.Fatal(err)
		}
		leastRules(t, admin, specs, true)
	})
}

// leastRules tries the rules of all layouts that have keys on a server, and each without one of them. Unless all are used,
// those whose commands the rows at hand do not take are left aside.
func leastRules(t *testing.T, admin *redis.Client, specs []layout.Spec, allUsed bool) {
	t.Helper()
	ctx := context.Background()
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{"redis://127.0.0.1:1"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_, set, errs := layout.Compile(admin, c.Primitives(), specs)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	survey, err := set.Survey(ctx, admin, func() {})
	if err != nil {
		t.Fatal(err)
	}
	as := func(rules []string) *redis.Client {
		if err := admin.Do(ctx, append([]any{"acl", "setuser", "watcher", "reset", "on", "nopass"}, anys(rules)...)...).Err(); err != nil {
			t.Fatalf("%v: %v", rules, err)
		}
		o := *admin.Options()
		o.Username, o.Password, o.Protocol, o.DisableIdentity = "watcher", "any", 2, true
		c := redis.NewClient(&o)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	for _, u := range set.All() {
		ids := survey.Found[u.Name].IDs
		if len(ids) == 0 {
			continue
		}
		full, err := set.Read(ctx, admin, u.Name, ids)
		if err != nil {
			t.Fatal(err)
		}
		rules := append([]string{"+ping"}, strings.Fields(u.Watch)...)
		known := func(rules []string) bool {
			rows, err := set.Read(ctx, as(rules), u.Name, ids)
			return err == nil && spelledRows(rows) == spelledRows(full)
		}
		if !known(rules) {
			t.Errorf("%s: the rules %q do not suffice", u.Name, rules)
			continue
		}
		for i := 1; i < len(rules); i++ {
			if rules[i] == "+type" || !allUsed && strings.HasPrefix(rules[i], "%R~") { // perhaps of a key that only tells whether there is a row
				continue
			}
			admin.Do(ctx, "acl", "log", "reset")
			fewer := append(append([]string{}, rules[:i]...), rules[i+1:]...)
			if !known(fewer) {
				continue
			}
			if refused, err := admin.Do(ctx, "acl", "log").Slice(); err != nil || len(refused) > 0 || allUsed {
				t.Errorf("%s: all is known without %s", u.Name, rules[i])
			}
		}
	}
}

func anys(list []string) (out []any) {
	for _, s := range list {
		out = append(out, s)
	}
	return out
}

// spelledRows is rows as text.
func spelledRows(rows []layout.Read) string {
	var lines []string
	for _, r := range rows {
		line := r.ID
		for _, v := range r.Columns {
			if at, is := v.Value.(time.Time); is && v.Name != "since" {
				line += fmt.Sprintf(" %s=%v", v.Name, at.IsZero()) // a deadline is of the moment
				continue
			}
			line += fmt.Sprintf(" %s=%v", v.Name, v.Value)
		}
		lines = append(lines, fmt.Sprint(line, r.Problem))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
