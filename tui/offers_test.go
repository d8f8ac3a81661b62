package tui_test

import (
	"strings"
	"testing"
	"time"
)

// hints is the last line of the screen, as the keys and labels in it.
func (d *driver) hints() string {
	lines := strings.Split(d.screen(), "\n")
	return lines[len(lines)-1] + " "
}

func (d *driver) offers(some ...string) {
	d.t.Helper()
	for _, s := range some {
		if !strings.Contains(d.hints(), " "+s+" ") {
			d.t.Errorf("%q is not offered in %q", s, d.hints())
		}
	}
}

func (d *driver) withholds(some ...string) {
	d.t.Helper()
	for _, s := range some {
		if strings.Contains(d.hints(), " "+s+" ") {
			d.t.Errorf("%q is offered in %q", s, d.hints())
		}
	}
}

// What is gone is shown as it was: its deadlines stand still, and only what still works is offered.
func TestDetailOfWhatIsGone(t *testing.T) {
	d := open(t, options{start: "locks"}, shop)
	d.resize(160, 45)
	d.to("lock:actor:agent-1")
	d.press("enter")
	d.offers("u unlock", "l lock", "y copy")
	d.withholds("z undo")
	d.shows("expires  in 2h00m", "expires in 2h00m")
	d.mini.Del("lock:actor:agent-1")
	d.read()
	d.now = d.now.Add(time.Hour)
	d.read()
	d.shows("DELETED meanwhile, as last seen: Locks lock:actor:agent-1", "expires  in 2h00m", "Raw keys, as last read", "had 2h00m left")
	d.hides("expires in", "> lock:nightly") // keys act on what the detail shows, and on no other row
	d.offers("esc back", "y copy")
	d.withholds("u unlock", "l lock", "z undo")
	d.press("u")
	d.shows("this row no longer exists")
	d.press("y", "r")
	d.shows("copied the row")
	d.click("lock:nightly") // there is no cursor to be moved there first
	d.shows("Locks lock:nightly", "> lock:nightly")
	d.offers("u unlock")
}

// A row that comes back has the cursor again: it never points at another row than the one that keys act on.
func TestCursorIsOnTheRowOfTheDetailBesideIt(t *testing.T) {
	d := open(t, options{start: "locks"}, shop)
	d.resize(160, 45)
	d.to("lock:actor:agent-1")
	d.press("enter")
	d.shows("> lock:actor:agent-1")
	d.mini.Del("lock:actor:agent-1")
	d.read()
	d.hides("> lock:")
	must(t, d.mini.Set("lock:actor:agent-1", "again"))
	d.read()
	d.shows(">~lock:actor:agent-1", "Locks lock:actor:agent-1")
	d.hides("> lock:nightly")
	d.press("esc")
	d.filter("!token:cron")
	d.shows(">~lock:actor:agent-1")
	d.press("enter")
	must(t, d.mini.Set("lock:actor:agent-1", "cron")) // the filter hides it now
	must(t, d.mini.Set("lock:other", "batch"))
	d.read()
	d.shows("lock:other", "held by  cron")
	d.hides("> lock:", ">~lock:")
	must(t, d.mini.Set("lock:actor:agent-1", "again"))
	d.now = d.now.Add(time.Minute) // the table may rest for a moment
	d.read()
	equal(t, "the cursor is on "+d.row(), strings.Contains(d.row(), "lock:actor:agent-1"), true)
}

// Who deleted the open row is offered the way back.
func TestDetailOfWhatWasDeletedHereOffersToUndoIt(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.to("leader")
	d.press("enter")
	d.act("d", "y")
	d.shows("DELETED meanwhile")
	d.offers("z undo", "tab next link")
	d.withholds("e edit", "d delete")
	d.act("z", "y")
	d.hides("DELETED")
	d.offers("e edit", "d delete")
}

// A table without rows offers nothing that would need one.
func TestEmptyTableOffersWhatWorks(t *testing.T) {
	d := open(t, options{start: "locks"})
	d.shows("No locks here.")
	d.offers("l lock", "? help", ": palette", "q quit")
	d.withholds("u unlock", "enter detail", "/ filter", "s sort", "space mark")
	d.press("9")
	d.shows("No databases here.")
	d.withholds("n new key")

	d = open(t, options{start: "locks"}, shop)
	d.resize(160, 45)
	d.offers("u unlock", "enter detail", "/ filter", "s sort", "space mark")
	d.filter("zzz")
	d.offers("l lock", "/ filter") // which hides all
	d.withholds("u unlock", "enter detail", "s sort", "space mark")
}

// Marks are for actions on several rows; no view offers them that has none.
func TestMarksAreOfferedWhereAnActionTakesThem(t *testing.T) {
	d := open(t, options{}, shop)
	d.resize(160, 45)
	d.withholds("space mark")
	for view, marks := range map[string]bool{"2": true, "4": true, "9": false} {
		d.press(view)
		if got := strings.Contains(d.hints(), " space mark "); got != marks {
			t.Errorf("view %s: marks are offered: %v", view, got)
		}
	}
}

// Of a row that cannot be read the raw keys are what there is to see.
func TestDetailOfABadRowShowsItsRawKeys(t *testing.T) {
	d := open(t, options{start: "records"}, func(w *world) {
		must(t, w.mini.Set("rec:dump", "foreign"))
		_, err := w.mini.Lpush("gen:user:list", "x")
		must(t, err)
		_, err = w.mini.Lpush("lock:odd", "x")
		must(t, err)
		w.mini.SetTTL("lock:odd", time.Hour+30*time.Second)
	})
	d.resize(160, 45)
	for _, c := range []struct{ tab, row, key, says string }{
		{"8", "?dump", "rec:dump", "string, "}, {"3", "user:list", "gen:user:list", "list, "}, {"6", "lock:odd", "lock:odd", "expires in 1h00m"},
	} {
		d.press(c.tab)
		d.to(c.row)
		d.press("enter")
		d.shows("unreadable", "Raw keys", c.key, c.says, " bytes of memory")
		d.withholds("e edit", "b bump", "u unlock")
		d.offers("d delete", "y copy")
		d.press("esc")
	}
}
