package actorstore

import (
	"fmt"

	"holdfast/core/conn"
)

// ErrUnreadMember, wrapped (errors.Is), refuses to act on a document that has a member which this package does not read and which could carry
// an assignment or a state, or that is of a newer layout which it only reads. It comes with ErrFailedPrecondition.
var ErrUnreadMember = conn.Precondition("the document has a member that is not read here and could carry an assignment or a state")

// unread is ErrUnreadMember for a member; nil when there is none.
func unread(member string) error {
	if member == "" {
		return nil
	}
	return fmt.Errorf("%w: %w: %q", ErrFailedPrecondition, ErrUnreadMember, member)
}
