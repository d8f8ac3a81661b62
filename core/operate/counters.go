package operate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/genstore"
)

// BumpGeneration plans to raise a generation by one; caches built on the old one are stale from then on. The counter
// keeps its time to live. Without a namespace the key is everything after the prefix.
func (o *Operator) BumpGeneration(namespace, key string) Action {
	id := genstore.IDOf(namespace, key)
	of := key
	if namespace != "" {
		of += " in " + namespace
	}
	return Action{
		Verb: Bump, Kind: "generations", ID: id,
		Summary:  fmt.Sprintf("raise the generation of %s by one: caches built on the old one become stale", of),
		Commands: []string{o.script("bump", "generations", id)},
		run: func(ctx context.Context) (Outcome, error) {
			n, err := o.core.Generations.Bump(ctx, namespace, key)
			if err != nil {
				return Outcome{}, err
			}
			return Outcome{
				Text: fmt.Sprintf("%s is at generation %d", id, n), Data: []string{strconv.FormatUint(n, 10)},
				Before: n - 1, After: n, NoUndo: "generations only rise",
			}, nil
		},
	}
}

// ErrHeld refuses a lock that somebody else holds.
var ErrHeld = conn.Precondition("the lock is held")

// CheckToken refuses a token that could not be told from what stands beside it in a line; an empty one stands for a
// random one.
func CheckToken(token string) error {
	if strings.ContainsFunc(token, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		return errors.New("a token is one word of visible characters")
	}
	return nil
}

// TakeLock plans to take a lock for ttl with a token, a random one where it is empty. A lock that is held is left alone.
func (o *Operator) TakeLock(key, token string, ttl time.Duration) (Action, error) {
	if ttl <= 0 {
		return Action{}, fmt.Errorf("lock %q: a lock needs a time to live above 0, not %v", key, ttl)
	}
	if key == "" {
		return Action{}, errors.New("lock: a lock needs a key")
	}
	if err := CheckToken(token); err != nil {
		return Action{}, fmt.Errorf("lock %q: %w", key, err)
	}
	if token == "" {
		token = "holdfast-" + rand.Text()
	}
	return Action{
		Verb: Lock, Kind: "locks", ID: key, Warning: o.unusualLock(key, ttl),
		Summary:  fmt.Sprintf("take %s for %v", key, ttl),
		Commands: []string{o.script("acquire", "locks", key, token, max(1, ttl.Milliseconds()))},
		run: func(ctx context.Context) (Outcome, error) {
			fence, ok, err := o.core.Actors.AcquireLockFenced(ctx, key, token, ttl)
			switch {
			case conn.Unreachable(err):
				return Outcome{}, fmt.Errorf("%w; if it was taken, its token is %s", err, token)
			case err != nil:
				return Outcome{}, err
			case !ok:
				return Outcome{}, o.held(key)
			}
			undo := o.ReleaseLock(key, token, fence)
			return Outcome{
				Text:  fmt.Sprintf("took %s for %v, token %s, fence %d", key, ttl, token, fence),
				Data:  []string{fmt.Sprintf("%s %d", token, fence)},
				After: map[string]any{"token": token, "fence": fence, "ttl_ms": ttl.Milliseconds()},
				Undo:  &undo,
			}, nil
		},
	}, nil
}

// usualLock bounds the time to live that is not asked about: what waits for a lock waits for minutes.
const usualLock = 24 * time.Hour

// unusualLock says why a lock may be a mistake.
func (o *Operator) unusualLock(key string, ttl time.Duration) string {
	var why []string
	locks, _ := o.core.Kind("locks")
	if _, shown := locks.Source.Identify(key); !shown {
		why = append(why, fmt.Sprintf("no view would show it: only locks under %s are shown", o.core.Prefixes.Of(actorstore.LockPrefix)))
	}
	if l, foreign := o.core.Layouts.Of("locks", key); foreign {
		why = append(why, fmt.Sprintf("it is of layout %s, whose clients take their locks in their own way", l.Name))
	}
	if ttl > usualLock {
		why = append(why, fmt.Sprintf("it would be held for %v, longer than %v", ttl, usualLock))
	}
	return strings.Join(why, "; ")
}

// held is an ErrHeld that says for how long still, where the last reading of the locks tells.
func (o *Operator) held(key string) error {
	row, known := o.core.Live.Snapshot().Table("locks").Get(key)
	if !known {
		return ErrHeld
	}
	left := time.Until(row.Deadline())
	switch {
	case left < time.Second: // none, or it is not this holder any more
		return ErrHeld
	case left < time.Minute:
		return fmt.Errorf("%w for %v more", ErrHeld, left.Truncate(time.Second))
	}
	return fmt.Errorf("%w for %s more", ErrHeld, strings.TrimSuffix(left.Truncate(time.Minute).String(), "0s"))
}

// ReleaseLock plans to release a lock by the token that was seen, and by its fence unless that is 0: a lock that
// changed hands meanwhile is left alone. A lock of a layout is released as its layout says, or not at all.
func (o *Operator) ReleaseLock(key, token string, fence int64) Action {
	if l, foreign := o.core.Layouts.Of("locks", key); foreign {
		return o.releaseForeign(l, key, token)
	}
	return Action{
		Verb: Unlock, Kind: "locks", ID: key, Destructive: true,
		Summary:  fmt.Sprintf("release %s if token %s still holds it: the holder loses the lock", key, token),
		Commands: []string{o.script("release", "locks", key, token)},
		run: func(ctx context.Context) (Outcome, error) {
			seen := map[string]any{"token": text([]byte(token))}
			if fence != 0 {
				seen["fence"] = fence
			}
			out := Outcome{Before: seen, NoUndo: "nobody can take the lock again for its owner; it is free now"}
			err := o.core.Actors.ReleaseLockFenced(ctx, key, token, fence)
			if errors.Is(err, actorstore.ErrFailedPrecondition) {
				err = fmt.Errorf("%w: %w", ErrConflict, err)
			}
			out.Text = "released " + key
			return out, err
		},
	}
}
