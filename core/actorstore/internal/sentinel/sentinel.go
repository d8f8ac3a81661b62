// Package sentinel holds the errors of actorstore, which exports them under the same names and says what they mean.
package sentinel

import (
	"errors"
	"fmt"
	"strings"

	"holdfast/core/conn"
)

// See actorstore.
var (
	ErrNotFound           = errors.New("not found")
	ErrAlreadyExists      = conn.Precondition("already exists")
	ErrPersistenceRetry   = conn.Precondition("the version changed: read again and retry")
	ErrFailedPrecondition = conn.Precondition("failed precondition")
	ErrInvalid            = errors.New("invalid argument")
	ErrBadRecord          = errors.New("the stored record is invalid")
	ErrUnreadMember       = conn.Precondition("the document has a member that is not read here and could carry an assignment or a state")
)

// AsRecord tells a key of another type, which is a bad record, from other answers of the server.
func AsRecord(err error) error {
	if err != nil && strings.Contains(err.Error(), "WRONGTYPE") {
		return fmt.Errorf("%w: %w", ErrBadRecord, err)
	}
	return err
}

// Unread is ErrUnreadMember for a member; nil when there is none.
func Unread(member string) error {
	if member == "" {
		return nil
	}
	return fmt.Errorf("%w: %w: %q", ErrFailedPrecondition, ErrUnreadMember, member)
}
