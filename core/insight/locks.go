package insight

import (
	"strings"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/kind"
	"holdfast/core/operate"
)

var lockColumns = &actorstore.LockColumns

var lockRules = []*Rule{
	{
		Code: "lock-never-expires", Severity: Warn, Kind: "locks", needs: []known{lockColumns.Expires, lockColumns.Token},
		When:   "A lock has no time to live: if its holder dies, it stays for ever",
		Advice: "unlock it if its holder is gone", Fixes: []operate.Verb{operate.Unlock},
		judge: func(in *look, r kind.Row) verdict {
			if !lockColumns.Expires.Of(r).IsZero() {
				return fine()
			}
			return wrong(in.heldSince(r), says("never expires; unlock it if its holder is gone: %s", lockColumns.Token.Of(r)))
		},
	},
	{
		Code: "lock-expires-late", Severity: Warn, Kind: "locks", Age: time.Hour, needs: []known{lockColumns.Expires},
		When:   "A lock has a time to live above AGE: if its holder dies, nobody gets it for that long",
		Advice: "unlock it if its holder is gone", Fixes: []operate.Verb{operate.Unlock},
		judge: func(in *look, r kind.Row) verdict {
			ends := lockColumns.Expires.Of(r)
			if ends.IsZero() || ends.Sub(in.now) <= in.age() {
				return fine()
			}
			return wrong(in.heldSince(r), says("expires in ").moment(ends).then(", held by %s", holderOf(r))).until(ends.Add(-in.age()))
		},
	},
	{
		Code: "lock-held-long", Severity: Warn, Kind: "locks", Age: time.Hour, needs: []known{lockColumns.Token},
		When:   "One token has held a lock for longer than AGE, by its layout's own time or since holdfast first saw it",
		Advice: "ask its holder; unlock it if the holder is gone", Fixes: []operate.Verb{operate.Unlock},
		notice: func(in *look, before, after kind.Row) { in.e.memory.locks.held(in, before, after) },
		judge: func(in *look, r kind.Row) verdict {
			since := in.heldSince(r)
			due := since.Add(in.age())
			if in.now.Before(due) {
				return fine(due)
			}
			return wrong(since, says("held for ").moment(since).then(" by %s", holderOf(r)))
		},
	},
	{
		Code: "lock-holder-gone", Severity: Bad, Kind: "locks", Others: []kind.Name{"workers"}, needs: []known{lockColumns.Holder},
		When:   "A lock names a worker as its holder, and that worker is silent or gone",
		Advice: "unlock it", Fixes: []operate.Verb{operate.Unlock},
		touches: func(in *look, _ kind.Name, before, after kind.Row) []string {
			return in.e.memory.locks.heldBy(before, after)
		},
		notice: func(in *look, before, after kind.Row) { in.e.memory.locks.names(before, after) },
		judge:  holderGone,
	},
	{
		Code: "lock-guards-nothing", Severity: Info, Kind: "locks", Others: []kind.Name{"actors", "workers"},
		When:   "The key of a lock names an actor or a worker that does not exist",
		Advice: "unlock it if nobody is about to create the row", Fixes: []operate.Verb{operate.Unlock},
		touches: func(_ *look, of kind.Name, before, after kind.Row) []string {
			if !before.None() && !after.None() {
				return nil
			}
			r := before
			if r.None() {
				r = after
			}
			what := "lock:" + strings.TrimSuffix(string(of), "s") + ":"
			if of == "actors" && actorstore.ActorID(r) != r.ID() {
				return []string{what + r.ID(), what + actorstore.ActorID(r)}
			}
			return []string{what + r.ID()}
		},
		judge: guardsNothing,
	},
	{
		Code: "lock-taken-over", Severity: Info, Kind: "locks", Age: 10 * time.Minute, Twice: true, needs: []known{lockColumns.Token, lockColumns.Expires},
		When:   "The token of a lock changed before its time to live was over, and no release was seen; shown for AGE",
		Advice: "check that the former holder has stopped",
		notice: func(in *look, before, after kind.Row) { in.e.memory.locks.takenOver(in, before, after) },
		judge: func(in *look, r kind.Row) verdict {
			t, ok := in.e.memory.locks.taken[r.ID()]
			if !ok || !in.now.Before(t.at.Add(in.age())) {
				delete(in.e.memory.locks.taken, r.ID())
				return fine()
			}
			return wrong(t.at, says("taken over from %s ", t.from).moment(t.at).then(" ago, before its time to live was over; no release was seen")).until(t.at.Add(in.age()))
		},
		unsaid: func(in *look) string {
			if in.s.Pushed || in.e.reads < 2 {
				return ""
			}
			return "the server reports no changes, so a release between two readings would not be seen"
		},
	},
	{
		Code: "lock-contended", Severity: Info, Kind: "locks", Count: 60, Twice: true, needs: []known{lockColumns.Token},
		When:   "More than one holder took a lock, more than COUNT times a minute together",
		Advice: "spread the work over more locks, or hold it less often",
		notice: func(in *look, before, after kind.Row) {
			if in.settled("locks") && !after.None() && !after.Bad() && lockColumns.Token.Of(before) != lockColumns.Token.Of(after) {
				in.e.memory.locks.taking().add(after.ID(), lockColumns.Token.Of(after), 1, in.now)
			}
		},
		judge: func(in *look, r kind.Row) verdict {
			n, several := in.e.memory.locks.taking().count(r.ID(), in.now)
			if n <= in.count() || !several {
				return fine()
			}
			return wrong(time.Time{}, says("taken more than %s times a minute, by several holders", count(in.count()))).until(in.e.memory.locks.taking().step(in.now))
		},
	},
	{
		Code: "fence-went-back", Severity: Bad, Kind: "locks", Twice: true, needs: []known{lockColumns.Fence},
		When:   "The fence of a lock is lower than one that was seen before: what an old holder writes may be taken for newer",
		Advice: "find out who deleted or restored the counter; what checks fences accepts the new ones only when they are above the old",
		notice: func(in *look, before, after kind.Row) { in.e.memory.locks.fenced(before, after) },
		judge: func(in *look, r kind.Row) verdict {
			high, fence := in.e.memory.locks.fences[r.ID()], lockColumns.Fence.Of(r)
			if fence == 0 || fence >= high {
				return fine()
			}
			return wrong(time.Time{}, says("fence %d is lower than %d, which was seen before", fence, high))
		},
	},
}

