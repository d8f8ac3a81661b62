package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/internal/redistest"
)

// Of a cluster that serves on without one of its masters, what the others hold is printed, and the exit code tells that it
// is not all.
func TestGetPrintsWhatTheOtherMastersHold(t *testing.T) {
	t.Parallel()
	servers := redistest.StartCluster(t, "--cluster-require-full-coverage", "no")
	var addrs []string
	for _, s := range servers {
		addrs = append(addrs, s.Addr)
	}
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	defer c.Close()
	dead := servers[1]
	var there, lost []string
	for i := range 60 {
		id := fmt.Sprintf("a%d", i)
		if err := c.Set(ctx, "actor:"+id, `{"actorId":"`+id+`","version":"1"}`, 0).Err(); err != nil {
			t.Fatal(err)
		}
		owner, err := c.MasterForKey(ctx, "actor:"+id)
		if err != nil {
			t.Fatal(err)
		}
		if owner.Options().Addr == dead.Addr {
			lost = append(lost, id)
		} else {
			there = append(there, id)
		}
	}
	dead.Kill()
	url := []string{"--cluster", "--url", servers[0].URL(), "--url", servers[2].URL()}
	for _, view := range []string{"actors", "overview"} {
		a := holdfast(t, append([]string{"get", view, "-o", "jsonl"}, url...)...)
		if a.code != failed || strings.Count(a.errors, "\n") != 1 || !strings.Contains(a.errors, dead.Addr) && !strings.Contains(a.errors, "no master serves") {
			t.Errorf("%s: exit %d, %q", view, a.code, a.errors)
		}
		if got := strings.Count(a.out, `"id":"a`); view == "actors" && got != len(there) {
			t.Errorf("%d rows, not %d: %s", got, len(there), a.out)
		}
		if view == "overview" && !strings.Contains(a.out, fmt.Sprintf(`{"what":"actors","rows":%d,`, len(there))) {
			t.Errorf("%s", a.out)
		}
	}
	holdfast(t, append([]string{"get", "actors", there[0]}, url...)...).ok(t)
	if a := holdfast(t, append([]string{"get", "actors", lost[0]}, url...)...); a.code != unreachable {
		t.Errorf("of the dead one: exit %d, %q", a.code, a.errors)
	}
	for _, s := range servers {
		s.Kill()
	}
	if a := holdfast(t, append([]string{"get", "actors"}, url...)...); a.code != unreachable {
		t.Errorf("of none: exit %d, %q", a.code, a.errors)
	}
}

// The databases of the other masters are listed and printed, and so are their pairs where the name of one could also be that
// of a database of the dead master.
func TestGetKVPrintsWhatTheOtherMastersHold(t *testing.T) {
	t.Parallel()
	servers := redistest.StartCluster(t, "--cluster-require-full-coverage", "no")
	dead := servers[1]
	options, addrs := conn.Options{Cluster: true}, []string{}
	for _, s := range servers {
		options.URLs, addrs = append(options.URLs, s.URL()), append(addrs, s.Addr)
	}
	opened, err := core.Open(core.Options{Conn: options})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	s := server{core: opened}
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	defer c.Close()
	holder := func(db string) string {
		owner, err := c.MasterForKey(ctx, "kv:{"+conn.Escape(db)+"}:seq")
		if err != nil {
			t.Fatal(err)
		}
		return owner.Options().Addr
	}
	var there, lost []string
	for i := range 12 {
		db := fmt.Sprintf("db%d", i)
		if holder(db) == dead.Addr {
			lost = append(lost, db)
		} else {
			there = append(there, db)
		}
		var pairs []*kvstore.KVPair
		for n := range 40 {
			pairs = append(pairs, kvPair(fmt.Sprintf("k%d", n), "value", 0))
		}
		s.put(t, db, pairs...)
	}
	dead.Kill()
	get := func(args ...string) answer {
		return holdfast(t, append(append([]string{"get"}, args...), "-o", "jsonl", "--cluster", "--url", servers[0].URL(), "--url", servers[2].URL())...)
	}
	partial := func(a answer) {
		t.Helper()
		if a.code != failed || strings.Count(a.errors, "\n") != 1 || !strings.Contains(a.errors, dead.Addr) && !strings.Contains(a.errors, "no master serves") && !strings.Contains(a.errors, "CLUSTERDOWN") {
			t.Errorf("exit %d, %q", a.code, a.errors)
		}
	}
	all := get("kv")
	partial(all)
	if got := strings.Count(all.out, "\n"); got != len(there) {
		t.Errorf("%d databases, not %d: %s", got, len(there), all.out)
	}
	if got := strings.Count(get("kv", there[0]).ok(t), "\n"); got != 40 {
		t.Errorf("%d pairs of %s", got, there[0])
	}
	both := map[bool]int{}
	for n := range 40 {
		named := fmt.Sprintf("%s:k%d", there[0], n)
		away := holder(named) == dead.Addr
		if both[away]++; both[away] > 2 {
			continue
		}
		a := get("kv", named)
		if !strings.Contains(a.out, `"value":"value"`) {
			t.Errorf("%s: exit %d, %q, %q", named, a.code, a.out, a.errors)
		}
		if away {
			partial(a)
		} else if a.code != done {
			t.Errorf("%s: exit %d, %q", named, a.code, a.errors)
		}
	}
	if len(both) != 2 {
		t.Errorf("only one case was met: %v", both)
	}
	for _, named := range []string{lost[0], lost[0] + ":k1"} {
		if a := get("kv", named); a.code != unreachable || a.out != "" {
			t.Errorf("%s: exit %d, %q, %q", named, a.code, a.out, a.errors)
		}
	}
}
