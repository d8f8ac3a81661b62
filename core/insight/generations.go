package insight

import (
	"slices"
	"strings"
	"time"

	"holdfast/core/genstore"
	"holdfast/core/kind"
)

var generationColumns = &genstore.Columns

var generationRules = []*Rule{
	{
		Code: "generation-hot", Severity: Info, Kind: "generations", Count: 60, Twice: true, needs: []known{generationColumns.Generation},
		When:   "A generation is bumped more than COUNT times a minute, and ten times as often as the median of those of its namespace that are bumped at all",
		Advice: "what is cached under it is thrown away as often: look who bumps it",
		notice: func(in *look, before, after kind.Row) { in.e.memory.generations.bumped(in, before, after) },
		judge:  func(in *look, r kind.Row) verdict { return in.e.memory.generations.hot(in, r) },
	},
	{
		Code: "generation-went-back", Severity: Bad, Kind: "generations", Age: time.Hour, Twice: true, needs: []known{generationColumns.Generation},
		When:   "A generation is lower than it was, by a restore, a failover or an expiry: caches may take what is old for current; shown for AGE",
		Advice: "bump it above what it was, or let the caches that use it start anew",
		notice: func(in *look, before, after kind.Row) { in.e.memory.generations.fell(in, before, after) },
		judge: func(in *look, r kind.Row) verdict {
			m := &in.e.memory.generations
			was, noted := m.back[r.ID()]
			now := generationColumns.Generation.Of(r)
			if !noted || now >= was.high || !in.now.Before(was.at.Add(in.age())) {
				delete(m.back, r.ID())
				return fine()
			}
			return wrong(was.at, says("at %s, and was at %s ", number(now), number(was.high)).moment(was.at).then(" ago")).until(was.at.Add(in.age()))
		},
	},
	{
		Code: "generation-ttl-mixed", Severity: Info, Kind: "generations",
		When:   "Some generations of a namespace expire and some never do: two writers do not agree on the time to live",
		Advice: "give all writers of the namespace one time to live",
		notice: func(in *look, before, after kind.Row) { in.e.memory.generations.lives(before, after) },
		whole:  func(in *look) map[string]verdict { return in.e.memory.generations.mixed(in) },
	},
}

// generationMemory is what is remembered of generations.
type generationMemory struct {
	tally tally
	back  map[string]backward  // those that are lower than they were
	gone  map[string]uint64    // those that are no more, as they were last
	ttls  map[string]*lifetime // by namespace

	medians   map[string]int64 // by namespace
	mediansOf int64            // the slot of the tally
}

type backward struct {
	at   time.Time
	high uint64
}

// lifetime is how many generations of a namespace end, and how many do not, with one of each.
type lifetime struct {
	ends, stays       int
	someEnds, someNot string
}

func (m *generationMemory) bumps() *tally {
	m.tally.window = time.Minute
	return &m.tally
}

func generationOf(r kind.Row) (n uint64, ok bool) {
	if r.None() || r.Bad() || generationColumns.Generation.Err(r) != nil || generationColumns.Fence.Of(r) != "" {
		return 0, false
	}
	return generationColumns.Generation.Of(r), true
}

// bumped counts bumps. A generation that was seeded with the time jumps once.
func (m *generationMemory) bumped(in *look, before, after kind.Row) {
	was, ok := generationOf(before)
	now, also := generationOf(after)
	if !ok || !also || now <= was {
		return
	}
	n := now - was
	if n > 1_000_000 {
		n = 1
	}
	m.bumps().add(after.ID(), "", int64(n), in.now)
}

func (m *generationMemory) hot(in *look, r kind.Row) verdict {
	n, _ := m.bumps().count(r.ID(), in.now)
	if n <= in.count() {
		return fine()
	}
	again := m.bumps().step(in.now)
	if n < 10*m.median(generationColumns.Namespace.Of(r), in.now) {
		return fine(again)
	}
	return wrong(time.Time{}, says("bumped more than %s times a minute, now at %s", count(in.count()), number(generationColumns.Generation.Of(r)))).until(again)
}

// median is that of the bumps a minute of the generations of a namespace that are bumped; 0 where one alone is. It is worked
// out once in a while.
func (m *generationMemory) median(namespace string, now time.Time) int64 {
	slot := m.bumps().slot(now)
	if m.medians == nil || m.mediansOf != slot {
		m.medians, m.mediansOf = map[string]int64{}, slot
	}
	if n, known := m.medians[namespace]; known {
		return n
	}
	var all []int64
	for id := range m.tally.of {
		if strings.HasPrefix(id, namespace+":") {
			if n, _ := m.bumps().count(id, now); n > 0 {
				all = append(all, n)
			}
		}
	}
	median := int64(0)
	if slices.Sort(all); len(all) > 1 {
		median = all[(len(all)-1)/2]
	}
	m.medians[strings.Clone(namespace)] = median
	return median
}

func (m *generationMemory) fell(in *look, before, after kind.Row) {
	was, ok := generationOf(before)
	now, also := generationOf(after)
	if m.back == nil {
		m.back, m.gone = map[string]backward{}, map[string]uint64{}
	}
	switch {
	case ok && after.None():
		if len(m.gone) < maxRemembered {
			m.gone[strings.Clone(before.ID())] = was
		}
		delete(m.back, before.ID())
	case also && before.None():
		if high, known := m.gone[after.ID()]; known && now < high {
			m.back[strings.Clone(after.ID())] = backward{in.now, high}
		}
		delete(m.gone, after.ID())
	case ok && also && now < was:
		m.back[strings.Clone(after.ID())] = backward{in.now, max(was, m.back[after.ID()].high)}
	}
}

func (m *generationMemory) lives(before, after kind.Row) {
	for _, one := range []struct {
		row kind.Row
		n   int
	}{{before, -1}, {after, 1}} {
		r := one.row
		namespace := generationColumns.Namespace.Of(r)
		if r.None() || r.Bad() || namespace == "" || generationColumns.Expires.Err(r) != nil || generationColumns.Layout.Of(r) != "" {
			continue
		}
		l := m.ttls[namespace]
		if l == nil {
			if m.ttls == nil {
				m.ttls = map[string]*lifetime{}
			}
			l = &lifetime{}
			m.ttls[strings.Clone(namespace)] = l
		}
		if generationColumns.Expires.Of(r).IsZero() {
			if l.stays += one.n; one.n > 0 {
				l.someNot = strings.Clone(r.ID())
			}
			continue
		}
		if l.ends += one.n; one.n > 0 {
			l.someEnds = strings.Clone(r.ID())
		}
	}
}

// mixed lists the namespaces with both, by a row of the fewer.
func (m *generationMemory) mixed(in *look) map[string]verdict {
	out := map[string]verdict{}
	for namespace, l := range m.ttls {
		if l.ends+l.stays == 0 {
			delete(m.ttls, namespace)
		}
		if l.ends == 0 || l.stays == 0 {
			continue
		}
		about := l.someNot
		if l.ends < l.stays {
			about = l.someEnds
		}
		out[about] = wrong(time.Time{}, says("of namespace %s, %d expire and %d never do", namespace, l.ends, l.stays))
	}
	return out
}
