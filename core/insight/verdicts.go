package insight

import (
	"slices"
	"strings"
	"time"

	"holdfast/core/kind"
	"holdfast/core/live/rows"
)

// How verdicts become findings.

// sinceTolerance is how far two readings of one moment may lie apart.
const sinceTolerance = 2 * time.Second

// set takes in a verdict. It returns when an exclude ends that covers it.
func (e *Engine) set(in *look, r ref, v verdict) (again time.Time) {
	if !v.is {
		e.drop(r)
		return again
	}
	rule := e.rules[r.rule]
	f := Finding{Code: rule.Code, Severity: rule.Severity, Kind: rule.Kind, Row: r.id, Since: v.since, says: v.says}
	if v.severity != nil {
		f.Severity = *v.severity
	}
	for _, x := range e.opts.Excludes {
		if x.covers(f, in.now) {
			e.drop(r)
			e.excluded[ref{r.rule, strings.Clone(r.id)}] = true
			return x.Until
		}
	}
	delete(e.excluded, r)
	data, stands := e.found[r]
	was := Of(schema.At(data))
	switch {
	case f.Since.IsZero() && stands, stands && f.Since.Sub(was.Since).Abs() <= sinceTolerance:
		f.Since = was.Since
	case f.Since.IsZero():
		f.Since = in.now
	}
	f.Since = f.Since.Truncate(time.Millisecond)
	if stands && f.says.at.Sub(was.says.at).Abs() <= sinceTolerance && !was.says.at.IsZero() && !f.says.at.IsZero() {
		f.says.at = was.says.at
	}
	packed := f.pack()
	if stands && data == packed.Data() {
		return again
	}
	e.drop(r)
	e.found[ref{r.rule, strings.Clone(r.id)}] = packed.Data()
	e.by[f.Severity]++
	e.codes[f.Code]++
	e.edits = append(e.edits, rows.Edit{Key: packed.ID(), Entry: packed.Data()})
	return again
}

func (e *Engine) drop(r ref) {
	if len(e.excluded) > 0 {
		delete(e.excluded, r)
	}
	if len(e.found) == 0 {
		return
	}
	data, stands := e.found[r]
	if !stands {
		return
	}
	delete(e.found, r)
	f := Of(schema.At(data))
	e.by[f.Severity]--
	e.codes[f.Code]--
	e.edits = append(e.edits, rows.Edit{Key: f.key()})
}

// publish makes the next findings.
func (e *Engine) publish(in *look) {
	if len(e.edits) > 0 { // of two edits of one key the later one counts
		e.packed = e.packed.Merge(e.edits, func(_, new string) string { return new }, 0)
		e.edits = nil
	}
	unknown, was := e.unknown(in), e.result.Load()
	if e.packed == was.Packed() && slices.Equal(unknown, was.Unknown) && len(e.excluded) == was.Excluded {
		return
	}
	t := tableOf(e.packed, was.Rev+1)
	codes := make(map[Code]int, len(e.codes))
	for c, n := range e.codes {
		if n > 0 {
			codes[c] = n
		}
	}
	e.result.Store(&Findings{Table: t, Unknown: unknown, Excluded: len(e.excluded), by: slices.Clone(e.by), codes: codes})
}

// unknown lists what cannot be judged now.
func (e *Engine) unknown(in *look) (out []Unknown) {
	for i, rule := range e.rules {
		in.at = i
		if why := e.unknownOf(in, rule); why != "" {
			out = append(out, Unknown{rule.Code, rule.Kind, why})
		}
	}
	return out
}

func (e *Engine) unknownOf(in *look, rule *Rule) string {
	if rule.unsaid != nil {
		if why := rule.unsaid(in); why != "" {
			return why
		}
	}
	for _, name := range append([]kind.Name{rule.Kind}, rule.Others...) {
		if name == "" || !e.has(in, name) {
			continue
		}
		switch t := in.s.Table(name); {
		case t.Err != nil:
			return "not all " + string(name) + " could be read: " + t.Err.Error()
		case !t.Complete:
			return string(name) + " are still being read"
		}
	}
	switch st := &e.state[in.at]; {
	case rule.Twice && e.reads < 2 && (rule.Kind == "" || in.s.Table(rule.Kind).Len() > 0):
		return "one reading cannot tell: it takes a second one to compare with"
	case st.unsaid > 0:
		return "of " + rowsOf(int64(st.unsaid)) + " not all could be read: " + st.why.Error()
	}
	return ""
}