// holderOf is who holds a lock: by name where a layout tells it, else by its token.
func holderOf(r kind.Row) string {
	switch {
	case lockColumns.Holder.Of(r) != "":
		return lockColumns.Holder.Of(r)
	case lockColumns.Token.Err(r) != nil:
		return "an unknown token"
	}
	return lockColumns.Token.Of(r)
}

// lockMemory is what is remembered of locks.
type lockMemory struct {
	since  map[string]time.Time // when a token was first seen, if not from the beginning
	fences map[string]int64     // the highest, of locks that were released or whose fence went back
	taken  map[string]takeover
	tally  tally
	holder map[string]map[string]struct{} // the locks of each named holder
	met    map[string]bool                // holders that were seen among the workers
}

type takeover struct {
	at   time.Time
	from string
}

// maxRemembered bounds what is kept of rows that are gone.
const maxRemembered = 10_000

func (m *lockMemory) taking() *tally {
	m.tally.window = time.Minute
	return &m.tally
}

// heldSince is since when the token of a lock holds it, as far as that is known: by its layout, or since it was seen.
func (in *look) heldSince(r kind.Row) time.Time {
	if t := lockColumns.Since.Of(r); !t.IsZero() {
		return in.ours(t)
	}
	if t, ok := in.e.memory.locks.since[r.ID()]; ok {
		return t
	}
	return in.e.since
}

func (m *lockMemory) held(in *look, before, after kind.Row) {
	switch {
	case after.None():
		delete(m.since, before.ID())
	case in.settled("locks") && lockColumns.Token.Of(before) != lockColumns.Token.Of(after):
		if m.since == nil {
			m.since = map[string]time.Time{}
		}
		m.since[strings.Clone(after.ID())] = in.now
	}
}

