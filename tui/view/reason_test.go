package view

import (
	"errors"
	"fmt"
	"testing"

	"holdfast/core/conn"
)

// What an error comes down to: the screen names operation and key already.
func TestReason(t *testing.T) {
	cause := errors.New("LOADING")
	for _, c := range []struct {
		err  error
		want string
	}{
		{cause, "LOADING"},
		{conn.Fail("a", "k", conn.Fail("b", "k", cause)), "LOADING"},
		{fmt.Errorf("around: %w", conn.Fail("a", "k", cause)), "around: LOADING"},
		{errors.New("\x1b"), `\x1b`},
	} {
		if got := Reason(c.err); got != c.want {
			t.Errorf("reason(%v) = %q, want %q", c.err, got, c.want)
		}
	}
}
