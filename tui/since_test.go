package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/kind"
	"holdfast/core/kvstore"
	"holdfast/core/record"
	"holdfast/keymap"
	"holdfast/tui/view"
	"holdfast/views"
)

// twoOfEach is a shop in which every action can be done to two rows of its view.
func twoOfEach(w *world) {
	shop(w)
	w.actor("agent-4", actorstore.StatusSuspended, nil)
	w.lease("cfg", time.Hour)
	w.bump("catalog", "some", 3)
}

// underQuestion are two rows of each kind, and how the first one changes and goes.
var underQuestion = map[kind.Name]struct {
	row, other   string
	change, gone func(d *driver)
}{
	"buffers": {"invoices", "orders", func(d *driver) { (&world{t: d.t, core: d.core}).push("invoices", 1) }, del("buf:{invoices}:list", "buf:{invoices}:keys", "buf:{invoices}:size", "buf:{invoices}:ts", "buf:{invoices}:lock")},
	"generations": {"all", "some", func(d *driver) { (&world{t: d.t, core: d.core}).bump("catalog", "all", 1) },
		del("gen:catalog:all")},
	"actors": {"agent-2", "agent-4", func(d *driver) {
		a, err := d.core.Actors.GetActor(ctx, "agent-2")
		must(d.t, err)
		must(d.t, d.core.Actors.UpdateActor(ctx, a, a.Version))
	}, del("actor:agent-2")},
	"workers": {"pod-1", "pod-2", func(d *driver) {
		w, err := d.core.Actors.GetWorker(ctx, "shop", "small", "pod-1")
		must(d.t, err)
		must(d.t, d.core.Actors.UpdateWorker(ctx, w, w.Version))
	}, del("worker:shop:small:pod-1")},
	"locks": {"lock:nightly", "lock:actor", func(d *driver) {
		must(d.t, d.mini.Set("lock:nightly", fmt.Sprint("another-", d.get("lock:nightly"))))
	}, del("lock:nightly")},
	"leases": {"1", "5", func(d *driver) {
		(&world{t: d.t, core: d.core}).record("cfg", fmt.Sprint("of-lease-", len(d.mini.Keys())), "x", 1)
	}, del("rec:{cfg}:lease:1")},
	"records": {"leader", "replicas", func(d *driver) { cas(d, "leader", d.stored("leader")+"5") }, del("rec:{cfg}:r:leader")},
	"kv":      {"flags", "", func(d *driver) { (&world{t: d.t, core: d.core}).put("flags", fmt.Sprint("k", len(d.mini.Dump())), "v") }, nil},
	"pairs": {"new-cart", "dark-mode", func(d *driver) {
		db, err := d.core.KV("flags")
		must(d.t, err)
		old, err := db.Get([]byte("new-cart"))
		must(d.t, err)
		must(d.t, db.Put(&kvstore.KVPair{Key: []byte("new-cart"), Value: append(old[0].Value, '!')}))
		must(d.t, db.Close())
	}, del("kv:{flags}:d:new-cart")},
}

func del(keys ...string) func(*driver) {
	return func(d *driver) {
		for _, k := range keys {
			d.mini.Del(k)
		}
	}
}

// rowActions are all actions of all views that are about a row.
func rowActions(t *testing.T, do func(t *testing.T, v *view.View, a view.Action, keys map[keymap.Action]string)) {
	m, err := keymap.New(nil)
	must(t, err)
	for _, v := range views.All().Frames() {
		for _, a := range v.Actions {
			if a.NoRow || v.Kind == "" {
				continue
			}
			t.Run(v.Name+" "+string(a.ID), func(t *testing.T) {
				do(t, v, a, map[keymap.Action]string{a.ID: m.Keys(a.ID)[0]})
			})
		}
	}
}

// openOn opens a view with the cursor on its row under question.
func openOn(t *testing.T, v *view.View, a keymap.Action, dir string) *driver {
	start := v.Name
	if v.Parent != "" {
		start = v.Parent
	}
	d := open(t, options{start: start, flushDir: dir}, twoOfEach)
	if v.Parent != "" {
		d.press("enter", "enter")
	}
	if v.Name == "buffers" && a == keymap.Unlock {
		_, ok, err := d.core.Buffers.Lock(ctx, "invoices", 0, time.Hour)
		must(t, err)
		equal(t, "locked", ok, true)
		d.read()
	}
	d.to(underQuestion[v.Kind].row)
	return d
}

// What changes or goes under an open question stands in it at once, whatever is asked and of which kind of row, and one key
// asks anew of what is there now.
func TestAQuestionSaysWhatChangedSince(t *testing.T) {
	rowActions(t, func(t *testing.T, v *view.View, a view.Action, keys map[keymap.Action]string) {
		under := underQuestion[v.Kind]
		d := openOn(t, v, a.ID, t.TempDir())
		d.press(keys[a.ID])
		if a.Edit {
			d.press("end")
			d.typed(`"note":1,`)
			d.press("f2")
			d.shows("save " + string(v.Kind))
		}
		d.hides("changed since", "asks again")
		if a.Form != nil {
			under.change(d)
			d.read()
			d.shows("changed since: now ", "ctrl+r asks again")
			d.press("ctrl+r")
			d.hides("changed since")
			if a.ID == keymap.Put {
				d.typed("fresh")
			}
			d.press("enter")
			d.shows("> yes <")
			d.hides("changed since")
		}
		d.read() // nothing happened
		d.hides("changed since")
		under.change(d)
		d.read()
		d.shows("changed since: now ", " r asks again")
		d.check()
		d.press("r")
		d.hides("changed since", "gone since")
		if a.Edit {
			d.shows("conflict on ", "take theirs")
		} else {
			d.shows(" yes ", " no ")
		}
		if under.gone == nil {
			return
		}
		under.gone(d)
		d.read()
		d.shows("gone since", " r asks again")
		d.press("r")
		d.hides("gone since", " yes ")
	})
}

