package live_test

import (
	"testing"
	"time"
)

// A master that was replaced may go on for long as if nothing had happened: the pushes must come from the one that is
// asked. Here the old one cannot even be told that it is none any more.
func TestPushesFollowAFailover(t *testing.T) {
	t.Parallel()
	w := watch(t, "--rename-command", "REPLICAOF", "", "--rename-command", "SLAVEOF", "")
	c := open(t, w.options, 50*time.Millisecond)
	fill(t, w.admins[0], 0, 50)
	run(t, c)
	until(t, c, "pushes", pushed(50))
	if n := len(links(t, w.admins[0])); n != 1 {
		t.Errorf("the master pushes over %d connections", n)
	}
	w.failover(t)
	fill(t, w.admins[1], 50, 60)
	until(t, c, "what the new master has", pushed(60))
	fill(t, w.admins[1], 60, 70)
	until(t, c, "what it is given", pushed(70))
	if old, now := len(links(t, w.admins[0])), len(links(t, w.admins[1])); old > 1 || now != 1 { // the old one's own sentinel may listen
		t.Errorf("the old master pushes over %d connections, the new one over %d", old, now)
	}
}
