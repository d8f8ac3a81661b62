package operate

import (
	"context"
	"fmt"
	"strings"

	"holdfast/core/live"
)

// ReleaseLease plans to end a lease now, named by the ID of its row; its records go with it. records says how many were
// seen.
func (o *Operator) ReleaseLease(id string, records int) Action {
	return Action{
		Verb: Release, Kind: "leases", ID: id, Destructive: true,
		Summary:  fmt.Sprintf("release lease %s and delete its %d records", id, records),
		Commands: []string{"EVALSHA (release) " + strings.Join(o.core.Live.Keys(live.Kind("leases"), id), " ")},
		run: func(ctx context.Context) (Outcome, error) {
			out := Outcome{Before: map[string]any{"records": records}, NoUndo: "a released lease is gone, and its records with it"}
			if err := o.core.LeaseRows.Release(ctx, id); err != nil {
				return out, err
			}
			out.Text = "released lease " + id
			return out, nil
		},
	}
}
