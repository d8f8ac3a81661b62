package layout_test

import (
	"slices"
	"strings"
	"testing"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/layout"
)

// keyed are the presets; those that wait for keys of the configuration have some.
func keyed() []layout.Spec {
	specs := layout.Presets()
	for i := range specs {
		if len(specs[i].Keys) == 0 {
			specs[i].Keys = []string{"of-" + specs[i].Name + ":{name...}"}
		}
	}
	return specs
}

func TestPresetsStandBesideEachOtherAndTheKindsOfOurs(t *testing.T) {
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{"redis://127.0.0.1:1"}}, Layouts: keyed()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for _, err := range c.LayoutErrors {
		t.Error(err)
	}
}

func TestEachPresetNamesItsSourceAndHowItWasChecked(t *testing.T) {
	names := map[string]bool{}
	for _, s := range layout.Presets() {
		if s.About == "" || s.Source == "" || strings.HasSuffix(s.About, ".") {
			t.Errorf("%s: about %q, source %q", s.Name, s.About, s.Source)
		}
		if !slices.Contains([]string{"run", "facts"}, s.Checked) {
			t.Errorf("%s: checked is %q", s.Name, s.Checked)
		}
		if names[s.Name] {
			t.Errorf("two presets %s", s.Name)
		}
		names[s.Name] = true
		if s.Everything || slices.ContainsFunc(s.Keys, func(k string) bool { return strings.HasPrefix(k, "{") && !strings.HasPrefix(k, "{{") }) {
			t.Errorf("%s looks at the whole keyspace", s.Name)
		}
		if s.View == "locks" && s.Release == nil {
			t.Errorf("%s: a lock says how it is released, or why not", s.Name)
		}
		if own := !slices.Contains([]string{"locks", "workers", "queues", "generations"}, s.View); own && s.Title == "" {
			t.Errorf("%s: a view of its own without a title", s.Name)
		}
	}
}
