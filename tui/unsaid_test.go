package tui_test

import (
	"strings"
	"testing"
	"time"
)

// What a finding says is there to be read to its end, also where its line is short.
func TestFindingsAreToldToTheirEnd(t *testing.T) {
	token := "holder-" + strings.Repeat("x", 40) + "-日本-end"
	d := open(t, options{}, func(w *world) {
		w.lock("lock:actor:some-agent", token, 2*time.Hour+30*time.Second)
		w.lock("lock:b", "short", 2*time.Hour+30*time.Second)
	})
	d.to("lock-expires-late")
	lines := strings.Split(d.screen(), "\n")
	row := strings.TrimSuffix(d.row(), "…")
	rest := strings.TrimPrefix(lines[len(lines)-2], " …")
	if _, says, _ := strings.Cut(row, "lock:actor"); "lock:actor"+says+rest != "lock:actor:some-agent: expires in 2h00m, held by "+token {
		t.Errorf("%q goes on as %q", row, rest)
	}
	d.check()
	d.press("down")
	d.hides("-end") // that of another row
	d.press("up")
	d.resize(200, 60)
	equal(t, "ends", strings.Count(d.screen(), "-end"), 1)
	d.resize(80, 24)
	d.press("p") // a message has its line
	d.show()
	d.press("M")
	d.hides("-end")
}
