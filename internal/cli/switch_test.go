//go:build unix

package cli

import (
	"fmt"
	"testing"
	"time"

	"holdfast/internal/redistest"
)

// One dashboard goes from connection to connection in one process. Where nobody answers it stays.
func TestDashboardSwitchesItsConnection(t *testing.T) {
	t.Parallel()
	one, other := redistest.Start(t), redistest.Start(t)
	here, there := newServer(t, one.Client(t)), newServer(t, other.Client(t))
	here.set(t, "lock:here", "token-1", time.Hour)
	there.set(t, "there:lock:far", "token-2", time.Hour)
	const gone = "127.0.0.1:1" // nobody listens there
	config := file(t, fmt.Sprintf(`
connection = "here"
view = "locks"
theme = "mine"
[connections.here]
url = %q
colour = "good"
[connections.there]
url = %q
colour = "bad"
read-only = true
prefixes = { lock = "there:lock:" }
[connections.gone]
url = "redis://user:s3cr3t@%s"
[columns]
locks = ["FENCE"]
[themes.mine]
based-on = "dark"
accent = "#ffb86c"
`, here.flags[1], there.flags[1], gone))
	x := dashboard(t, nil, "--config", config)
	x.shows(" here  holdfast", "[6 Locks 1]", "> lock:here", "FENCE")
	x.hides("TOKEN", "READ-ONLY")
	x.see(":connect to gone", "connect to gone")
	x.see(enter, "Cannot connect to gone", "connect to "+gone)
	x.hides("s3cr3t")
	x.leave("Cannot connect to gone")
	x.shows("> lock:here")

	x.see(":connect to there", "connect to there")
	x.see(enter, " there  holdfast", "READ-ONLY", "there:lock:far")
	x.see(":connect to here", "connect to here")
	x.see(enter, " here  holdfast", "> lock:here")
	x.hides("READ-ONLY")
	x.types("q")
	x.quits()
}