func (m *lockMemory) takenOver(in *look, before, after kind.Row) {
	switch {
	case after.None():
		delete(m.taken, before.ID())
	case before.None() || before.Bad() || after.Bad() || !in.s.Pushed || lockColumns.Layout.Of(after) != "":
	case lockColumns.Token.Of(before) == "" || lockColumns.Token.Of(after) == "" || lockColumns.Token.Of(before) == lockColumns.Token.Of(after):
	case lockColumns.Fence.Of(after) != lockColumns.Fence.Of(before): // it was acquired, so it was free before
	case lockColumns.Expires.Of(before).IsZero() || lockColumns.Expires.Of(before).Sub(in.now) > kind.DeadlineTolerance:
		if m.taken == nil {
			m.taken = map[string]takeover{}
		}
		m.taken[strings.Clone(after.ID())] = takeover{in.now, strings.Clone(lockColumns.Token.Of(before))}
	}
}

func (m *lockMemory) fenced(before, after kind.Row) {
	was, now := lockColumns.Fence.Of(before), lockColumns.Fence.Of(after)
	if m.fences == nil {
		m.fences = map[string]int64{}
	}
	switch {
	case after.None() && was > 0 && len(m.fences) < maxRemembered, !before.None() && now > 0 && now < was:
		id := strings.Clone(before.ID())
		m.fences[id] = max(was, m.fences[id])
	case now >= m.fences[after.ID()]:
		delete(m.fences, after.ID())
	}
}

// names keeps which locks each holder has.
func (m *lockMemory) names(before, after kind.Row) {
	was, now := lockColumns.Holder.Of(before), lockColumns.Holder.Of(after)
	if was == now {
		return
	}
	if was != "" {
		if delete(m.holder[was], before.ID()); len(m.holder[was]) == 0 {
			delete(m.holder, was)
			delete(m.met, was)
		}
	}
	if now != "" {
		if m.holder == nil {
			m.holder, m.met = map[string]map[string]struct{}{}, map[string]bool{}
		}
		now = strings.Clone(now)
		if m.holder[now] == nil {
			m.holder[now] = map[string]struct{}{}
		}
		m.holder[now][strings.Clone(after.ID())] = struct{}{}
	}
}

// heldBy are the locks that a changed worker holds by name.
func (m *lockMemory) heldBy(before, after kind.Row) (ids []string) {
	if len(m.holder) == 0 {
		return nil
	}
	for _, r := range []kind.Row{before, after} {
		if r.None() {
			continue
		}
		for _, name := range []string{r.ID(), workerColumns.Pod.Of(r)} {
			for id := range m.holder[name] {
				m.met[name] = true
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// holderGone judges the holder of a lock, if it is known as a worker: a holder that no worker was ever called by may be
// anything.
func holderGone(in *look, r kind.Row) verdict {
	name := lockColumns.Holder.Of(r)
	if name == "" {
		return fine()
	}
	w, found := in.workerNamed(name)
	switch {
	case found && w.Bad():
		return fine()
	case found:
		in.e.memory.locks.met[name] = true
		alive := workerColumns.AliveUntil.Of(w)
		if alive.IsZero() || alive.After(in.now) {
			return fine(alive)
		}
		return wrong(alive, says("its holder, worker %s, was last alive ", name).moment(alive).then(" ago"))
	case in.e.memory.locks.met[name]:
		return wrong(time.Time{}, says("its holder, worker %s, is gone", name))
	}
	return fine()
}

// guardsNothing judges whether the row exists that a lock names by convention: lock:what:id.
func guardsNothing(in *look, r kind.Row) verdict {
	if lockColumns.Layout.Of(r) != "" {
		return fine()
	}
	_, rest, _ := strings.Cut(r.ID(), ":")
	what, id, ok := strings.Cut(rest, ":")
	of := kind.Name(what + "s")
	if !ok || id == "" || of != "actors" && of != "workers" {
		return fine()
	}
	if _, found := in.row(of, id); found {
		return fine()
	}
	if of == "actors" && in.inSpaces(id) {
		return fine()
	}
	return wrong(time.Time{}, says("there is no %s %s that it could guard", what, id))
}
