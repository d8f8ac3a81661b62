package insight

import (
	"errors"
	"strings"
	"time"

	"holdfast/core/kind"
	"holdfast/core/operate"
	"holdfast/core/record"
)

var (
	leaseColumns  = &record.LeaseColumns
	recordColumns = &record.RecordColumns
)

var leaseRules = []*Rule{
	{
		Code: "lease-not-renewed", Severity: Warn, Kind: "leases", Age: 10 * time.Second, needs: []known{leaseColumns.Expires, leaseColumns.Granted},
		When:   "A lease that was renewed before expires within AGE, and within half of the time it is granted for; of one that was not seen renewed it is told as info",
		Advice: "its keeper has stopped or lost the server: its records go with it",
		notice: func(in *look, before, after kind.Row) { in.e.memory.leases.renews(before, after) },
		judge: func(in *look, r kind.Row) verdict {
			ends := leaseColumns.Expires.Of(r)
			late := ends.Add(-min(in.age(), leaseColumns.Granted.Of(r)/2))
			switch {
			case ends.IsZero() || ends.Before(in.now):
				return fine()
			case in.now.Before(late):
				return fine(late)
			}
			with := "an unknown number of records"
			if leaseColumns.Records.Err(r) == nil {
				with = records(leaseColumns.Records.Of(r))
			}
			v := wrong(late, says("expires in ").moment(ends).then(", not renewed, with %s", with)).until(ends)
			if !in.e.memory.leases.renewed[r.ID()] {
				return v.as(Info)
			}
			return v
		},
	},
	{
		Code: "lease-flapping", Severity: Info, Kind: "records", Count: 10, Twice: true, needs: []known{recordColumns.Lease},
		When:   "A record was lost with its lease and created anew under another one more than COUNT times in ten minutes",
		Advice: "look why its owner loses the lease: a time to live that is too short, or a process that restarts",
		notice: func(in *look, before, after kind.Row) {
			if in.settled("records") && !after.None() && recordColumns.Lease.Of(after) != 0 && recordColumns.Lease.Of(after) != recordColumns.Lease.Of(before) {
				in.e.memory.leases.granted().add(after.ID(), "", 1, in.now)
			}
		},
		judge: func(in *look, r kind.Row) verdict {
			n, _ := in.e.memory.leases.granted().count(r.ID(), in.now)
			if n <= in.count() {
				return fine()
			}
			return wrong(time.Time{}, says("got a new lease more than %d times in ten minutes", in.count())).until(in.e.memory.leases.granted().step(in.now))
		},
	},
	{
		Code: "lease-empty", Severity: Info, Kind: "leases", Age: 10 * time.Minute, Twice: true, needs: []known{leaseColumns.Records},
		When:   "A lease has had no records for longer than AGE, as seen, and is still kept alive",
		Advice: "release it if its owner has forgotten it", Fixes: []operate.Verb{operate.Release},
		notice: func(in *look, before, after kind.Row) { in.e.memory.leases.empties(in, before, after) },
		judge: func(in *look, r kind.Row) verdict {
			since, empty := in.e.memory.leases.empty[r.ID()]
			due := since.Add(in.age())
			switch {
			case !empty:
				return fine()
			case in.now.Before(due):
				return fine(due)
			}
			return wrong(since, says("without records for ").moment(since))
		},
	},
	{
		Code: "lease-without-ttl", Severity: Warn, Kind: "leases", needs: []known{leaseColumns.Expires},
		When:   "A lease never ends: its time to live was taken away by another hand, and its records stay for ever",
		Advice: "release it", Fixes: []operate.Verb{operate.Release},
		judge: func(_ *look, r kind.Row) verdict {
			if !leaseColumns.Expires.Of(r).IsZero() {
				return fine()
			}
			return wrong(time.Time{}, says("never expires; with %s", records(leaseColumns.Records.Of(r))))
		},
	},
	{
		Code: "record-lease-gone", Severity: Warn, Kind: "records", Age: time.Minute, unreadable: true,
		When:   "A record names a lease that does not exist: nothing finds it, and it goes at the next write to its namespace; until that has lasted for AGE it is told as info",
		Advice: "delete it, or write to its namespace", Fixes: []operate.Verb{operate.Delete},
		notice: func(in *look, before, after kind.Row) { in.e.memory.leases.outlives(in, before, after) },
		judge: func(in *look, r kind.Row) verdict {
			since, outlives := in.e.memory.leases.orphans[r.ID()]
			if !outlives {
				return fine()
			}
			v := wrong(since, says("lease %d is gone; the record is removed at the next write to its namespace", recordColumns.Lease.Of(r)))
			if due := since.Add(in.age()); in.now.Before(due) {
				return v.as(Info).until(due)
			}
			return v
		},
	},
}

// leaseMemory is what is remembered of leases and records.
type leaseMemory struct {
	renewed map[string]bool
	empty   map[string]time.Time
	orphans map[string]time.Time // records whose lease is gone, and since when that is seen
	tally   tally
}

func (m *leaseMemory) granted() *tally {
	m.tally.window = 10 * time.Minute
	return &m.tally
}

// renews notes a lease whose end has moved by more than readings of one end differ.
func (m *leaseMemory) renews(before, after kind.Row) {
	switch {
	case after.None():
		delete(m.renewed, before.ID())
	case before.None() || before.Bad() || after.Bad() || leaseColumns.Expires.Of(before).IsZero():
	case leaseColumns.Expires.Of(after).Sub(leaseColumns.Expires.Of(before)) > kind.DeadlineTolerance && !m.renewed[after.ID()]:
		if m.renewed == nil {
			m.renewed = map[string]bool{}
		}
		m.renewed[strings.Clone(after.ID())] = true
	}
}

func (m *leaseMemory) empties(in *look, before, after kind.Row) {
	is := !after.None() && !after.Bad() && leaseColumns.Records.Err(after) == nil && leaseColumns.Records.Of(after) == 0
	m.empty = during(m.empty, is, before, after, in.now)
}

func (m *leaseMemory) outlives(in *look, before, after kind.Row) {
	is := !after.None() && after.Bad() && errors.Is(after.Problem(), record.ErrLeaseGone)
	m.orphans = during(m.orphans, is, before, after, in.now)
}

// during keeps since when something is so of a row.
func during(of map[string]time.Time, is bool, before, after kind.Row, now time.Time) map[string]time.Time {
	if !is {
		if len(of) > 0 && !before.None() {
			delete(of, before.ID())
		}
		return of
	}
	if _, noted := of[after.ID()]; !noted {
		if of == nil {
			of = map[string]time.Time{}
		}
		of[strings.Clone(after.ID())] = now
	}
	return of
}
