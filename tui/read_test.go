package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// The list of columns: each step shows at once, and the choice outlives a look at another view.
func TestColumnsAreChosenInAList(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.shows("KEY", "NAMESPACE", "GENERATION", "TTL")
	d.hides("ACTIVITY") // there is no room for them
	d.press("C", "space", "down", "down", "space")
	d.shows("Columns of Generations", "[x] KEY", "always shown", "[ ] LAYOUT      where rows have it", "[ ] NAMESPACE")
	d.press("down", ">", "esc")
	d.hides("NAMESPACE", "Columns of")
	before, after, _ := strings.Cut(d.screen(), "TTL")
	equal(t, "GENERATION stands behind TTL", strings.Contains(after, "GENERATION") && !strings.Contains(before, "GENERATION"), true)
	d.press("4", "3")
	d.hides("NAMESPACE")
	d.press("C", "end", "space", "esc")
	d.shows("ACTIVITY") // chosen
	d.press("C", "0", "esc")
	d.shows("NAMESPACE")
	d.hides("ACTIVITY")
}

func TestColumnsOfAViewWithinAnotherAreKept(t *testing.T) {
	d := open(t, options{start: "kv"}, shop)
	d.press("enter", "enter")
	d.shows("DATABASE")
	d.press("C", "down", "space", "esc")
	d.hides("DATABASE")
	first := d.screen()
	d.press("esc", "enter")
	equal(t, "the screen", d.screen(), first)
}

func TestWideMode(t *testing.T) {
	d := open(t, options{start: "actors"}, shop)
	d.resize(60, 24)
	d.press("w")
	d.shows("left/right more columns")
	d.hides("ATESPACE")
	for range 5 {
		d.press("right")
	}
	d.shows("ATESPACE", "ACTOR")
	d.hides("STATUS")
	d.press("w")
	d.shows("STATUS")
}

// A row shows how often it changed, where there is room for it.
func TestRowsShowTheirChanges(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.resize(120, 24)
	w := &world{t: t, core: d.core, mini: d.mini}
	for range 3 {
		w.bump("user", "single:user:7", 1)
		d.read()
	}
	d.to("single:user:7")
	equal(t, "the row ends in "+d.row(), strings.HasSuffix(d.row(), "  ▃"), true)
	d.to("all")
	equal(t, "a row that did not change has a bar", strings.ContainsAny(d.row(), "·▁▂▃▄▅▆▇█"), false)
	d.resize(119, 24)
	d.hides("ACTIVITY")
}

// On 80 cells every tab has its count as long as few are long: names get shorter instead, all of them at once. None moves when a
// count goes down.
func TestTabsKeepTheirCounts(t *testing.T) {
	tabs := func(d *driver) string { return strings.Split(d.screen(), "\n")[1] }
	d := open(t, options{start: "buffers"}, shop)
	equal(t, "the tabs", tabs(d), " 1 All[2 Buf:3] 3 Gen:3 4 Act:4 5 Wor:3 6 Loc:2 7 Lea:1 8 Rec:3 9 KV:1 10 Find")
	broken := func(key string, n int) {
		for i := range n {
			must(t, d.mini.Set(fmt.Sprint(key, i), "1"))
		}
		d.read()
	}
	broken("gen:user:u", 97)
	equal(t, "the tabs", tabs(d), " 1 All[2 Buf:3] 3 Gen:100 4 Act:4 5 Wor:3 6 Loc:2 7 Lea:1 8 Rec:3 9 KV:1 10 Find")
	broken("actor:bad", 8)
	crowded := " 1 All[2 Bu:3] 3 Ge:100 4 Ac:12 5 Wo:3 6 Lo:2 7 Le:1 8 Re:3 9 KV:1 10 Find"
	equal(t, "the tabs", tabs(d), crowded)
	for i := range 97 {
		d.mini.Del(fmt.Sprint("gen:user:u", i))
	}
	for i := range 8 {
		d.mini.Del(fmt.Sprint("actor:bad", i))
	}
	d.read()
	equal(t, "the tabs", tabs(d), strings.Replace(strings.Replace(crowded, ":12", ":4 ", 1), ":100", ":3  ", 1))
	broken("gen:user:u", 9997)
	equal(t, "the tabs", tabs(d), " 1 All[2 Bu:3] 3 Ge:10k 4 Ac:4  5 Wo:3 6 Lo:2 7 Le:1 8 Re:3 9 KV:1 10 Find")
	d.resize(81, 24)
	equal(t, "the tabs", tabs(d), " 1 All[2 Buf:3] 3 Gen:10k 4 Act:4 5 Wor:3 6 Loc:2 7 Lea:1 8 Rec:3 9 KV:1 10 Find")
}

// Where there is no room for all counts of many rows, those on the right go first; every tab stays.
func TestTabsOfManyRowsStayOnTheScreen(t *testing.T) {
	d := open(t, options{start: "locks"}, func(w *world) {
		for i := range 1234 {
			for _, key := range []string{"buf:x%d", "gen:user:%d", "actor:%d", "worker:ns:pool:%d", "lock:%d", "rec:{a}:lease:%d", "rec:foreign%d", "kv:{db%d}:seq"} {
				must(t, w.mini.Set(fmt.Sprintf(key, i+1), "1"))
			}
		}
	})
	line := strings.Split(d.screen(), "\n")[1]
	equal(t, "the tabs", line, " 1 All 2 Bu:1k  3 Ge:1k  4 Ac:1k  5 Wo:1k [6 Lo:1k ] 7 Le:1k  8 Re 9 KV 10 Find")
	d.check()
}

// A large screen has charts below the overview; they leave the rows their room and no other view.
func TestChartsStandBelowTheOverview(t *testing.T) {
	d := open(t, options{}, shop)
	d.hides("generations 0.0/s")
	d.resize(160, 45)
	d.shows("generations 0.0/s", "kv 0.0/s", "row 1 of 15")
	d.check()
	d.press("end")
	d.shows("row 15 of 15", "> kv")
	d.press("3")
	d.hides("generations 0.0/s")
	d.check()
}

// What a row did while another view was open is on its screen when that comes back, also where more changed than is kept
// of a kind's past.
func TestActivityGoesOnBehindOtherViews(t *testing.T) {
	d := open(t, options{start: "generations"}, func(w *world) {
		for i := range 300 {
			w.bump("users", fmt.Sprintf("u%03d", i), 1)
		}
	})
	d.resize(160, 30)
	w := &world{t: t, core: d.core, mini: d.mini}
	d.press("1")
	for range 3 {
		d.now = d.now.Add(5 * time.Second)
		for i := range 300 {
			w.bump("users", fmt.Sprintf("u%03d", i), 1)
		}
		d.read()
	}
	d.press("3", "home")
	if !strings.HasSuffix(d.row(), "▁▁▁") {
		t.Errorf("three changes in 15 s show %q", d.row())
	}
}
