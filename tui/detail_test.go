package tui_test

import (
	"fmt"
	"strings"
	"testing"

	"holdfast/core/actorstore"
	"holdfast/core/live"
	"holdfast/core/record"
)

func TestLinksLeadAcrossKindsAndBack(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.to("agent-1")
	d.press("enter")
	d.shows("Actors agent-1", "> worker  workers shop:small:pod-0", "locked by  locks lock:actor:agent-1")
	d.press("enter")
	d.shows("[5 Wor", "Workers shop:small:pod-0", "> actor  actors agent-1")
	d.press("enter")
	d.shows("[4 Act", "Actors agent-1")
	d.press("tab")
	d.shows("> locked by")
	d.read() // the choice of a link survives a snapshot
	d.shows("> locked by")
	d.press("enter")
	d.shows("[6 Loc", "> guards  actors agent-1")
	d.press("shift+tab")
	d.shows("> guards")
	for _, back := range []string{"Actors agent-1", "Workers shop:small:pod-0", "Actors agent-1"} {
		d.press("esc")
		d.shows(back)
	}
	d.press("esc")
	d.shows("> agent-1")
	d.hides("Raw keys")

	d.press("7", "enter")
	d.shows("> record  records cfg:leader")
	d.press("enter")
	d.shows("Records cfg:leader", "> lease  leases cfg:1")
	d.press("enter")
	d.shows("Leases cfg:1")
	d.press("8", "esc") // another view by its key: the way back is forgotten
	d.shows("[8 Rec")
}

// The batches of a store and its live buffer lead to each other.
func TestLinksOfBuffers(t *testing.T) {
	d := open(t, options{start: "buffers"}, shop, func(w *world) { w.push("clicks", 1) })
	d.to("clicks")
	d.press("enter", "enter")
	d.shows("Buffers clicks", "> prepared  buffers ")
	d.press("enter")
	d.shows("> live  buffers clicks")
}

func TestLinkToWhatIsGone(t *testing.T) {
	d := open(t, options{start: "workers"}, shop)
	d.to("pod-2")
	d.press("enter")
	d.shows("> actor  actors ghost")
	d.press("enter")
	d.shows("not found: it may have been deleted")
	d.press("e")
	d.shows("edit: this row no longer exists")
	d.snap = incomplete
	d.show()
	d.shows("not found yet: the keyspace is still being read")
	d.snap = func(*live.Snapshot) {}
	(&world{t: t, core: d.core, mini: d.mini}).actor("ghost", actorstore.StatusSuspended, nil)
	d.read()
	d.shows("STATUS_SUSPENDED")
}

// On a wide terminal the table stays beside the detail.
func TestDetailBesideTheTable(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.resize(140, 30)
	d.press("enter")
	d.shows("agent-3", "Actors agent-1", "│")
	d.press(":")
	d.typed("filter")
	d.press("enter")
	d.typed("pausing")
	d.press("enter")
	d.shows("Actors agent-1", "row 1 of 1")
	d.resize(80, 24) // there the detail alone has room
	d.shows("Actors agent-1")
	d.hides("agent-3")
	d.press(":")
	d.typed("filter")
	d.press("enter")
	d.shows("agent-3")
}

func TestDetailScrolls(t *testing.T) {
	d := open(t, options{start: "buffers"}, shop)
	d.to("orders")
	d.press("enter")
	d.shows("lines 1-18 of 71", "store ")
	d.press("pgdown")
	d.shows("lines 19-36 of 71")
	d.press("end")
	d.shows("of 71", "none since the dashboard was started")
	d.press("home", "down")
	d.shows("lines 2-19 of 71")
	d.press("s", "space") // keys of the table mean nothing here
	d.shows("lines 2-19 of 71")
	d.hides("marked")
}

func TestDetailFollowsItsRow(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.to("leader")
	d.press("enter")
	d.shows("host-4")
	for i := range 3 {
		cas(d, "leader", fmt.Sprintf("host-%d", 5+i))
		d.read()
		d.shows(fmt.Sprintf("host-%d", 5+i), "Changes seen", fmt.Sprintf("value host-%d -> host-%d", 4+i, 5+i))
	}
	d.mini.SetError("LOADING")
	d.press("r")
	d.shows("reading again")
	d.mini.SetError("")
}

func TestDetailThatCannotBeReadKeepsWhatItKnew(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.to("leader")
	d.press("enter")
	d.shows("Content, 6 bytes", "host-4")
	cas(d, "leader", "host-5")
	_, err := d.core.Live.ReadAll(ctx)
	must(t, err)
	d.mini.SetError("ERR no way")
	d.show()
	d.mini.SetError("")
	d.shows("unreadable: ERR no way", "Content, 6 bytes, as last read", "host-4")
	d.press("esc", "enter")
	d.shows("host-5")
}

// A content is laid out for the room there is, whatever its size.
func TestLargeContent(t *testing.T) {
	d := open(t, options{start: "records"}, func(w *world) {
		w.record("cfg", "deep", strings.Repeat("[", 5000)+strings.Repeat("]", 5000), record.NoLeaseId)
		w.record("cfg", "huge", strings.Repeat("0123456789abcdef\n", 130_000), record.NoLeaseId)
		w.record("cfg", "list", "["+strings.Repeat("1,", 200_000)+"1]", record.NoLeaseId)
		w.record("cfg", "cut", strings.Repeat("é", 1<<20), record.NoLeaseId)
		w.record("cfg", "wild", "\xff\x00"+strings.Repeat("binary", 10), record.NoLeaseId)
	})
	for _, name := range []string{"deep", "cfg:huge", "list", "cfg:cut", "wild"} {
		d.to(name)
		d.press("enter")
		d.check()
		d.press("end")
		d.check()
		d.press("esc")
	}
	d.to("cfg:huge")
	d.press("enter", "end")
	for range 30 {
		if strings.Contains(d.screen(), "cut here; `holdfast get` prints all 2210000 bytes") {
			break
		}
		d.press("up")
	}
	d.shows("cut here; `holdfast get` prints all 2210000 bytes")
	d.press("esc")
	d.to("wild")
	d.press("enter")
	d.shows("00000000  ff 00 62 69 6e 61 72 79")
}

// What is too large to be fetched for a look is told by its size, and shown as far as it can be had cheaply.
func TestHugeContentIsNotFetched(t *testing.T) {
	d := open(t, options{start: "actors"}, func(w *world) {
		_ = w.mini.Set("actor:huge", strings.Repeat("0123456789abcdef\n", 600_000))
		w.record("cfg", "huge", strings.Repeat("0123456789abcdef\n", 600_000), record.NoLeaseId)
	})
	d.to("huge")
	d.press("enter")
	d.shows("too large to be read unasked: 10200000 bytes", "Content, 10,200,000 bytes")
	d.press("end")
	for range 30 {
		if strings.Contains(d.screen(), "cut here, at 1,048,576 bytes of 10,200,000 bytes") {
			break
		}
		d.press("up")
	}
	d.shows("cut here, at 1,048,576 bytes of 10,200,000 bytes")
	d.press("esc", "8")
	d.to("cfg:huge")
	d.press("enter")
	d.shows("too large to be shown")
}
