package tui_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/core/record"
)

func (d *driver) get(key string) string {
	d.t.Helper()
	s, err := d.mini.Get(key)
	must(d.t, err)
	return s
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestBump(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.to("all")
	d.press("b")
	d.shows("bump catalog:all", "EVALSHA (bump) gen:catalog:all", "> yes <")
	d.press("n")
	equal(t, "the generation after no", d.get("gen:catalog:all"), "120")
	d.act("b", "enter") // nothing is lost by a bump: yes is preselected
	equal(t, "the generation", d.get("gen:catalog:all"), "121")
	d.shows("done: catalog:all is at generation 121")
	d.press("z")
	d.shows("cannot undo: generations only rise")
}

// One that cannot be undone is told of once, and stands in the way of none before it.
func TestUndoGoesPastWhatCannotBeUndone(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.to("agent-1")
	d.press("l")
	d.typed("-shadow") // its own lock is held
	d.act("enter", "y")
	d.press("2", "3")
	d.to("all")
	d.act("b", "enter")
	d.press("z")
	d.shows("cannot undo: generations only rise", "again for the action before it")
	d.act("z", "y")
	d.shows("done: released lock:actor:agent-1-shadow")
}

func TestFlush(t *testing.T) {
	dir := t.TempDir()
	d := open(t, options{start: "buffers", flushDir: dir}, shop)
	d.to("orders")
	d.act("f", "enter") // no is preselected
	d.shows("orders")
	d.act("f", "left", "enter")
	d.shows("done: flushed 12 records of orders to\n")
	d.hides("live            12")
	files, err := filepath.Glob(filepath.Join(dir, "orders-*.jsonl"))
	must(t, err)
	if len(files) != 1 {
		t.Fatalf("files %v", files)
	}
	text, err := os.ReadFile(files[0])
	must(t, err)
	equal(t, "the number of lines", bytes.Count(text, []byte("\n")), 12)
	for _, k := range d.mini.Keys() {
		if strings.Contains(k, "{orders}:list") {
			t.Errorf("%s is still there", k)
		}
	}
}

func TestBulkFlushAsksForTheNumber(t *testing.T) {
	dir := t.TempDir()
	d := open(t, options{start: "buffers", flushDir: dir}, shop)
	d.press("space", "space", "f")
	d.shows("flush 2 buffers", "Type 2 to do it")
	d.press("enter")
	d.shows("that is not 2")
	d.typed("3")
	d.hides("that is not 2")
	d.press("enter")
	d.shows("that is not 2")
	d.press("backspace")
	d.typed("2")
	d.act("enter")
	d.shows("done: flush of 2", "orders", "row 1 of 1")
	d.hides("marked")
	files, err := os.ReadDir(dir)
	must(t, err)
	equal(t, "the number of files", len(files), 2)

	d.press("space", "esc")
	d.hides("marked")
}

// A bulk action stops at the first row that fails; what is done is no longer marked, the rest still is.
func TestBulkStopsAtAFailure(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.press("a", "d")
	d.shows("delete 3 records")
	cas(d, "leader", "host-5") // the second one, behind our back
	d.typed("3")
	d.act("enter")
	d.shows("refused: delete cfg:leader: changed meanwhile", "of 3 done before it, 1 not tried)")
	d.press("up")
	d.shows("2 marked", "row 1 of 2")
	equal(t, "what was not tried", d.stored("replicas"), `{"web":3,"worker":{"min":1,"max":8}}`)
}

func TestMarksActOnExactlyWhatIsSeen(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.press("a", "/")
	d.typed("namespace:user")
	d.press("enter", "b")
	d.shows("bump 2 generations")
	d.typed("2")
	d.act("enter")
	equal(t, "a generation that was hidden", d.get("gen:catalog:all"), "120")
	equal(t, "a generation that was seen", d.get("gen:user:single:user:42"), "8")
	d.shows("1 marked, 1 of them hidden")
	d.press("b")
	d.shows("bump: the filter hides all marked rows")
	d.press("A")
	d.act("b", "y")
	equal(t, "the one under the cursor", d.get("gen:user:single:user:42"), "9")
}

func TestLockAndUndo(t *testing.T) {
	d := open(t, options{start: "locks"}, shop)
	d.press("l")
	d.shows("take a lock", "lock:", "30s")
	d.press("enter")
	d.shows("a lock needs a whole key")
	d.typed("actor:agent-2")
	d.press("tab")
	for range 3 {
		d.press("backspace")
	}
	d.typed("soon")
	d.press("enter")
	d.shows("a time above 0")
	for range 4 {
		d.press("backspace")
	}
	d.typed("5m")
	d.press("shift+tab", "enter")
	d.shows("take lock:actor:agent-2 for 5m0s", "> yes <")
	d.act("enter")
	d.shows("done: took lock:actor:agent-2")
	token := d.get("lock:actor:agent-2")
	d.press("z")
	d.shows("unlock lock:actor:agent-2", token, "> no <")
	d.act("n")
	d.act("z", "y") // saying no has not forgotten it
	if d.mini.Exists("lock:actor:agent-2") {
		t.Error("the lock is still held")
	}
	d.press("z")
	d.shows("nothing to undo")
}

// A lock that no view would show, or for more than a day, is asked for twice, and the second time "no" is preselected.
func TestAnUnusualLockIsAskedForAgain(t *testing.T) {
	d := open(t, options{start: "locks"}, shop)
	form := func(key, ttl string) {
		d.press("l", "ctrl+u")
		d.typed(key)
		d.press("tab", "ctrl+u")
		d.typed(ttl)
		d.press("enter")
		d.shows("take "+key, "> yes <")
		d.act("enter")
	}
	for key, want := range map[string]string{"job:n": "no view would show it: only locks under lock: are shown", "lock:day": "longer than 24h0m0s"} {
		ttl := map[string]string{"job:n": "1m", "lock:day": "25h"}[key]
		form(key, ttl)
		d.shows("really lock "+key, want, "> no <")
		d.act("enter")
		if d.mini.Exists(key) {
			t.Errorf("%s is taken after no", key)
		}
		form(key, ttl)
		d.act("y")
		if !d.mini.Exists(key) {
			t.Errorf("%s is not taken after yes", key)
		}
	}
}

// A lock that was taken again with the same token is another one: the fence tells.
func TestUnlockReleasesOnlyTheLockThatWasSeen(t *testing.T) {
	d := open(t, options{start: "locks"}, func(w *world) { w.lock("lock:a", "token", time.Minute) })
	token := d.get("lock:a")
	d.press("u")
	d.shows("unlock lock:a", token)
	must(t, d.core.Actors.ReleaseLock(ctx, "lock:a", token))
	_, ok, err := d.core.Actors.AcquireLockFenced(ctx, "lock:a", token, time.Minute)
	must(t, err)
	equal(t, "taken again", ok, true)
	d.act("y")
	d.shows("refused: unlock lock:a: changed meanwhile")
	equal(t, "the token", d.get("lock:a"), token)
}

// Where a finding names a key, the action keys work on it as in its own view.
func TestActionsOfAFindingAreThoseOfItsRow(t *testing.T) {
	dir := t.TempDir()
	d := open(t, options{start: "overview", flushDir: dir}, func(w *world) {
		w.ago(time.Hour, func() { w.push("orders", 3) })
		w.lock("lock:job:a", "token", 2*time.Hour)
	})
	d.to("buffer-not-flushed")
	d.offers("f flush")
	d.press("f")
	d.shows("flush orders", "> no <")
	d.act("y")
	d.shows("done: flushed 3 records of orders to\n")
	d.to("lock-expires-late")
	d.offers("u unlock")
	d.press("f")
	d.shows("this row cannot be flushed")
	d.press("u")
	d.shows("unlock lock:job:a")
	d.act("y")
	if d.mini.Exists("lock:job:a") {
		t.Error("still locked")
	}
}

func TestLockWithATokenOfOnesOwn(t *testing.T) {
	d := open(t, options{start: "locks"}, shop)
	d.press("l")
	d.typed("deploy")
	d.press("tab", "tab")
	d.typed("me again")
	d.press("enter")
	d.shows("a token is one word")
	for range len(" again") {
		d.press("backspace")
	}
	d.press("enter")
	d.shows("take lock:deploy for 30s")
	d.act("y")
	equal(t, "the token", d.get("lock:deploy"), "me")
}

// The lock that guards a row is taken from the row, under the name that the row links to.
func TestLockOfARow(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.to("agent-2")
	d.act("l", "enter", "y")
	d.shows("done: took lock:actor:agent-2 for 30s")
	d.press("enter")
	d.shows("locked by  locks lock:actor:agent-2")

	d.press("esc", "5")
	d.to("pod-0")
	d.act("l", "enter", "y")
	d.press("enter")
	d.shows("locked by  locks lock:worker:shop:small:pod-0")
}

func TestLockThatIsHeld(t *testing.T) {
	d := open(t, options{start: "locks"}, shop)
	d.press("l")
	d.typed("nightly")
	d.act("enter", "y")
	d.shows("refused: lock lock:nightly: the lock is held for 72h0m more")
	equal(t, "the token", d.get("lock:nightly"), "cron-1")
	d.press("l", "esc")
	d.hides("take a lock")
}

// Locking a new key has nothing to do with the row under the cursor, nor with marks.
func TestLockNeedsNoRow(t *testing.T) {
	d := open(t, options{start: "locks"}, func(w *world) {
		w.lock("lock:a", "t", time.Hour)
		w.lock("lock:b", "t", time.Hour)
		_, err := w.mini.Lpush("lock:", "a list")
		must(w.t, err)
	})
	d.press("a", "l")
	d.shows("take a lock")
}

func TestUnlock(t *testing.T) {
	d := open(t, options{start: "locks"}, shop)
	d.to("lock:nightly")
	d.press("u")
	d.shows("> no <", "cron-1")
	must(t, d.mini.Set("lock:nightly", "somebody-else")) // it changed hands meanwhile
	d.act("y")
	d.shows("refused: unlock lock:nightly")
	equal(t, "the token", d.get("lock:nightly"), "somebody-else")
	d.act("u", "y") // of the new holder, now that the operator has seen it
	d.shows("done: released lock:nightly")
	if d.mini.Exists("lock:nightly") {
		t.Error("the lock is still held")
	}
}

func TestUnlockOfABuffer(t *testing.T) {
	d := open(t, options{start: "buffers"}, shop, func(w *world) {
		_, ok, err := w.core.Buffers.Lock(ctx, "orders", 0, time.Hour)
		must(w.t, err)
		if !ok {
			w.t.Fatal("not locked")
		}
	})
	d.to("invoices")
	d.press("u")
	d.shows("refused: unlock invoices: it is not locked")
	d.to("orders")
	d.press("f")
	d.shows("refused: flush orders: it is locked by")
	d.act("u", "y")
	d.shows("done: unlocked buffer orders")
}

func TestDelete(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.to("agent-1")
	d.press("d")
	d.shows("refused: delete agent-1: only a suspended actor can be deleted")
	d.to("broken")
	d.press("d")
	d.shows("delete the key actor:broken, an unreadable string, if it still") // looked into first
	d.press("esc")
	d.to("agent-2")
	d.act("d", "y")
	d.shows("done: deleted agent-2")
	d.hides("SUSPENDED")

	d.press("7", "d")
	d.shows("release cfg:1", "> no <")
	d.act("y")
	d.shows("done: released lease cfg:1", "No leases here.")
	d.press("8")
	d.hides("leader")

	d.press("5")
	d.to("pod-1")
	d.act("d", "y")
	d.shows("done: deleted shop:small:pod-1")
}

// In read-only every action is refused where it would be done, and noted.
func TestReadOnly(t *testing.T) {
	audit := filepath.Join(t.TempDir(), "audit.jsonl")
	d := open(t, options{readOnly: true, audit: audit}, shop)
	before := d.mini.Dump()
	for tab, keys := range map[string][]string{"2": {"f"}, "3": {"b"}, "4": {"e"}, "6": {"u"}, "7": {"d"}, "8": {"e", "d"}} {
		for _, k := range keys {
			d.press(tab)
			d.press(k)
			d.shows("refused: ", ": this connection is read-only")
		}
	}
	d.press("6", "l")
	d.hides("take a lock") // nothing is asked for what cannot be done
	d.shows("refused: lock: this connection is read-only")
	d.press("4", "l")
	d.shows("refused: lock agent-1: this")
	d.press("9", "n")
	d.shows("refused: put flags: this")
	d.press("3", "a", "b")
	d.shows("refused: bump")
	equal(t, "the keyspace", d.mini.Dump(), before)

	text, err := os.ReadFile(audit)
	must(t, err)
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	equal(t, "the number of refusals in the audit file", len(lines), 11)
	for _, l := range lines {
		var e struct{ Result string }
		must(t, json.Unmarshal(l, &e))
		equal(t, "the result of "+string(l), e.Result, "refused")
	}
}

// A row may go while a question about it is open, or its detail.
func TestRowGoesMeanwhile(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.to("leader")
	d.press("d")
	s, err := d.core.Records("cfg")
	must(t, err)
	must(t, s.Delete(ctx, "leader"))
	d.read()
	d.shows("delete cfg:leader") // the question stays
	d.act("y")
	d.shows("delete cfg:leader: ", "not found")

	d.to("replicas")
	d.press("enter")
	must(t, s.Delete(ctx, "replicas"))
	d.read()
	d.shows("DELETED meanwhile", `"web": 3,`, "as last read")
	d.press("e")
	d.shows("edit: this row no longer exists")
	d.press("y", "y")
	equal(t, "what can still be copied", d.clipboard[0], `{"web":3,"worker":{"min":1,"max":8}}`)
	s.Create(ctx, record.Record{Key: "replicas", Value: []byte("back")})
	d.read()
	d.hides("DELETED meanwhile")
	d.shows("back")

	empty := open(t, options{start: "leases"})
	empty.press("d")
	empty.shows("release: there is no row here")
	empty.press("enter", "y", "space", "a", "up", "end")
	empty.shows("No leases here.")
}

// One action at a time: while one runs, another is not begun.
func TestOneActionAtATime(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.to("all")
	d.press("b")
	running := d.m.Route(key("y"))
	d.now = d.now.Add(7 * time.Second)
	d.press("down")
	d.shows("bump catalog:all… 7s")
	d.press("b")
	d.hides("sends")
	d.press("z", "q")
	d.shows("bump catalog:all… 7s  another action is still running")
	equal(t, "quit", d.quit, false)
	d.press("3")
	d.run(running)
	d.read()
	d.shows("done: catalog:all is at generation 121")
	d.press("b")
	d.shows("sends")
}

func TestActionsOfOtherKindsAreNamed(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.press("f")
	d.shows("generations cannot be flushed")
	d.press("1", "e")
	d.shows("edit shop:small:pod-2") // the worst finding is about that
	d.press("esc")
	d.to("buffers ")
	d.press("e")
	d.shows("this row cannot be edited")
	d.press("4", "space", "space", "e")
	d.shows("edit takes one row, 2 are marked")
}

// A failure too long for the lines of messages is shown in full.
func TestLongFailureIsShownInFull(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.resize(40, 10)
	d.to("all")
	d.press("b")
	d.mini.SetError("ERR " + strings.Repeat("because of this ", 15) + "and that")
	d.press("y")
	d.mini.SetError("")
	d.shows("─ ↓ failed ─", "bump catalog:all: ERR because of")
	d.press("end")
	d.shows("and that")
	d.press("esc")
	d.hides("failed")
}

// A failure stays until the next key; what went well goes by itself.
func TestToastsGo(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.act("b", "y")
	d.shows("done: ")
	d.now = d.now.Add(5 * time.Second)
	d.show()
	d.hides("done: ")
	d.press("f")
	d.press("z")
	d.shows("refused: ")
	d.now = d.now.Add(5 * time.Second)
	d.show()
	d.shows("refused: ")
	d.press("down")
	d.hides("refused: ")
}
