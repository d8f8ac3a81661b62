package view

import (
	"errors"
	"strings"

	"holdfast/core/conn"
	"holdfast/internal/text"
)

// Reason is what an error comes down to, without the operations and keys on its way, also amid other words: the screen
// names them already.
func Reason(err error) string {
	says := err.Error()
	for op, ok := errors.AsType[*conn.OpError](err); ok; op, ok = errors.AsType[*conn.OpError](op.Err) {
		says = strings.Replace(says, op.Error(), op.Err.Error(), 1)
	}
	return text.Line(says)
}
