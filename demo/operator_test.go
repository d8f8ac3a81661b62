package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/buffer"
	"holdfast/core/kind"
	"holdfast/core/record"
)

// What an operator may do from the dashboard, or anybody from a second terminal, works on the demo and does not end it.

func TestAnOperatorFlushesWhatADeadFlusherLeft(t *testing.T) {
	t.Parallel()
	d := rehearse(t, 1)
	left := must[[]int64](t)(d.Buffers.Batches(ctx, abandoned))
	for _, at := range left {
		if b := must[buffer.Batch](t)(d.Buffers.GetContents(ctx, abandoned, at)); len(b.Records) != 16 {
			t.Errorf("batch %d has %d records", at, len(b.Records))
		}
		if err := d.Buffers.Empty(ctx, abandoned, at); err != nil {
			t.Error(err)
		}
	}
	d.until("the flusher dies again", func() bool {
		again := must[[]int64](t)(d.Buffers.Batches(ctx, abandoned))
		return len(again) == 1 && again[0] != left[0]
	})
}

func TestAnOperatorLocksAStore(t *testing.T) {
	t.Parallel()
	d := rehearse(t, 1)
	var token string
	d.until("the lock is free", func() (ok bool) {
		var err error
		token, ok, err = d.Buffers.Lock(ctx, "orders", 0, time.Hour)
		return ok && err == nil
	})
	_ = d.run(time.Minute, 10*time.Second)
	if batches := must[[]int64](t)(d.Buffers.Batches(ctx, "orders")); len(batches) > 0 {
		t.Errorf("flushed under our lock: %v", batches)
	}
	if err := d.Buffers.Unlock(ctx, "orders", 0, token); err != nil {
		t.Error(err)
	}
	d.until("the flusher goes on", func() bool { return len(must[[]int64](t)(d.Buffers.Batches(ctx, "orders"))) > 0 })
}

