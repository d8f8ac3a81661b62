package tui

import (
	"reflect"
	"testing"
)

// What belongs together is a type of its own, with its file.
func TestModelIsNoHeap(t *testing.T) {
	if n := reflect.TypeFor[Model]().NumField(); n > 25 {
		t.Errorf("the model has %d fields, at most 25 are asked for", n)
	}
}
