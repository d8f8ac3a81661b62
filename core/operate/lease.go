package operate

import (
	"context"
	"encoding/json"
	"fmt"

	"holdfast/core/conn"
)

// ReleaseLease plans to end a lease now, named by the ID of its row; its records go with it. records says how many were
// seen; below 0: it is not known.
func (o *Operator) ReleaseLease(id string, records int) Action {
	seen := "how many is not known"
	if records >= 0 {
		seen = fmt.Sprintf("%d when last seen", records)
	}
	return Action{
		Verb: Release, Kind: "leases", ID: id, Destructive: true,
		Summary:  fmt.Sprintf("release lease %s and delete its records (%s)", id, seen),
		Commands: []string{o.script("release", "leases", id)},
		run: func(ctx context.Context) (Outcome, error) {
			keys, _, err := o.core.LeaseRows.Inspect(conn.WithoutDoubt(ctx), id)
			if err != nil {
				return Outcome{}, err
			}
			out := Outcome{
				Before: map[string]any{"records": json.RawMessage(keys)}, // which, by their keys
				NoUndo: "a released lease is gone, and its records with it",
			}
			if err := o.core.LeaseRows.Release(ctx, id); err != nil {
				return out, err
			}
			out.Text = "released lease " + id
			return out, nil
		},
	}
}
