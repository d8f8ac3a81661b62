package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/layout"
)

// Rows of layouts are freed and bumped by what their layouts say, as they were seen.

var errNoLayout = errors.New("no layout describes it")

// ReleaseRow plans to free or remove a row of a layout by the layout's recipe. A row that its layout never frees, or does not
// say how, is an error that says why.
func (o *Operator) ReleaseRow(of kind.Name, row kind.Row) (Action, error) {
	r, ok := o.core.Layouts.Release(of, row)
	return o.byRecipe(releasing(of), of, row.ID(), r, ok)
}

// BumpRow plans to bump a generation of a layout by the layout's recipe. Errors are as those of ReleaseRow.
func (o *Operator) BumpRow(of kind.Name, row kind.Row) (Action, error) {
	r, ok := o.core.Layouts.Bump(of, row)
	return o.byRecipe(Bump, of, row.ID(), r, ok)
}

// Refusal is why the layout of a row lets it not be released or bumped; empty where it can be, and for rows of no layout.
func (o *Operator) Refusal(verb Verb, of kind.Name, row kind.Row) string {
	recipe := o.core.Layouts.Release
	if verb == Bump {
		recipe = o.core.Layouts.Bump
	}
	if r, ok := recipe(of, row); ok && r.Why != nil {
		return r.Why.Error()
	}
	return ""
}

func releasing(of kind.Name) Verb {
	if of == "locks" {
		return Unlock
	}
	return Release
}

func (o *Operator) byRecipe(verb Verb, of kind.Name, id string, r layout.Recipe, ok bool) (Action, error) {
	if !ok {
		return Action{}, conn.Fail(string(verb), id, errNoLayout)
	}
	if r.Why != nil {
		return Action{}, conn.Fail(string(verb), id, r.Why)
	}
	return Action{
		Verb: verb, Kind: of, ID: id, Destructive: r.Destructive, Summary: withThen(r.Will, r.Then), Commands: r.Commands,
		run: func(ctx context.Context) (Outcome, error) { return o.follow(ctx, verb, of, id, r) },
	}, nil
}

func withThen(will, then string) string {
	if then == "" {
		return will
	}
	return will + ". " + then
}

// follow carries a recipe out.
func (o *Operator) follow(ctx context.Context, verb Verb, of kind.Name, id string, r layout.Recipe) (Outcome, error) {
	done, err := r.Do(ctx)
	out := Outcome{Before: told(done.Before), After: told(done.After), NoUndo: done.NoUndo}
	if err != nil {
		return out, asConflict(err)
	}
	out.Text = map[Verb]string{Bump: "bumped ", Unlock: "released ", Release: "released "}[verb] + id
	if fence, has := done.After["fence"]; has {
		out.Data = []string{fence}
	}
	if undo := done.Undo; undo != nil {
		out.Undo = &Action{
			Verb: Put, Kind: of, ID: id, Summary: undo.Will, Commands: undo.Commands,
			run: func(ctx context.Context) (Outcome, error) {
				back, err := undo.Do(ctx)
				if err != nil {
					return Outcome{}, asTaken(err)
				}
				return Outcome{Text: "put " + id + " back", After: told(back.After), NoUndo: back.NoUndo}, nil
			},
		}
	}
	return out, nil
}

// told is what a recipe changed as the trail shows it.
func told(values map[string]string) any {
	if values == nil {
		return nil
	}
	out := make(map[string]any, len(values))
	for name, value := range values {
		out[name] = text([]byte(value))
	}
	return out
}

// releaseForeign plans to free a lock of a layout by the token that was seen: the row is looked up, and its layout decides.
func (o *Operator) releaseForeign(l layout.Layout, key, token string) Action {
	will, then := fmt.Sprintf("release %s by layout %s if token %s still holds it: the holder loses the lock", key, l.Name, token), ""
	if l.Release != nil {
		then = l.Release.Then
	}
	return Action{
		Verb: Unlock, Kind: "locks", ID: key, Destructive: true, Summary: withThen(will, then),
		Commands: []string{o.script("release by layout", "locks", key, token)},
		run: func(ctx context.Context) (Outcome, error) {
			locks, _ := o.core.Kind("locks")
			id := key
			if whole, is := locks.Source.Identify(key); is && l.Rows != "key" && !strings.Contains(key, "#") {
				id = whole // all who hold it
			}
			rows, err := locks.Source.Read(conn.WithoutDoubt(ctx), []string{id})
			if err != nil {
				return Outcome{}, err
			}
			why := fmt.Errorf("%w: %w", ErrConflict, layout.ErrGone)
			for _, row := range rows { // several hold a lock that is a collection
				r, ok := o.core.Layouts.Release("locks", row)
				switch held := actorstore.LockColumns.Token; {
				case !ok:
					return Outcome{}, errNoLayout
				case r.How == "" || r.How == "never":
					return Outcome{}, r.Why
				case held.Err(row) != nil:
					why = held.Err(row)
				case held.Of(row) == token:
					return o.follow(ctx, Unlock, "locks", row.ID(), r)
				default:
					why = fmt.Errorf("%w: this token does not hold it", ErrConflict)
				}
			}
			return Outcome{}, why
		},
	}
}
