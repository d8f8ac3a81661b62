package views_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/core/kind"
	"holdfast/core/record"
	"holdfast/tui/view"
	"holdfast/views"
)

// notes are the findings of the overview.
func notes(w *world) (out []string) {
	w.t.Helper()
	snap, at := w.read()
	v, _ := views.All().Named("overview")
	rows := v.Rows(snap, nil)
	for i := range rows.Len() {
		what := v.Columns[0].Text(rows.At(i), at)
		if text, _, ok := v.Span(rows.At(i), at); ok && what != "healthy" && what != "clock-ahead" { // its clock stands still
			out = append(out, v.Columns[0].Text(rows.At(i), at)+": "+text)
		}
	}
	return out
}

func TestOverviewFindings(t *testing.T) {
	for _, c := range []struct {
		name string
		fill func(*world)
		want []string
	}{
		{"nothing", func(*world) {}, nil},
		{"a buffer that nobody flushes", func(w *world) {
			w.ago(90*time.Second, func() { w.push("b", 1) })
			w.ago(2*time.Hour+30*time.Second, func() { w.push("a", 1234) })
		}, []string{"buffer-not-flushed: a: 1,234 records, the first 2h00m ago; flush it if nobody does"}},
		{"a batch that was left", func(w *world) {
			w.ago(2*time.Hour+30*time.Second, func() { w.push("a", 2); w.prepare("a") })
			w.ago(time.Minute, func() { w.push("b", 2); w.prepare("b") }) // somebody may still be at work on it
		}, []string{"batch-stuck: 1772323170000:a: 2 records, prepared 2h00m ago; flush it again"}},
		{"buffers that somebody has locked", func(w *world) {
			w.ago(2*time.Hour+30*time.Second, func() { w.push("a", 2); w.prepare("a"); w.push("a", 1) })
			at := time.Time{}
			snap, _ := w.read()
			for i, t := 0, snap.Table("buffers"); i < t.Len(); i++ {
				if b := t.Row(i); bufs.Prepared.Of(b) != 0 {
					at = time.UnixMilli(bufs.Prepared.Of(b))
				}
			}
			for _, of := range []string{"buf:{a}:lock", fmt.Sprintf("buf:%d:{a}:lock", at.UnixMilli())} {
				must(w.t, w.mini.Set(of, "bob"))
			}
		}, []string{
			"batch-stuck: 1772323170000:a: 2 records, prepared 2h00m ago; locked by bob, expires never",
			"buffer-not-flushed: a: 1 record, the first 2h00m ago; locked by bob, expires never",
			"buffer-lock-stale: 1772323170000:a: its flush lock never expires; held by bob",
			"buffer-lock-stale: a: its flush lock never expires; held by bob",
		}},
		{"locks that stay", func(w *world) {
			w.lock("lock:short", time.Minute)
			for i := range 4 {
				w.lock(fmt.Sprintf("lock:%d", i), time.Duration(i+1)*time.Hour+30*time.Second)
			}
			must(w.t, w.mini.Set("lock:ever", "t"))
		}, []string{
			"lock-expires-late: lock:0: expires in 1h00m, held by token", "lock-expires-late: lock:1: expires in 2h00m, held by token",
			"lock-expires-late: lock:2: expires in 3h00m, held by token", "lock-expires-late: lock:3: expires in 4h00m, held by token",
			"lock-never-expires: lock:ever: never expires; unlock it if its holder is gone: t",
		}},
		{"a lease that nobody renews", func(w *world) {
			s, err := w.core.Records("cfg")
			must(w.t, err)
			for _, ttl := range []time.Duration{time.Hour, 9900 * time.Millisecond} {
				l, err := s.Lessor().NewLease(ctx, ttl, false)
				must(w.t, err)
				_, err = s.Create(ctx, record.Record{Key: record.Key(ttl.String()), Value: []byte("v"), Lease: l.Id()})
				must(w.t, err)
			}
			w.mini.SetTime(serverTime.Add(6 * time.Second))
			w.mini.FastForward(6 * time.Second)
		}, []string{"lease-not-renewed: cfg:3: expires in "}},
		{"a lease that was renewed", func(w *world) {
			s, err := w.core.Records("cfg")
			must(w.t, err)
			_, err = s.Lessor().NewLease(ctx, 9900*time.Millisecond, false)
			must(w.t, err)
			w.mini.SetTime(serverTime.Add(6 * time.Second))
			w.mini.FastForward(6 * time.Second)
			renewed := 0
			for _, k := range w.mini.Keys() {
				if strings.Contains(k, ":lease:") {
					w.mini.SetTTL(k, 9900*time.Millisecond)
					renewed++
				}
			}
			if renewed != 1 {
				w.t.Errorf("renewed %d of %q", renewed, w.mini.Keys())
			}
		}, nil},
		{"a record that has outlived its lease", func(w *world) {
			s, err := w.core.Records("cfg")
			must(w.t, err)
			l, err := s.Lessor().NewLease(ctx, time.Minute, false)
			must(w.t, err)
			for key, lease := range map[string]record.LeaseId{"leader": l.Id(), "free": record.NoLeaseId} {
				_, err = s.Create(ctx, record.Record{Key: record.Key(key), Lease: lease})
				must(w.t, err)
			}
			w.mini.SetTime(serverTime.Add(2 * time.Minute))
			w.mini.FastForward(2 * time.Minute)
		}, []string{"record-lease-gone: cfg:leader: lease 1 is gone; the record is removed at the next write to its namespace"}},
		{"halves", func(w *world) {
			for key, doc := range map[string]string{
				"actor:ok":         `{"actorId":"ok","version":"1","ateomPodNamespace":"ns","ateomPodName":"p0"}`,
				"worker:ns:p:p0":   `{"workerNamespace":"ns","workerPool":"p","workerPod":"p0","actorId":"ok","version":"1"}`,
				"worker:ns:p:p1":   `{"workerNamespace":"ns","workerPool":"p","workerPod":"p1","actorId":"ghost","version":"1"}`,
				"worker:ns:p:p2":   `{"workerNamespace":"ns","workerPool":"p","workerPod":"p2","actorId":"else","version":"1"}`,
				"worker:ns:p:p3":   `{"workerNamespace":"ns","workerPool":"p","workerPod":"p3","actorId":"idle","version":"1"}`,
				"worker:ns:p:free": `{"workerNamespace":"ns","workerPool":"p","workerPod":"free","version":"1"}`,
				"actor:else":       `{"actorId":"else","version":"1","ateomPodNamespace":"ns","ateomPodName":"p0","workerPoolName":"p"}`,
				"actor:idle":       `{"actorId":"idle","version":"1"}`,
				"actor:lost":       `{"actorId":"lost","version":"1","ateomPodNamespace":"ns","ateomPodName":"nowhere"}`,
				"actor:lost2":      `{"actorId":"lost2","version":"1","ateomPodNamespace":"ns","ateomPodName":"nowhere","workerPoolName":"p"}`,
				"actor:bad":        `{`,
			} {
				must(w.t, w.mini.Set(key, doc))
			}
		}, []string{
			"assignment-doubled: else: the worker runs actor ok too: actor else is on worker ns:p:p0",
			"assignment-one-sided: lost: the worker is missing: actor lost is on worker ns/nowhere",
			"assignment-one-sided: lost2: the worker is missing: actor lost2 is on worker ns:p:nowhere",
			"assignment-one-sided: ns:p:p1: the actor is missing: worker ns:p:p1 runs actor ghost",
			"assignment-one-sided: ns:p:p2: the actor is on worker ns:p:p0: worker ns:p:p2 runs actor else",
			"assignment-one-sided: ns:p:p3: the actor is on no worker: worker ns:p:p3 runs actor idle",
			"unreadable: bad: 1 row of actors cannot be read: the stored record is invalid: JSON at byte 1: expected a string",
		}},
		{"no halves where a member that is not read may tell, and in the newer layouts", func(w *world) {
			for key, doc := range map[string]string{
				"worker:ns:p:p1": `{"workerNamespace":"ns","workerPool":"p","workerPod":"p1","actorId":"ghost","version":"1","claim":{"id":"x"}}`,
				"actor:lost":     `{"actorId":"lost","version":"1","ateomPodNamespace":"ns","ateomPodName":"nowhere","phase":"x"}`,
				"worker:uid":     `{"metadata":{"name":"uid"},"workerNamespace":"ns","workerPool":"p","workerPod":"p2","assignment":{"actor":{"atespace":"s","name":"a"}}}`,
				"actor:s:a":      `{"metadata":{"atespace":"s","name":"a"},"ateomPodNamespace":"ns","workerPoolName":"p","ateomPodName":"p2"}`,
				"worker:ns:p:p3": `{"workerNamespace":"ns","workerPool":"p","workerPod":"p3","assignment":{"actor":{"atespace":"s","name":"b"}},"state":"STATE_DRAINING"}`,
				"actor:s:b":      `{"actorId":"b","ateomPodNamespace":"ns","ateomPodName":"p3"}`,
			} {
				must(w.t, w.mini.Set(key, doc))
			}
		}, nil},
	} {
		w := newWorld(t)
		c.fill(w)
		got := notes(w)
		ok := len(got) == len(c.want)
		for i := range got {
			ok = ok && strings.HasPrefix(got[i], c.want[i])
		}
		if !ok {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func TestOverviewCountsAndRates(t *testing.T) {
	w := newWorld(t)
	w.fill()
	snap, at := w.read()
	g, err := w.core.GenStore("user", time.Hour)
	must(t, err)
	for range 5 {
		_, err = g.Bump(ctx, "u1")
		must(t, err)
		snap, at = w.read()
	}
	v, _ := views.All().Named("overview")
	rows := v.Rows(snap, nil)
	cells := map[string][]string{}
	for i := range rows.Len() {
		var line []string
		for _, c := range v.Columns {
			line = append(line, c.Text(rows.At(i), at))
		}
		cells[line[0]] = line
	}
	if got := cells["actors"]; got[1] != "4" || got[2] != "1" || got[5] != "" {
		t.Errorf("actors: %q", got)
	}
	if got := cells["generations"]; got[1] != "1" || got[3] == "0.0" || !strings.HasSuffix(got[4], "█") {
		t.Errorf("generations: %q", got)
	}
	if got := cells["generations"]; !strings.HasPrefix(got[5], "hottest: user:u1, 5 changes in ") || !strings.HasSuffix(got[5], "s, now at 6") {
		t.Errorf("hottest generation: %q", got)
	}
	if got := cells["buffers"]; got[5] != "oldest: orders, 3 records, first 10m ago" {
		t.Errorf("oldest buffer: %q", got)
	}
}

// Half of an assignment is only told when all rows of both kinds were read: the other side may still come.
func TestHalvesAreToldWhenAllIsRead(t *testing.T) {
	w := newWorld(t)
	must(t, w.mini.Set("worker:ns:p:p1", `{"workerNamespace":"ns","workerPool":"p","workerPod":"p1","actorId":"ghost","version":"1"}`))
	must(t, w.mini.Set("actor:lost", `{"actorId":"lost","version":"1","ateomPodNamespace":"ns","ateomPodName":"nowhere"}`))
	if got := notes(w); len(got) != 2 {
		t.Fatalf("whole tables: %q", got)
	}
	snap, at := w.read()
	v, _ := views.All().Named("overview")
	for _, name := range []kind.Name{"actors", "workers"} {
		part := *snap
		part.Tables = slices.Clone(snap.Tables)
		for i, table := range part.Tables {
			if table.Kind == name {
				unfinished := *table
				unfinished.Complete = false
				part.Tables[i] = &unfinished
			}
		}
		rows := v.Rows(&part, nil)
		for i := range rows.Len() {
			if what := v.Columns[0].Text(rows.At(i), at); what == "assignment-one-sided" {
				text, _, _ := v.Span(rows.At(i), at)
				t.Errorf("half read %s: told %s", name, text)
			}
		}
	}
}

// What changes now and then is not hot, nor what did so a while ago.
func TestFewChangesAreNotHot(t *testing.T) {
	w := newWorld(t)
	w.fill()
	snap, _ := w.read()
	g, err := w.core.GenStore("user", time.Hour)
	must(t, err)
	hot := func() (out []string) {
		v, _ := views.All().Named("overview")
		for rows, i := v.Rows(snap, nil), 0; i < rows.Len(); i++ {
			if note := v.Columns[5].Text(rows.At(i), view.Clock{}); strings.HasPrefix(note, "hottest: ") {
				out = append(out, note)
			}
		}
		return out
	}
	for n := 1; n <= 5; n++ {
		_, err = g.Bump(ctx, "u1")
		must(t, err)
		snap, _ = w.read()
		if got := hot(); len(got) != n/5 {
			t.Errorf("after %d changes: %q", n, got)
		}
	}
	later := *snap
	later.ReadAt = later.ReadAt.Add(6 * time.Minute)
	if snap = &later; len(hot()) != 0 {
		t.Errorf("6 minutes after the last change: %q", hot())
	}
}
