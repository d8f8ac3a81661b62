package insight

import (
	"strings"

	"holdfast/core/kind"
)

// dep is a row that a verdict rests on.
type dep struct {
	kind kind.Name
	id   string
}

// dependencies are the rows that the standing findings rest on: when one of them changes, the finding is judged anew.
type dependencies struct {
	needs map[ref][]dep
	by    map[dep]map[ref]struct{}
}

// set notes what a finding rests on, instead of what was noted before; nothing where keep is false.
func (d *dependencies) set(r ref, on []dep, keep bool) {
	if len(d.needs) > 0 {
		for _, one := range d.needs[r] {
			if delete(d.by[one], r); len(d.by[one]) == 0 {
				delete(d.by, one)
			}
		}
		delete(d.needs, r)
	}
	if !keep || len(on) == 0 {
		return
	}
	if d.needs == nil {
		d.needs, d.by = map[ref][]dep{}, map[dep]map[ref]struct{}{}
	}
	r.id = strings.Clone(r.id) // the text may be a part of a row's
	d.needs[r] = append([]dep(nil), on...)
	for _, one := range on {
		if d.by[one] == nil {
			d.by[one] = map[ref]struct{}{}
		}
		d.by[one][r] = struct{}{}
	}
}

// of tells fn of the findings that rest on a row.
func (d *dependencies) of(one dep, fn func(ref)) {
	if len(d.by) == 0 {
		return
	}
	for r := range d.by[one] {
		fn(r)
	}
}
