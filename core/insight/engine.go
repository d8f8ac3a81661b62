package insight

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/live/rows"
)

// Engine keeps the findings of one server current. It is safe for concurrent use.
type Engine struct {
	mu     sync.Mutex
	rules  []*Rule
	now    func() time.Time
	opts   Options
	kinds  map[kind.Name]*subject
	state  []ruleState // in the order of rules
	memory memory
	deps   dependencies

	last  *live.Snapshot // that was followed
	since time.Time      // of the first one
	reads int            // readings that were followed, as far as one can tell them apart

	found    map[ref]string // each finding, packed
	packed   *rows.Sorted
	edits    []rows.Edit
	excluded map[ref]bool
	by       []int
	codes    map[Code]int
	result   atomic.Pointer[Findings]
}

// subject is a kind with the rules about it.
type subject struct {
	name   kind.Name
	rules  []int // about it
	beside []int // about another kind, that look at it
	table  *live.Table
	due    dues
	dirty  map[string]struct{} // rows to judge anew
	all    bool                // each row is to be judged: a rule could not before
}

// ruleState is what the engine keeps for a rule.
type ruleState struct {
	ready   bool // all kinds that it needs have been read
	unsaid  int  // rows that do not know a column that it needs
	why     error
	whole   map[string]verdict // that stand
	wholeOf uint64             // the revision that they are of
}

// ref is a row under a rule.
type ref struct {
	rule int
	id   string
}

// memory is what rules remember of rows, each in the file of its subject.
type memory struct {
	locks       lockMemory
	actors      actorMemory
	buffers     bufferMemory
	generations generationMemory
	leases      leaseMemory
	queues      queueMemory
	server      serverMemory
}

// New makes an engine that has seen nothing.
func New(o Options) *Engine {
	e := &Engine{
		rules: rules, now: o.Now, opts: o, kinds: map[kind.Name]*subject{}, state: make([]ruleState, len(rules)), found: map[ref]string{},
		packed: live.NewTable(Kind, schema).Packed(), excluded: map[ref]bool{}, by: make([]int, len(Severities())), codes: map[Code]int{},
	}
	if e.now == nil {
		e.now = time.Now
	}
	for i, r := range e.rules {
		if r.Kind == "" {
			continue
		}
		s := e.subject(r.Kind)
		s.rules = append(s.rules, i)
		for _, other := range r.Others {
			o := e.subject(other)
			o.beside = append(o.beside, i)
		}
	}
	e.result.Store(&Findings{Table: tableOf(e.packed, 0), by: slices.Clone(e.by), codes: map[Code]int{}})
	return e
}

func (e *Engine) subject(name kind.Name) *subject {
	s := e.kinds[name]
	if s == nil {
		s = &subject{name: name, dirty: map[string]struct{}{}}
		e.kinds[name] = s
	}
	return s
}

// look is what a rule may look at.
type look struct {
	e    *Engine
	s    *live.Snapshot
	now  time.Time
	at   int // the rule
	deps []dep
	half halfMade // see actors.go
}

// age and count are the thresholds of the rule.
func (in *look) age() time.Duration {
	return cmp.Or(in.e.opts.Thresholds.Age[in.e.rules[in.at].Code], in.e.rules[in.at].Age)
}

func (in *look) count() int64 {
	return cmp.Or(in.e.opts.Thresholds.Count[in.e.rules[in.at].Code], in.e.rules[in.at].Count)
}

// ours is a moment of the server's clock on ours.
func (in *look) ours(server time.Time) time.Time { return server.Add(-in.s.Server.Skew) }

// row looks a row of another kind up; the verdict is made anew when that row changes.
func (in *look) row(of kind.Name, id string) (kind.Row, bool) {
	in.deps = append(in.deps, dep{of, strings.Clone(id)})
	return in.s.Table(of).Get(id)
}

// settled tells that the rows of a kind had all been read before: what comes now is new.
func (in *look) settled(of kind.Name) bool {
	s := in.e.kinds[of]
	return s != nil && s.table != nil && s.table.Complete
}

// Findings are those of the snapshot that was followed last. It waits for nothing.
func (e *Engine) Findings() *Findings { return e.result.Load() }

// Follow brings the findings up to a snapshot. Its cost is that of what changed since the one before. A snapshot older than
// that changes nothing.
func (e *Engine) Follow(s *live.Snapshot) *Findings {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s == nil || e.older(s) {
		return e.result.Load()
	}
	in := &look{e: e, s: s, now: e.now()}
	if e.since.IsZero() {
		e.since = in.now
	}
	if !s.ReadAt.IsZero() && (e.last == nil || !e.last.ReadAt.Equal(s.ReadAt)) {
		e.reads++
	}
	for _, t := range s.Tables {
		if k := e.kinds[t.Kind]; k != nil && t.Schema != nil {
			e.remember(in, k, t)
		}
	}
	e.prepare(in)
	for _, t := range s.Tables {
		if k := e.kinds[t.Kind]; k != nil && t.Schema != nil {
			e.judgeKind(in, k, t)
		}
	}
	for i := range e.rules {
		in.at = i
		e.judgeWhole(in)
	}
	for _, t := range s.Tables {
		if k := e.kinds[t.Kind]; k != nil {
			k.table = t
		}
	}
	e.last = s
	e.publish(in)
	return e.result.Load()
}

// older tells of a snapshot that came before the one that was followed.
func (e *Engine) older(s *live.Snapshot) bool {
	if e.last == nil || s == e.last {
		return false
	}
	return s.ReadAt.Before(e.last.ReadAt) || slices.ContainsFunc(s.Tables, func(t *live.Table) bool {
		k := e.kinds[t.Kind]
		return k != nil && k.table != nil && t.Rev < k.table.Rev
	})
}

