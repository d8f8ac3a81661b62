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
	for _, s2 := range chain(s) {
		g := Group{Title: describe(s2).Title}
		for _, b := range m.bound(s) {
			if b.Scope == s2 {
				g.Entries = append(g.Entries, b)
			}
		}
		if len(g.Entries) > 0 {
			groups = append(groups, g)
		}
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
