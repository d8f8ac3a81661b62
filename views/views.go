// Package views declares what the dashboard shows: one small file a kind with its columns, its detail, its actions and
// the fields that `holdfast get` prints. There is no state here and no drawing.
package views

import (
	"strings"

	"holdfast/core/insight"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/tui/view"
)

// All is the registry: every view in the order of the tabs.
func All() []View { return of(insight.New(insight.Options{})) }

// of has one line a view. Findings are those of an engine.
func of(e *insight.Engine) []View {
	return []View{
		overview(e),
		buffers(),
		generations(),
		actors(),
		workers(),
		locks(),
		leases(),
		records(),
		kv(),
		pairs(),
		documents(),
		keys(),
		findings(e),
	}
}

// Frames are the views as the dashboard's frame takes them.
func Frames() []*view.View { return FramesOf(insight.New(insight.Options{})) }

// FramesOf are Frames with the findings of an engine that somebody else follows, too.
func FramesOf(e *insight.Engine) []*view.View {
	var out []*view.View
	for _, v := range of(e) {
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
func Named(name string) (View, bool) {
	for _, v := range All() {
		if v.Name == name && v.Parent == "" {
			return v, true
		}
	}
	return View{}, false
}

// Below finds the view that another one leads to, such as the pairs of a database.
func Below(parent string) (View, bool) {
	for _, v := range All() {
		if v.Parent == parent && parent != "" {
			return v, true
		}
	}
	return View{}, false
}

// Of finds the view of a kind.
func Of(name kind.Name) (View, bool) {
	for _, v := range All() {
		if v.Kind == name {
			return v, true
		}
	}
	return View{}, false
}

// Names lists the views, for messages.
func Names() string {
	var names []string
	for _, v := range All() {
		if v.Parent == "" {
			names = append(names, v.Name)
		}
	}
	return strings.Join(names, " ")
}
