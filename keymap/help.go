package keymap

import "slices"

// Group is the part of the help that belongs to one scope.
type Group struct {
	Title   string
	Entries []Binding // with the keys that do reach the action from the scope asked for
}

// Help is what can be pressed in a scope, narrowest scope first. What is unbound or shadowed there is left out.
func (m *Map) Help(s Scope) []Group {
	var groups []Group
	var last Scope
	for _, b := range m.bound(s) {
		if b.Scope != last {
			last = b.Scope
			groups = append(groups, Group{Title: describe(last).Title})
		}
		g := &groups[len(groups)-1]
		g.Entries = append(g.Entries, b)
	}
	return groups
}

// Short is the line of context keys: those of the given actions that can be pressed in the scope, in the order given.
func (m *Map) Short(s Scope, actions ...Action) []Binding {
	bound := m.bound(s)
	var line []Binding
	for _, a := range actions {
		if i := slices.IndexFunc(bound, func(b Binding) bool { return b.Action == a }); i >= 0 {
			line = append(line, bound[i])
		}
	}
	return line
}

// bound lists the actions with a key in a scope, each with those keys only that mean it there.
func (m *Map) bound(s Scope) []Binding {
	all := m.Actions(s)
	for i, b := range all {
		all[i].Keys = slices.DeleteFunc(b.Keys, func(key string) bool {
			a, _ := m.Match(s, key)
			return a != b.Action
		})
	}
	return slices.DeleteFunc(all, func(b Binding) bool { return len(b.Keys) == 0 })
}
