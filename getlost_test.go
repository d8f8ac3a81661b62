package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/redistest"
)

// Of a cluster that serves on without one of its masters, what the others hold is printed, and the exit code tells that it
// is not all.
func TestGetPrintsWhatTheOtherMastersHold(t *testing.T) {
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
