// Package views declares what the dashboard shows: one small file a kind with its columns, its detail, its actions and
// the fields that `holdfast get` prints. There is no state here and no drawing.
package views

import (
	"slices"

	"holdfast/core/insight"
	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/core/live"
	"holdfast/tui/view"
)

// List is views in the order of the tabs.
type List []View

// Source is what views are made of, besides the kinds of ours. The zero value has no layouts.
type Source struct {
	Layouts  *layout.Set     // that are in use
	LeftOut  []error         // why others are not
	Findings *insight.Engine // that somebody else follows, too; nil: one of their own
}

// All are the views without those that layouts add.
func All() List { return Of(Source{}) }

// Of is the registry: every view, one line each, and behind them the views that layouts declare for themselves.
func Of(from Source) List {
	if from.Findings == nil {
		from.Findings = insight.New(insight.Options{})
	}
	set := from.Layouts
	all := List{
		overview(from),
		buffers(),
		generations(set),
		actors(),
		workers(set),
		locks(set),
		leases(),
		records(),
		kv(),
		pairs(),
		documents(),
		keys(),
		findings(from.Findings),
		queues(set),
	}
	if set != nil && !set.Fills(layout.QueuesName) { // nobody reads any
		all = slices.DeleteFunc(all, func(v View) bool { return v.Kind == layout.QueuesName })
	}
	for _, o := range set.Own() {
		all = append(all, own(set, o))
	}
	return all
}

// Frames are the views as the dashboard's frame takes them.
func (l List) Frames() []*view.View {
	var out []*view.View
	for _, v := range l {
		if len(v.Fields) > 0 {
			v.Object = func(r live.Row, at view.Clock, rawKey func(string) string) ([]string, []any) {
				if err := r.Problem(); err != nil {
					return []string{"key", "error"}, []any{rawKey(r.ID()), err.Error()}
				}
				return v.FieldNames(), v.Values(r, at)
			}
		}
		out = append(out, v.View)
	}
	return out
}

// Named finds a view that has a tab.
func (l List) Named(name string) (View, bool) {
	for _, v := range l {
		if v.Name == name && v.Parent == "" {
			return v, true
		}
	}
	return View{}, false
}

// Below finds the view that another one leads to, such as the pairs of a database.
func (l List) Below(parent string) (View, bool) {
	for _, v := range l {
		if v.Parent == parent && parent != "" {
			return v, true
		}
	}
	return View{}, false
}

// OfKind finds the view of a kind.
func (l List) OfKind(name kind.Name) (View, bool) {
	for _, v := range l {
		if v.Kind == name {
			return v, true
		}
	}
	return View{}, false
}

// Names lists the views.
func (l List) Names() (names []string) {
	for _, v := range l {
		if v.Parent == "" {
			names = append(names, v.Name)
		}
	}
	return names
}
