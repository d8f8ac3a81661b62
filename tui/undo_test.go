package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/core/kvstore"
	"holdfast/core/record"
)

func TestUndoOfADelete(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.to("leader")
	d.act("d", "y")
	d.hides("host-4")
	d.press("z")
	d.shows("recreate records cfg:leader", "> yes <")
	d.act("y")
	d.shows("done: put cfg:leader back", "host-4")

	d.to("leader")
	d.act("d", "y")
	s, err := d.core.Records("cfg")
	must(t, err)
	_, err = s.Create(ctx, record.Record{Key: "leader", Value: []byte("somebody else's")})
	must(t, err)
	d.act("z", "y")
	d.shows("refused: put cfg:leader: changed meanwhile")
	equal(t, "the value", d.stored("leader"), "somebody else's")
}

func TestUndoList(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.resize(160, 45)
	d.press("Z")
	d.shows("There is nothing to undo yet")
	d.press("esc", "8")
	d.to("leader")
	d.act("d", "y")
	d.now = d.now.Add(time.Minute)
	d.press("3")
	d.to("all")
	d.act("b", "y")
	d.press("Z")
	d.shows("Undo one of the last actions", "> "+d.now.Format(time.TimeOnly)+"  catalog:all is at generation 121", "cannot: generations only rise",
		"deleted cfg:leader", "can be undone")
	d.press("enter")
	d.shows("refused: cannot undo: generations only rise")
	d.press("Z", "down", "enter") // past what cannot be undone
	d.shows("recreate records cfg:leader")
	d.act("y")
	equal(t, "the value", d.stored("leader"), "host-4")
	d.press("Z")
	d.hides("deleted cfg:leader")
}

// What was done, to which row, and why it cannot be undone stands there in full also where lines are short.
func TestUndoListTellsTheWholeOfTheChosenOne(t *testing.T) {
	const key = "single:eu-standard:a-name-that-is-longer-than-half-a-line:42"
	d := open(t, options{start: "generations"}, func(w *world) { w.bump("user", key, 1); w.bump("user", "short", 1) })
	d.to("user:single")
	d.act("b", "y")
	d.to("short")
	d.act("b", "y")
	d.press("Z")
	d.shows("user:short is at generation 2  cannot: generations only rise")
	d.hides(key)
	d.check()
	tall := strings.Count(d.screen(), "│")
	d.press("down")
	d.shows("user:"+key, "cannot: generations only rise")
	equal(t, "the height of the box", strings.Count(d.screen(), "│"), tall)
	d.resize(40, 10)
	d.check()
	d.resize(200, 60)
	d.shows("user:" + key)
}

func TestUndoListHasTheLastTwenty(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.resize(160, 45)
	d.to("all")
	for range 22 {
		d.act("b", "y")
	}
	d.press("Z")
	d.shows("generation 142", "generation 123")
	d.hides("generation 122")
}

// A row that changed or went between the key and the yes is left alone, whatever was to be done to it.
func TestWhatChangesBeforeTheYesIsLeftAlone(t *testing.T) {
	set := func(key, value string) func(*driver) {
		return func(d *driver) { must(d.t, d.mini.Set(key, value)) }
	}
	del := func(keys ...string) func(*driver) {
		return func(d *driver) {
			for _, k := range keys {
				d.mini.Del(k)
			}
		}
	}
	const off, pod = `{"actorId":"agent-2","version":"9","status":"STATUS_SUSPENDED"}`, `{"workerNamespace":"shop","workerPool":"small","workerPod":"pod-1","ip":"10.0.0.8","version":"9"}`
	for _, tt := range []struct {
		view, row, key string
		meddle         func(*driver)
		says           string
	}{
		{"actors", "agent-2", "d", set("actor:agent-2", off), "refused: delete agent-2: changed meanwhile"},
		{"actors", "agent-2", "d", del("actor:agent-2"), "delete agent-2: "},
		{"workers", "pod-1", "d", set("worker:shop:small:pod-1", pod), "refused: delete shop:small:pod-1: changed meanwhile"},
		{"workers", "pod-1", "d", del("worker:shop:small:pod-1"), "delete shop:small:pod-1: "},
		{"records", "leader", "d", func(d *driver) { cas(d, "leader", "x") }, "refused: delete cfg:leader: changed meanwhile"},
		{"records", "leader", "d", del("rec:{cfg}:r:leader"), "delete cfg:leader: "},
		{"locks", "lock:nightly", "u", set("lock:nightly", "another"), "refused: unlock lock:nightly: changed meanwhile"},
		{"locks", "lock:nightly", "u", del("lock:nightly"), "unlock lock:nightly: "},
		{"leases", "1", "d", func(d *driver) { must(d.t, d.core.LeaseRows.Release(ctx, "cfg:1")) }, "release cfg:1: "},
		{"buffers", "invoices", "f", del("buf:{invoices}:list"), "flush invoices: "},
		{"buffers", "invoices", "f", func(d *driver) {
			_, ok, err := d.core.Buffers.Lock(ctx, "invoices", 0, time.Hour)
			must(d.t, err)
			equal(d.t, "locked", ok, true)
		}, "flush invoices: "},
	} {
		t.Run(fmt.Sprint(tt.view, tt.key, tt.says), func(t *testing.T) {
			d := open(t, options{start: tt.view, flushDir: t.TempDir()}, shop)
			d.to(tt.row)
			d.press(tt.key)
			d.shows("> no <")
			tt.meddle(d)
			before := d.mini.Dump()
			d.press("y")
			d.shows(tt.says)
			d.hides("done: ")
			equal(t, "the keyspace", d.mini.Dump(), before)
		})
	}
	t.Run("keys", func(t *testing.T) {
		d := open(t, options{start: "kv"}, shop)
		d.press("enter", "enter")
		d.to("new-cart")
		d.press("d")
		d.shows("> no <")
		db, err := d.core.KV("flags")
		must(t, err)
		must(t, db.Put(&kvstore.KVPair{Key: []byte("new-cart"), Value: []byte("off")}))
		must(t, db.Close())
		before := d.mini.Dump()
		d.press("y")
		d.shows("refused: delete flags:new-cart: changed meanwhile")
		equal(t, "the keyspace", d.mini.Dump(), before)
	})
}