// Nobody flushes the audited store: its producer waits before it grows without end, and goes on afterwards.
func TestAFullStoreWaits(t *testing.T) {
	t.Parallel()
	d := rehearse(t, 1)
	count := func() int64 { return must[buffer.Stats](t)(d.Buffers.Stats(ctx, audited, 0)).Count }
	push := d.session.producer(d.session.stream("test"), store{name: audited, every: time.Second, record: payout})
	for range backpressure + 50 {
		if _, err := push(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(); n != backpressure {
		t.Errorf("%d records, want %d", n, backpressure)
	}
	if err := d.Buffers.Empty(ctx, audited, 0); err != nil {
		t.Error(err)
	}
	for range 10 {
		_, _ = push(ctx)
	}
	if n := count(); n != 9 { // one turn to look
		t.Errorf("%d records in the emptied store", n)
	}
}

func TestAnOperatorBumpsAGeneration(t *testing.T) {
	t.Parallel()
	d := rehearse(t, 1)
	bump := func() uint64 { return must[uint64](t)(d.Generations.Bump(ctx, "product", "single:product:1001")) }
	before := bump()
	if now := bump(); now != before+1 {
		t.Errorf("%d after %d", now, before)
	}
	_ = d.run(10*time.Second, 500*time.Millisecond)
	if now := bump(); now <= before+2 {
		t.Errorf("nobody invalidates a hot product: %d after %d", now, before)
	}
}

func TestAnOperatorLocksAndUnlocks(t *testing.T) {
	t.Parallel()
	d := rehearse(t, 1)
	key := "lock:" + contended()[0]
	var fence int64
	d.until("the lock is free", func() (ok bool) {
		var err error
		fence, ok, err = d.Actors.AcquireLockFenced(ctx, key, "an operator", time.Hour)
		return ok && err == nil
	})
	_ = d.run(time.Minute, 5*time.Second)
	if err := d.Actors.ReleaseLockFenced(ctx, key, "an operator", fence); err != nil {
		t.Errorf("our lock after a minute: %v", err)
	}

	lock := func() kind.Row { return must[kind.Row](t)(d.Live.ReadRow(ctx, "locks", "lock:"+longLock)) }
	fenceOf := actorstore.LockColumns.Fence.Of
	seen := lock()
	if err := d.Actors.ReleaseLockFenced(ctx, seen.ID(), actorstore.LockColumns.Token.Of(seen), fenceOf(seen)); err != nil {
		t.Error(err)
	}
	d.until("the migrator takes its lock again", func() bool { return fenceOf(lock()) > fenceOf(seen) })
}

func TestAnOperatorEditsAnActor(t *testing.T) {
	t.Parallel()
	d := rehearse(t, 1)
	body, version, err := d.documents("actors").Load(ctx, stuckActor)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(body), "STATUS_RESUMING", "STATUS_SUSPENDING", 1)
	edited = strings.TrimSuffix(edited, "}") + `,"note":"image was missing"}`
	if _, err := d.documents("actors").Replace(ctx, stuckActor, version, []byte(edited)); err != nil {
		t.Fatal(err)
	}
	d.until("it leaves its pod", func() bool {
		return must[*actorstore.Actor](t)(d.Actors.GetActor(ctx, stuckActor)).Status == actorstore.StatusSuspended
	})
	if w := must[*actorstore.Worker](t)(d.Actors.GetWorker(ctx, "agents-eu", "gpu", "gpu-0")); w.ActorId != "" {
		t.Errorf("its pod runs %q", w.ActorId)
	}
	d.until("it is stuck again", func() bool {
		return must[*actorstore.Actor](t)(d.Actors.GetActor(ctx, stuckActor)).Status == actorstore.StatusResuming
	})
	if body, _, _ := d.documents("actors").Load(ctx, stuckActor); !bytes.Contains(body, []byte("image was missing")) {
		t.Errorf("the note is lost: %s", body)
	}
}

// An actor of the newer layout, with a member that core does not know, lives as the others do.
func TestActorsOfTheNewerLayoutLive(t *testing.T) {
	t.Parallel()
	d := rehearse(t, 1)
	const name = "team-blue:browser-34"
	d.until("it has run", func() bool { return must[*actorstore.Actor](t)(d.Actors.GetActor(ctx, name)).Version > 3 })
	if body, _, _ := d.documents("actors").Load(ctx, name); !bytes.Contains(body, []byte("egressPolicy")) {
		t.Errorf("an unknown member is lost: %s", body)
	}
}

func TestAnOperatorMendsHalves(t *testing.T) {
	t.Parallel()
	d := rehearse(t, 1)
	halves := func() []actorstore.Half {
		found, _ := d.Actors.Halves(ctx) // the error tells of the bad records
		return found
	}
	if err := d.Actors.Mend(ctx, halves()[0]); err != nil {
		t.Error(err)
	}
	if left := halves(); len(left) > 0 {
		t.Errorf("left: %+v", left)
	}
	d.until("the scheduler crashes again", func() bool { return len(halves()) == 1 && halves()[0].Actor == oneSidedActor })

	// Any other half is mended by the reconciler: here of an actor whose pod goes, and comes back knowing nothing.
	if err := d.Actors.DeleteWorker(ctx, "agents-eu", "gpu", "gpu-0"); err != nil {
		t.Error(err)
	}
	if len(halves()) != 2 {
		t.Errorf("halves: %+v", halves())
	}
	d.until("the stuck actor is back on its pod", func() bool {
		w, err := d.Actors.GetWorker(ctx, "agents-eu", "gpu", "gpu-0")
		return err == nil && w.ActorId == stuckActor && len(halves()) == 1
	})
}

func TestAnOperatorEditsARecord(t *testing.T) {
	t.Parallel()
	d := rehearse(t, 1)
	const id = "config:flags/new-cart"
	turn := d.session.rollout(d.session.stream("test"))
	rollouts := func() {
		for range 80 { // one in eight is of this document
			if _, err := turn(ctx); err != nil {
				t.Error(err)
			}
		}
	}
	body, version, err := d.documents("records").Load(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(body), `"enabled":true`, `"enabled":false,"big":12345678901234567890`, 1)
	if _, err := d.documents("records").Replace(ctx, id, version, []byte(edited)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.documents("records").Replace(ctx, id, version, body); !errors.Is(err, record.ErrWrongVersion) {
		t.Errorf("an edit of what was replaced: %v", err)
	}
	rollouts()
	now, later, err := d.documents("records").Load(ctx, id)
	if err != nil || later <= version+1 {
		t.Fatalf("no rollout since: version %d, then %d, %v", version, later, err)
	}
	var doc map[string]json.RawMessage
	if json.Unmarshal(now, &doc) != nil || string(doc["enabled"]) != "false" || string(doc["big"]) != "12345678901234567890" {
		t.Errorf("the rollout lost the edit: %s", now)
	}

	for _, text := range []string{"no JSON", `{"rollout":5}`, "[]", "\xff"} { // not for the rollout to touch
		_, version, _ := d.documents("records").Load(ctx, id)
		if _, err := d.documents("records").Replace(ctx, id, version, []byte(text)); err != nil {
			t.Fatal(err)
		}
		rollouts()
		if now, _, _ := d.documents("records").Load(ctx, id); string(now) != text {
			t.Errorf("%q became %q", text, now)
		}
	}
	_, version, _ = d.documents("records").Load(ctx, id)
	if err := d.documents("records").Remove(ctx, id, version); err != nil {
		t.Error(err)
	}
	d.until("the document is restored", func() bool { _, _, err := d.documents("records").Load(ctx, id); return err == nil })
}

func TestAnOperatorReleasesALease(t *testing.T) {
	t.Parallel()
	d := rehearse(t, 1)
	leases := func() (of map[string]bool) {
		of = map[string]bool{}
		for _, l := range rows(t, d.Core).Table("leases").All(0) {
			if record.LeaseColumns.Namespace.Of(l) == gateways {
				of[l.ID()] = true
			}
		}
		return of
	}
	before := leases()
	for id := range before {
		if err := d.LeaseRows.Release(ctx, id); err != nil {
			t.Error(err)
		}
	}
	d.until("all gateways are back, each with one lease", func() bool { return len(leases()) == len(before) })
}

// After anything at all the workload finds its way back, and does not grow.
func TestNothingEndsTheWorkload(t *testing.T) {
	t.Parallel()
	for what, interfere := range map[string]func(*rehearsal) error{
		"everything is flushed": func(d *rehearsal) error {
			return errors.Join(d.Conn.FlushAll(ctx).Err(), d.Conn.ScriptFlush(ctx).Err())
		},
		"half of the keys are deleted and half of another type for a minute": func(d *rehearsal) (err error) {
			for i, key := range d.server.Keys() {
				err = errors.Join(err, d.Conn.Del(ctx, key).Err())
				if i%2 == 0 {
					err = errors.Join(err, d.Conn.PFAdd(ctx, key, "mine").Err(), d.Conn.Expire(ctx, key, time.Minute).Err())
				}
			}
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			d := rehearse(t, 5)
			_ = d.run(5*time.Second, time.Second)
			before := rows(t, d.Core)
			if err := interfere(d); err != nil {
				t.Fatal(err)
			}
			d.until("every kind has a good part of its rows again", func() bool {
				now := rows(t, d.Core)
				for _, table := range now.Tables {
					if table.Len()-table.Bad < before.Table(table.Kind).Len()/4 {
						return false
					}
				}
				return true
			})
			_ = d.run(10*time.Minute, time.Minute)
			now := rows(t, d.Core)
			for _, table := range now.Tables {
				if n, usual := table.Len(), before.Table(table.Kind).Len(); n > 2*usual+10 {
					t.Errorf("%d %s, where %d are usual", n, table.Kind, usual)
				}
			}
		})
	}
}
