package operate

import (
	"context"
	"errors"
	"fmt"

	"holdfast/core/actorstore"
	"holdfast/core/kind"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/layout"
	"holdfast/core/record"
)

// putBack plans to make again what was deleted, if nobody has since: what was made meanwhile is another thing.
func (o *Operator) putBack(of kind.Name, id string, was any, back func(context.Context) error) Action {
	return Action{
		Verb: Put, Kind: of, ID: id,
		Summary:  fmt.Sprintf("recreate %s %s, unless it exists again", of, id),
		Commands: []string{o.script("create", of, id)},
		run: func(ctx context.Context) (Outcome, error) {
			if err := back(ctx); err != nil {
				return Outcome{}, asTaken(err)
			}
			return Outcome{Text: "put " + id + " back", After: was, NoUndo: "delete it again"}, nil
		},
	}
}

// asTaken marks what cannot be made again, since it is there or what it lived on is gone, as ErrConflict.
func asTaken(err error) error {
	for _, taken := range []error{
		actorstore.ErrAlreadyExists, actorstore.ErrNotFound, record.ErrAlreadyExists, record.ErrWrongLeaseId, redisdb.ErrExists, redisdb.ErrNotFound,
		layout.ErrTaken, layout.ErrGone,
	} {
		if errors.Is(err, taken) {
			return fmt.Errorf("%w: %w", ErrConflict, err)
		}
	}
	return err
}
