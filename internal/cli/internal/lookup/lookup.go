// Package lookup finds the row that somebody names, and says what was not looked at.
package lookup

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/live"
)

// ErrPartial is of a view that was printed without all of its rows. It is not a transport error: a part of the server answered.
var ErrPartial = errors.New("rows are missing")

// OthersAnswer tells whether err is of one master of a cluster, while others may have what is looked for.
func OthersAnswer(ctx context.Context, c *core.Core, err error) bool {
	return c.Conn.Mode == conn.Cluster && ctx.Err() == nil && conn.Unreachable(err)
}

// Partly is the end of a `get` that printed what it found, while a master with another row of that name may be away.
func Partly(away error) error {
	if away == nil || errors.Is(away, ErrPartial) {
		return away
	}
	return fmt.Errorf("%w: %w", ErrPartial, away)
}

// MissingRows says which rows of a kind a reading has left out, and why.
func MissingRows(snap *live.Snapshot, name kind.Name) error {
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
	return fmt.Errorf("%w: %s", ErrPartial, strings.Join(why, "; "))
}

// Row reads the row that key names: by its ID, or by the plain names that the ID escapes. With ErrPartial it is the first
// on the masters that answer.
func Row(ctx context.Context, c *core.Core, name kind.Name, key string) (row kind.Row, err error) {
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
		if OthersAnswer(ctx, c, err) {
			away = err
			continue
		}
		if err != nil {
			return kind.Row{}, err
		}
		if !row.None() && !row.Bad() {
			return row, Partly(away)
		}
		if bad.None() {
			bad = row
		}
	}
	if bad.None() {
		return kind.Row{}, cmp.Or(away, Missing(key))
	}
	return bad, Partly(away)
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

var ErrMissing = errors.New("not found")

func Missing(key string) error { return fmt.Errorf("%q: %w", key, ErrMissing) }

// ErrAmbiguous: several pairs can be meant.
var ErrAmbiguous = errors.New("more than one pair can be meant")

// Pair returns the ID of the pair that is named by it, DB:KEY with both names escaped, or by the names as they are
// printed, if only one pair can be meant. With ErrPartial it is the only one on the masters that answer.
func Pair(ctx context.Context, c *core.Core, named string) (string, error) {
	there := func(db, key string) (bool, error) {
		if db == "" || key == "" {
			return false, nil
		}
		found, err := c.Live.ReadRow(ctx, "pairs", conn.Escape(db)+":"+conn.Escape(key)) // and not more of its value than a row has
		return !found.None(), err
	}
	first, rest, _ := strings.Cut(named, ":")
	db, bad := conn.Unescape(first)
	key, worse := conn.Unescape(rest)
	var away error
	if bad == nil && worse == nil {
		switch ok, err := there(db, key); {
		case OthersAnswer(ctx, c, err):
			away = err
		case ok || err != nil:
			return named, err
		}
	}
	var meant []string
	for i := range len(named) {
		if named[i] != ':' {
			continue
		}
		for _, db := range asPrinted(named[:i]) {
			for _, key := range asPrinted(named[i+1:]) {
				id := conn.Escape(db) + ":" + conn.Escape(key)
				if slices.Contains(meant, id) {
					continue
				}
				switch ok, err := there(db, key); {
				case OthersAnswer(ctx, c, err):
					away = err
				case err != nil:
					return named, err
				case ok:
					meant = append(meant, id)
				}
			}
		}
	}
	switch len(meant) {
	case 0:
		return named, cmp.Or(away, Missing(named))
	case 1:
		return meant[0], Partly(away)
	}
	return named, fmt.Errorf("%q: %w: write %s", named, ErrAmbiguous, strings.Join(meant, " or "))
}

// asPrinted are the names that `get` can have printed as a text: the text itself, what it is base64 of, and what its
// escapes stand for.
func asPrinted(text string) []string {
	names := []string{text}
	if encoded, is := strings.CutPrefix(text, "base64:"); is {
		if raw, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			names = append(names, string(raw))
		}
	}
	if strings.Contains(text, `\`) {
		if raw, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`); err == nil {
			names = append(names, raw)
		}
	}
	return names
}
