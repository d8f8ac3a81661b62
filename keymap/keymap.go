// Package keymap says which key means which action where. Actions, scopes and default keys are data (defaults.go); the
// user's overrides, the matching, the help and the palette all go through the same rows, so that none can disagree.
//
// What an action does is not known here, nor is the terminal library: keys are the text that bubbletea's
// KeyPressMsg.String gives.
package keymap

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Action is what a key asks for. Its text is its name in the configuration file.
type Action string

// View is the number, 1 to 10, of the view that the action opens; 0 for other actions.
func (a Action) View() int {
	number, _ := strings.CutPrefix(string(a), "view-")
	if n, err := strconv.Atoi(number); err == nil && n >= 1 && n <= 10 && strconv.Itoa(n) == number {
		return n
	}
	return 0
}

// Scope is a part of the screen with keys of its own. It inherits the keys of wider scopes up to Always.
type Scope string

// Binding is one action with all that is known of it.
type Binding struct {
	Action    Action
	Scope     Scope
	Keys      []string // as KeyPressMsg.String spells them, the one to show first; none: unbound
	Label     string   // one or two words, for the line of context keys
	Help      string   // a phrase, for the help screen, the palette and the documentation
	Dangerous bool     // changes what is on the server
	Shadows   []Action // actions of wider scopes that may have the same keys: here this one wins
}

func (b Binding) clone() Binding {
	b.Keys, b.Shadows = slices.Clone(b.Keys), slices.Clone(b.Shadows)
	return b
}

// Sentinels of New.
var (
	ErrAction = errors.New("unknown action")
	ErrKey    = errors.New("not a key; write it as in f, G, ?, enter, pgdown, ctrl+u, shift+tab")
	ErrClash  = errors.New("one key for two actions")
	ErrUnsafe = errors.New("an action that changes the server cannot have a bare ctrl chord")
	ErrText   = errors.New("a key that types text cannot be a command in a text field")
)

// OverrideError is one thing that is wrong with the keys of some actions.
type OverrideError struct {
	Actions []Action
	err     error
}

func (e *OverrideError) Error() string { return e.err.Error() }

func (e *OverrideError) Unwrap() error { return e.err }

func wrong(err error, actions ...Action) error { return &OverrideError{actions, err} }

// Map is an immutable set of bindings: any number of goroutines may ask it.
type Map struct {
	bindings []Binding                   // in the order of the defaults
	keys     map[Scope]map[string]Action // with what each scope inherits, less what it shadows
}

// New makes a map of the defaults and the user's overrides, which replace the keys of an action; an empty list unbinds
// it. All that is wrong with the overrides is in the error, an OverrideError each, which names the actions and the key.
func New(overrides map[Action][]string) (*Map, error) {
	m := &Map{bindings: defaults(), keys: map[Scope]map[string]Action{}}
	errs := m.override(overrides)
	for i := range m.bindings {
		errs = append(errs, m.bindings[i].check()...)
	}
	errs = append(errs, m.clashes()...)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, s := range scopes() {
		keys := map[string]Action{}
		for _, b := range m.Actions(s.Scope) {
			for _, key := range b.Keys {
				if _, shadowed := keys[key]; !shadowed {
					keys[key] = b.Action
				}
			}
		}
		m.keys[s.Scope] = keys
	}
	return m, nil
}

func (m *Map) override(overrides map[Action][]string) (errs []error) {
	for _, action := range slices.Sorted(maps.Keys(overrides)) {
		i := m.find(action)
		if i < 0 {
			errs = append(errs, wrong(fmt.Errorf("%w %q: one of %s", ErrAction, action, m.names()), action))
			continue
		}
		m.bindings[i].Keys = slices.Clone(overrides[action])
	}
	return errs
}

// names lists the actions, for messages.
func (m *Map) names() string {
	var names []string
	for _, b := range m.bindings {
		names = append(names, string(b.Action))
	}
	return strings.Join(names, ", ")
}

func (m *Map) find(action Action) int {
	return slices.IndexFunc(m.bindings, func(b Binding) bool { return b.Action == action })
}

// check says what is wrong with a binding by itself.
func (b Binding) check() (errs []error) {
	for _, key := range b.Keys {
		var err error
		switch modifiers, _ := split(key); {
		case !valid(key):
			err = ErrKey
		case b.Dangerous && modifiers == "ctrl+":
			err = ErrUnsafe
		case typesText(key) && describe(b.Scope).Typing:
			err = ErrText
		default:
			continue
		}
		errs = append(errs, wrong(fmt.Errorf("%s: %q: %w", b.Action, key, err), b.Action))
	}
	return errs
}

// clashes finds the pairs of actions that would answer to one key in one scope, unless one declares to shadow the other.
func (m *Map) clashes() (errs []error) {
	for i, a := range m.bindings {
		for _, b := range m.bindings[i+1:] {
			for _, key := range a.Keys {
				if slices.Contains(b.Keys, key) && meet(a, b) {
					errs = append(errs, wrong(fmt.Errorf("%w: %q is both %s and %s", ErrClash, key, a.Action, b.Action), a.Action, b.Action))
				}
			}
		}
	}
	return errs
}

func meet(a, b Binding) bool {
	if slices.Contains(a.Shadows, b.Action) || slices.Contains(b.Shadows, a.Action) {
		return false
	}
	return slices.Contains(chain(a.Scope), b.Scope) || slices.Contains(chain(b.Scope), a.Scope)
}

// Match tells which action a key asks for in a scope.
func (m *Map) Match(s Scope, key string) (Action, bool) {
	action, ok := m.keys[s][key]
	return action, ok
}

// Binding returns what is known of an action; false when there is none of that name.
func (m *Map) Binding(action Action) (Binding, bool) {
	i := m.find(action)
	if i < 0 {
		return Binding{}, false
	}
	return m.bindings[i].clone(), true
}

// Keys of an action, the one to show first; none when it is unbound.
func (m *Map) Keys(action Action) []string {
	b, _ := m.Binding(action)
	return b.Keys
}

// Actions lists what can be asked for in a scope, bound to a key or not, narrowest scope first: the palette's list.
func (m *Map) Actions(s Scope) []Binding {
	var all []Binding
	for _, s := range chain(s) {
		for _, b := range m.bindings {
			if b.Scope == s {
				all = append(all, b.clone())
			}
		}
	}
	return all
}
