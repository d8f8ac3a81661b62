package insight

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/record"
)

var serverRules = append([]*Rule{
	{
		Code: "data-lost", Severity: Bad, Age: time.Hour, Twice: true,
		When:   "A master is another process or holds another history than before, was flushed, or most rows of a kind went at once, and rows are gone; shown for AGE",
		Advice: "restore what is needed from a backup; start readers of change logs anew",
		server: func(in *look) map[string]verdict {
			return in.events(func(e live.Event) bool { return len(e.Lost) > 0 })
		},
	},
	{
		Code: "failover", Severity: Warn, Age: time.Hour, Twice: true,
		When:   "A master was restarted or another server took over, and no rows were lost; shown for AGE",
		Advice: "look why; what was written last may be missing",
		server: func(in *look) map[string]verdict {
			return in.events(func(e live.Event) bool { return len(e.Lost) == 0 })
		},
	},
	{
		Code: "master-down", Severity: Bad,
		When:   "A master of a cluster does not answer: its rows are as they were",
		Advice: "bring it back, or let a replica take over",
		server: func(in *look) map[string]verdict {
			out := map[string]verdict{}
			for _, d := range in.s.Down {
				if d.Addr != "" {
					out[d.Addr] = wrong(time.Time{}, says("no answer from %s, rows there are not up to date: %v", d.Addr, d.Err))
				}
			}
			return out
		},
	},
	{
		Code: "cluster-not-covered", Severity: Bad,
		When:   "No master serves some of the hash slots of a cluster: their rows are missing",
		Advice: "bring a master back for them",
		server: func(in *look) map[string]verdict {
			for _, d := range in.s.Down {
				if d.Addr == "" {
					return map[string]verdict{"": wrong(time.Time{}, says("slots without a master, rows there are not up to date: %v", d.Err))}
				}
			}
			if n := in.s.Server.Uncovered; n > 0 && len(in.s.Down) == 0 {
				return map[string]verdict{"": wrong(time.Time{}, says("%s of 16,384 hash slots have no master: their rows are missing", count(int64(n))))}
			}
			return nil
		},
	},
	{
		Code: "clock-ahead", Severity: Warn, Age: 5 * time.Second,
		When:   "The clocks of the server and of this machine differ by more than AGE",
		Advice: "set one of them right: who compares times across machines is misled",
		server: func(in *look) map[string]verdict {
			skew := in.s.Server.Skew
			if skew.Abs() <= in.age() {
				return nil
			}
			which := "ahead of"
			if skew < 0 {
				which = "behind"
			}
			return map[string]verdict{"": wrong(time.Time{}, says("the server's clock is %s %s ours", span(skew.Abs()), which))}
		},
	},
	fromInfo("eviction-possible", Warn, "maxmemory is set with a policy that evicts keys: coordination state may vanish", "set maxmemory-policy to noeviction",
		func(_ *look, f conn.Facts) (string, bool) {
			return fmt.Sprintf("maxmemory is %s bytes and the policy %s: the server may evict locks and counters", count(f.MaxMemory), f.Policy),
				f.MaxMemory > 0 && f.Policy != "" && f.Policy != "noeviction"
		}),
	nearLimit(fromInfo("memory-near-limit", Warn, "The server uses more than COUNT percent of maxmemory", "raise maxmemory, or find what grows",
		func(in *look, f conn.Facts) (string, bool) {
			return fmt.Sprintf("more than %d %% of maxmemory, %s bytes, are used", in.count(), count(f.MaxMemory)),
				f.MaxMemory > 0 && f.UsedMemory*100 > f.MaxMemory*in.count()
		})),
	fromInfo("persistence-off", Info, "Neither an append-only file nor a snapshot keeps what changed since the server started: a restart loses all", "turn appendonly or save on, if the state has to outlive the server",
		func(_ *look, f conn.Facts) (string, bool) {
			return "no append-only file, and no snapshot since the server started: a restart loses all", !f.AOF && f.NeverSaved && f.Unsaved > 0
		}),
	fromInfo("persistence-failing", Bad, "The last snapshot or the last write of the append-only file has failed", "look at the server's log: its disk is full, most likely",
		func(_ *look, f conn.Facts) (string, bool) {
			switch {
			case f.AOFFailed:
				return "the last write of the append-only file has failed", true
			}
			return "the last snapshot has failed", f.RDBFailed
		}),
	fromInfo("replica-of", Warn, "The server is a replica: what is read may be old, and nothing can be changed", "connect to the master",
		func(_ *look, f conn.Facts) (string, bool) {
			return "the server is a replica of " + f.MasterOf, f.MasterOf != ""
		}),
	fromInfo("replication-broken", Bad, "A replica has lost its master, or a master that min-replicas-to-write asks for replicas has no good one", "look at the network between them and at the replicas",
		func(_ *look, f conn.Facts) (string, bool) {
			switch {
			case f.MasterOf != "" && f.LinkDown:
				return "the link to its master, " + f.MasterOf + ", is down", true
			}
			return "no replica is good, and min-replicas-to-write asks for some: the server refuses writes", f.NoGoodReplica
		}),
}, unreadableRules()...)

