package layout

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// Bump is how a generation of a layout is bumped by hand; ok is false for a row that no layout describes.
func (s *Set) Bump(view kind.Name, row kind.Row) (r Recipe, ok bool) {
	p, d := s.find(view, row.ID())
	if p == nil {
		return Recipe{}, false
	}
	r.Layout = p.Name
	switch {
	case p.Bump == nil:
		r.Why = fmt.Errorf("layout %s: %w", p.Name, ErrNoRecipe)
	case row.Schema() != p.schema:
		r.Why = ErrUnseen // a row of another Set
	case row.Bad():
		r.Why = fmt.Errorf("%w: %w", ErrUnseen, row.Problem())
	default:
		r.How, r.Then = p.Bump.How, p.Bump.Then
		p.newFence(s, &r, d, row)
	}
	return r, true
}

// newFence renews the fence that a string is, and deletes what was made under the old one.
func (p *plan) newFence(s *Set, r *Recipe, d *draft, row kind.Row) {
	seen, err := p.holds(row)
	keys := d.keys[:1:1]
	r.Will = fmt.Sprintf("renew the fence of %s if it still is %s", keys[0], seen)
	if p.drop != nil {
		drop, _ := p.drop.fill(p.lookup(d))
		keys = append(keys, drop)
		r.Will += ", and delete " + drop
		r.Destructive = true
		if err == nil && !conn.SingleServer(s.c) && conn.HashTag(keys[0]) != conn.HashTag(drop) {
			err = fmt.Errorf("%s and %s: %w", keys[0], drop, ErrApart)
		}
	}
	if r.Why = err; err != nil {
		return
	}
	spell := []any{"EVALSHA", "(new fence)"}
	for _, key := range keys {
		spell = append(spell, key)
	}
	r.Commands = []string{conn.Spell(append(spell, seen, "(a random one)"))}
	r.do = func(ctx context.Context) (Done, error) {
		random := make([]byte, p.Bump.Length/2)
		_, _ = rand.Read(random) // it never fails
		fence := hex.EncodeToString(random)
		done := Done{Before: map[string]string{"fence": seen}, NoUndo: "what was built on the old fence is gone or stale"}
		if err := verdict(fenceScript.Run(ctx, s.c, keys, seen, fence).Int64()); err != nil {
			return done, conn.Fail("layout "+p.Name+": bump", keys[0], err)
		}
		done.After = map[string]string{"fence": fence}
		return done, nil
	}
}