// The same of a question about many rows, which names those that changed and leaves out those that went.
func TestACountedQuestionSaysWhatChangedSince(t *testing.T) {
	rowActions(t, func(t *testing.T, v *view.View, a view.Action, keys map[keymap.Action]string) {
		if !a.Bulk {
			return
		}
		under := underQuestion[v.Kind]
		d := openOn(t, v, a.ID, t.TempDir())
		d.press("space")
		d.to(under.other)
		d.press("space", keys[a.ID])
		d.shows("Type 2 to do it")
		under.change(d)
		d.read()
		d.shows(under.row+" changed since: now ", "ctrl+r asks again")
		d.press("ctrl+r")
		d.shows("Type 2 to do it")
		d.hides("changed since")
		under.gone(d)
		d.read()
		d.shows(under.row+" gone since", "ctrl+r asks again")
		d.press("ctrl+r")
		d.hides("gone since")
		d.shows("Left out, for it is gone: ", " yes ")
	})
}

// A question tells the version that is there now, not only that there is another one.
func TestAQuestionTellsTheVersionThatIsThereNow(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.to("leader")
	d.press("d")
	old, err := d.core.Records("cfg")
	must(t, err)
	was, err := old.Get(ctx, record.Key("leader"))
	must(t, err)
	d.shows(fmt.Sprintf("if it still has version %d", was.Version))
	cas(d, "leader", "host-5")
	is, err := old.Get(ctx, record.Key("leader"))
	must(t, err)
	d.read()
	d.shows(fmt.Sprintf("changed since: now version %d, value host-5", is.Version), " r asks again")
	d.press("r")
	d.shows(fmt.Sprintf("if it still has version %d", is.Version), "> no <")
	d.act("y")
	d.shows("done: deleted cfg:leader")
}

// A question about what was done, or about a row that cannot be read, is no other.
func TestEveryOtherQuestionSaysWhatChangedSince(t *testing.T) {
	t.Run("undo", func(t *testing.T) {
		d := open(t, options{start: "records"}, shop)
		d.to("leader")
		d.act("d", "y")
		d.press("z")
		d.shows("recreate records cfg:leader")
		(&world{t: t, core: d.core}).record("cfg", "leader", "somebody else's", record.NoLeaseId)
		d.read()
		d.shows("created since", " r asks again")
	})
	t.Run("unreadable", func(t *testing.T) {
		d := open(t, options{start: "actors"}, shop)
		d.to("broken")
		d.press("d")
		d.shows("an unreadable string")
		must(t, d.mini.Set("actor:broken", `{"actorId":"broken","version":"3","status":"STATUS_SUSPENDED"}`))
		d.read()
		d.shows("changed since: it can be read now", " r asks again")
		d.press("r")
		d.hides("an unreadable string")
		d.shows("it can be read now")
	})
	t.Run("conflict", func(t *testing.T) {
		d := late(t, "leader", mine, "theirs")
		d.hides("changed since")
		cas(d, "leader", "theirs, later")
		d.read()
		d.shows("changed since: now version ", " r asks again")
		d.press("r")
		d.hides("changed since")
		d.shows("conflict on cfg:leader", "theirs, later")
	})
}

// At every size the note and the buttons are seen, and the buttons are where a click finds them.
func TestANoteOfAChangeLeavesTheButtonsInSight(t *testing.T) {
	for _, size := range slices.Concat(sizes, [][2]int{{160, 45}}) {
		d := open(t, options{start: "records"}, shop)
		d.to("leader")
		d.press("d")
		cas(d, "leader", strings.Repeat("long ", 30))
		d.read()
		d.resize(size[0], size[1])
		d.check()
		d.shows("> no <", "  yes", "asks again")
	}
}

// A form acts on the row that it was opened on, also where the table has come to point at another one meanwhile.
func TestAFormIsAboutTheRowItWasOpenedOn(t *testing.T) {
	d := open(t, options{start: "kv"}, func(w *world) {
		w.put("flags", "a", "1")
		w.put("other", "b", "2")
	})
	d.to("flags")
	d.press("n")
	d.typed("new")
	for _, key := range d.mini.Keys() {
		if strings.HasPrefix(key, "kv:{flags}:") {
			d.mini.Del(key)
		}
	}
	d.read()
	d.shows("put a key into flags", "gone since")
	d.press("enter")
	d.shows("put new into flags")
	d.act("y")
	if !d.mini.Exists("kv:{flags}:d:new") || d.mini.Exists("kv:{other}:d:new") {
		t.Errorf("it is in %q", d.mini.Keys())
	}
}
