package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/views"
)

func viewNamed(name string) (views.View, error) {
	v, ok := views.Named(name)
	if !ok {
		return v, fmt.Errorf("%w: unknown view %q: one of %s", errUsage, name, views.Names())
	}
	return v, nil
}

// errPartial is of a view that was printed without all of its rows. It is not a transport error: a part of the server answered.
var errPartial = errors.New("rows are missing")

// othersAnswer tells whether err is of one master of a cluster, while others may have what is looked for.
func othersAnswer(ctx context.Context, c *core.Core, err error) bool {
	return c.Conn.Mode == conn.Cluster && ctx.Err() == nil && conn.Unreachable(err)
}

// partly is the end of a `get` that printed what it found, while a master with another row of that name may be away.
func partly(away error) error {
	if away == nil || errors.Is(away, errPartial) {
		return away
	}
	return fmt.Errorf("%w: %w", errPartial, away)
}

// missingRows says which rows of a kind a reading has left out, and why.
func missingRows(snap *live.Snapshot, name kind.Name) error {
	var why []string
	if err := snap.Table(name).Err; err != nil {
		why = append(why, err.Error())
	} else {
		for _, d := range snap.Down {
			why = append(why, strings.TrimSpace(fmt.Sprintf("%s %v", d.Addr, d.Err)))
		}
	}
	if n := snap.Server.Uncovered; n > 0 && len(why) == 0 {
		why = append(why, fmt.Sprintf("no master serves %d of 16384 hash slots", n))
	}
	if len(why) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", errPartial, strings.Join(why, "; "))
}

// find reads the row that key names: by its ID, or by the plain names that the ID escapes. With errPartial it is the first
// on the masters that answer.
func find(ctx context.Context, c *core.Core, name kind.Name, key string) (row kind.Row, err error) {
	ids := []string{key, conn.Escape(key)}
	if first, rest, ok := strings.Cut(key, ":"); ok {
		ids = append(ids, conn.Escape(first)+":"+conn.Escape(rest))
	}
	var bad kind.Row
	var away error
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			continue
		}
		row, err := readSettled(ctx, c, name, id)
		if othersAnswer(ctx, c, err) {
			away = err
			continue
		}
		if err != nil {
			return kind.Row{}, err
		}
		if !row.None() && !row.Bad() {
			return row, partly(away)
		}
		if bad.None() {
			bad = row
		}
	}
	if bad.None() {
		return kind.Row{}, cmp.Or(away, missing(key))
	}
	return bad, partly(away)
}

// readSettled reads a row. One of several keys that comes or goes between two of its readings looks broken for that
// moment: it is looked at again before it counts as that.
func readSettled(ctx context.Context, c *core.Core, name kind.Name, id string) (row kind.Row, err error) {
	for range 3 {
		row, err = c.Live.ReadRow(ctx, name, id)
		if err != nil || !row.Bad() || errors.Is(row.Problem(), conn.ErrTooLarge) {
			break
		}
	}
	return row, err
}

var errMissing = errors.New("not found")

func missing(key string) error { return fmt.Errorf("%q: %w", key, errMissing) }
