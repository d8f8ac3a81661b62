package tui_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
)

// after calls a function after each command.
type after struct{ each func() }

func (a after) DialHook(next redis.DialHook) redis.DialHook { return next }
func (a after) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (a after) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		defer a.each()
		return next(ctx, cmd)
	}
}

// A bulk action says how far it is, and esc ends it between two rows.
func TestBulkIsStoppedBetweenRows(t *testing.T) {
	d := open(t, options{start: "generations"}, shop)
	d.press("a", "b")
	d.typed("3")
	running := d.m.Route(key("enter"))
	d.shows("bump of 3… 0s  ░░░░░░░░░░░░░░░░░░░░ 0 of 3 done, esc stops")
	d.press("esc")
	d.shows("bump of 3… 0s  ░░░░░░░░░░░░░░░░░░░░ 0 of 3 done, stopping after this one", "3 marked")
	d.run(running)
	d.read()
	d.shows("stopped bump of 3: 0 done, 3 not tried", "3 marked")
	equal(t, "a generation", d.get("gen:catalog:all"), "120")

	d.press("z")
	d.shows("nothing to undo")
	d.press("b")
	d.typed("3")
	d.act("enter") // it can be begun again
	d.shows("done: bump of 3")
}

// What was done before the stop is told, unmarked, and can be undone.
func TestStoppedHalfWay(t *testing.T) {
	d := open(t, options{start: "records"}, shop)
	d.press("a", "d")
	d.typed("3")
	running := d.m.Route(key("enter"))
	asked := false
	d.core.Conn.AddHook(after{func() {
		if !asked && !d.mini.Exists("rec:{cfg}:r:leader") {
			asked = true
			d.m.Route(key("esc"))
		}
	}})
	d.run(running)
	d.read()
	d.shows("stopped delete of 3: 2 done, 1 not tried", "1 marked", "row 1 of 1")
	d.press("z")
	d.typed("2") // one undo for all that was done
	d.act("enter")
	d.shows("blob", "host-4", "row 3 of 3")
}
