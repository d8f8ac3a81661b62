// Package views declares what the dashboard shows: one small file a kind with its columns, its detail, its actions and
// the fields that `holdfast get` prints. There is no state here and no drawing.
package views

import (
	"strings"

	"holdfast/tui"
)

// All is the registry: every view in the order of the tabs, one line each.
func All() []View {
	return []View{
		overview(),
		buffers(),
		generations(),
		actors(),
		workers(),
		locks(),
		leases(),
		records(),
		kv(),
		keys(),
	}
}

// Frames are the views as the dashboard's frame takes them.
func Frames() []*tui.View {
	var out []*tui.View
	for _, v := range All() {
		if len(v.Fields) > 0 {
			v.JSON = v.json
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