// events are what the server told within the threshold, the newest of each node.
func (in *look) events(which func(live.Event) bool) map[string]verdict {
	out := map[string]verdict{}
	for _, e := range in.s.Events {
		if which(e) && in.now.Sub(e.At) < in.age() {
			out[e.Node] = wrong(e.At, says("").moment(e.At).then(" ago: %s", e))
		}
	}
	return out
}

// fromInfo is a rule about what the server says of itself by INFO.
func fromInfo(code Code, s Severity, when, advice string, is func(*look, conn.Facts) (text string, ok bool)) *Rule {
	return &Rule{
		Code: code, Severity: s, When: when, Advice: advice,
		server: func(in *look) map[string]verdict {
			f := in.s.Server.Facts
			if f.Err != nil || !f.Read {
				return nil
			}
			if text, ok := is(in, f); ok {
				return map[string]verdict{f.Node: wrong(time.Time{}, says("%s", text))}
			}
			return nil
		},
		unsaid: func(in *look) string {
			switch f := in.s.Server.Facts; {
			case f.Err != nil:
				return "INFO: " + f.Err.Error()
			case !f.Read:
				return "the server has not been asked yet"
			}
			return ""
		},
	}
}

func nearLimit(r *Rule) *Rule {
	r.Count = 90
	return r
}

// unreadableRules are one rule a kind: rows that cannot be read, with the commonest reason.
func unreadableRules() (out []*Rule) {
	for _, name := range []kind.Name{"buffers", "generations", "actors", "workers", "locks", "leases", "records", "kv", "queues"} {
		out = append(out, &Rule{
			Code: "unreadable", Severity: Warn, Kind: name,
			When:   "Rows of a kind cannot be read: their keys hold something else than their writers put there",
			Advice: "look at the raw keys; delete what does not belong there",
			notice: func(in *look, before, after kind.Row) { in.e.memory.server.unreadable(name, before, after) },
			whole:  func(in *look) map[string]verdict { return in.e.memory.server.reasons(in, name) },
		})
	}
	return out
}

// serverMemory is what is remembered of unreadable rows.
type serverMemory struct {
	bad map[kind.Name]map[string]*unreadable // by reason
}

type unreadable struct {
	n    int
	some string // one of them, as long as it stands
}

// reason is why a row cannot be read, without its key.
func reason(err error) string {
	if op, ok := errors.AsType[*conn.OpError](err); ok {
		err = op.Err
	}
	return err.Error()
}

// counted tells of an unreadable row that no other rule is about.
func counted(r kind.Row) (why string, ok bool) {
	if r.None() || !r.Bad() {
		return "", false
	}
	err := r.Problem()
	return reason(err), !errors.Is(err, record.ErrLeaseGone)
}

func (m *serverMemory) unreadable(name kind.Name, before, after kind.Row) {
	if m.bad == nil {
		m.bad = map[kind.Name]map[string]*unreadable{}
	}
	if m.bad[name] == nil {
		m.bad[name] = map[string]*unreadable{}
	}
	of := m.bad[name]
	if why, ok := counted(before); ok && of[why] != nil {
		if of[why].n--; of[why].n <= 0 {
			delete(of, why)
		}
	}
	if why, ok := counted(after); ok {
		if of[why] == nil {
			of[strings.Clone(why)] = &unreadable{}
		}
		of[why].n++
		of[why].some = strings.Clone(after.ID())
	}
}

func (m *serverMemory) reasons(in *look, name kind.Name) map[string]verdict {
	total, most, why := 0, (*unreadable)(nil), ""
	for text, u := range m.bad[name] {
		total += u.n
		if most == nil || cmp.Or(cmp.Compare(u.n, most.n), strings.Compare(why, text)) > 0 {
			most, why = u, text
		}
	}
	if total == 0 {
		return nil
	}
	text := says("%s of %s cannot be read: %s", rowsOf(int64(total)), name, why)
	if n := len(m.bad[name]); n > 1 {
		text = says("%s of %s cannot be read, for %d reasons; the commonest: %s", rowsOf(int64(total)), name, n, why)
	}
	return map[string]verdict{most.some: wrong(time.Time{}, text)}
}