// remember takes in what changed in a kind, before anything is judged by it.
func (e *Engine) remember(in *look, k *subject, t *live.Table) {
	before := k.table
	if before == nil {
		before = live.NewTable(t.Kind, t.Schema)
	}
	if before.Packed() == t.Packed() {
		return
	}
	t.Since(&before.Table, func(old, new kind.Row) {
		e.countUnknown(k, old, -1)
		e.countUnknown(k, new, 1)
		id := cmp.Or(new.ID(), old.ID())
		for _, i := range k.rules {
			if notice := e.rules[i].notice; notice != nil {
				in.at = i
				notice(in, old, new)
			}
		}
		for _, i := range k.beside {
			in.at = i
			if touches := e.rules[i].touches; touches != nil {
				for _, other := range touches(in, k.name, old, new) {
					e.kinds[e.rules[i].Kind].dirty[other] = struct{}{}
				}
			}
		}
		e.deps.of(dep{k.name, id}, func(r ref) { e.kinds[e.rules[r.rule].Kind].dirty[r.id] = struct{}{} })
	})
}

// countUnknown keeps the number of rows that do not know what a rule needs.
func (e *Engine) countUnknown(k *subject, r kind.Row, n int) {
	if r.None() || r.Bad() || !r.Partial() {
		return
	}
	for _, i := range k.rules {
		if why := unknownIn(e.rules[i], r); why != nil {
			e.state[i].unsaid += n
			if n > 0 {
				e.state[i].why = why
			}
		}
	}
}

// unknownIn is why a rule cannot judge a row; nil if it can.
func unknownIn(rule *Rule, r kind.Row) error {
	for _, c := range rule.needs {
		if err := c.Err(r); err != nil {
			return err
		}
	}
	return nil
}

// prepare finds the rules that can judge from now on, because all that they look at has been read.
func (e *Engine) prepare(in *look) {
	for i, rule := range e.rules {
		st := &e.state[i]
		if st.ready || rule.Kind == "" {
			continue
		}
		st.ready = !slices.ContainsFunc(rule.Others, func(k kind.Name) bool { return !in.s.Table(k).Complete && e.has(in, k) })
		if len(rule.Others) > 0 {
			own := in.s.Table(rule.Kind)
			st.ready = st.ready && own.Complete
			if k := e.kinds[rule.Kind]; st.ready && k.table != nil { // rows that were passed over before
				k.all = true
			}
		}
	}
}

func (e *Engine) has(in *look, name kind.Name) bool {
	return slices.ContainsFunc(in.s.Tables, func(t *live.Table) bool { return t.Kind == name })
}

// judgeKind judges the rows of a kind that changed, are due, or were touched.
func (e *Engine) judgeKind(in *look, k *subject, t *live.Table) {
	before := k.table
	if before == nil {
		before = live.NewTable(t.Kind, t.Schema)
	}
	switch {
	case k.all:
		k.all = false
		clear(k.dirty)
		t.Since(&before.Table, func(old, new kind.Row) {
			if new.None() {
				e.forget(k, old.ID())
			}
		})
		for _, r := range t.All(0) {
			e.judge(in, k, r)
		}
	case before.Packed() != t.Packed():
		t.Since(&before.Table, func(old, new kind.Row) {
			if len(k.dirty) > 0 {
				delete(k.dirty, cmp.Or(new.ID(), old.ID()))
			}
			if new.None() {
				e.forget(k, old.ID())
				return
			}
			e.judge(in, k, new)
		})
	}
	k.due.passed(in.now, func(id string) { k.dirty[id] = struct{}{} })
	for id := range k.dirty {
		delete(k.dirty, id)
		if r, ok := t.Get(id); ok {
			e.judge(in, k, r)
		} else {
			e.forget(k, id)
		}
	}
}

func (e *Engine) judge(in *look, k *subject, r kind.Row) {
	var due time.Time
	id := r.ID()
	partial := r.Partial()
	for _, i := range k.rules {
		rule := e.rules[i]
		if rule.judge == nil {
			continue
		}
		v := verdict{}
		in.at, in.deps = i, in.deps[:0]
		if e.state[i].ready && r.Bad() == rule.unreadable && (!partial || unknownIn(rule, r) == nil) {
			v = rule.judge(in, r)
		}
		if !v.due.IsZero() && (due.IsZero() || v.due.Before(due)) {
			due = v.due
		}
		again := e.set(in, ref{i, id}, v)
		if !again.IsZero() && (due.IsZero() || again.Before(due)) {
			due = again
		}
		e.deps.set(ref{i, id}, in.deps, len(rule.Others) > 0 && v.is)
	}
	k.due.set(id, due)
}

// forget lets go of a row that is gone.
func (e *Engine) forget(k *subject, id string) {
	for _, i := range k.rules {
		e.drop(ref{i, id})
		e.deps.set(ref{i, id}, nil, false)
	}
	k.due.set(id, time.Time{})
}

// judgeWhole asks the rules that look at no single row.
func (e *Engine) judgeWhole(in *look) {
	rule, st := in.e.rules[in.at], &e.state[in.at]
	var now map[string]verdict
	switch {
	case rule.server != nil:
		now = rule.server(in)
	case rule.whole != nil:
		t := in.s.Table(rule.Kind)
		if st.whole != nil && st.wholeOf == t.Rev {
			return
		}
		now, st.wholeOf = rule.whole(in), t.Rev
	default:
		return
	}
	for id := range st.whole {
		if v, stands := now[id]; !stands || !v.is {
			e.drop(ref{in.at, id})
		}
	}
	for id, v := range now {
		e.set(in, ref{in.at, id}, v)
	}
	if st.whole = now; now == nil {
		st.whole = map[string]verdict{}
	}
}
