package layout

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// releaseString deletes a string that holds what was seen.
func (p *plan) releaseString(s *Set, r *Recipe, d *draft, row kind.Row) {
	key := d.keys[0]
	seen, err := p.holds(row)
	if err != nil {
		r.Why = err
		return
	}
	channel, message := p.told(d)
	r.Will = fmt.Sprintf("delete %s if it still holds %s", key, seen)
	r.Commands = spelled("compare and delete", channel, message, key, seen)
	r.do = func(ctx context.Context) (Done, error) {
		sent := time.Now()
		life, _, err := answered(releaseStringScript.Run(ctx, s.c, []string{key}, seen, channel, message))
		if err != nil {
			return Done{Before: map[string]string{"value": seen}}, conn.Fail("layout "+p.Name+": release", key, err)
		}
		ends := conn.Deadline(sent, life)
		undo := &Recipe{
			Layout: p.Name, How: r.How, Will: fmt.Sprintf("put %s back, unless it is taken again", key),
			Commands: []string{conn.Spell(append([]any{"SET", key, seen, "NX"}, lifeWords(life)...))},
			do: func(ctx context.Context) (Done, error) {
				return Done{After: map[string]string{"value": seen}, NoUndo: "release it again"},
					conn.Fail("layout "+p.Name+": put back", key, putString(ctx, s.c, key, seen, ends))
			},
		}
		return Done{Before: map[string]string{"value": seen}, Undo: undo}, nil
	}
}

// putString stores a string for what was left of its life, unless the key is taken.
func putString(ctx context.Context, c redis.UniversalClient, key, value string, ends time.Time) error {
	args := []any{"set", key, value, "nx"}
	left, err := leftOf(ends)
	if err != nil {
		return err
	}
	if left > 0 {
		args = append(args, "px", left)
	}
	if err = conn.Once(ctx, c, args...).Err(); err == redis.Nil {
		err = ErrTaken
	}
	return err
}

// releaseField deletes the field that a row is.
func (p *plan) releaseField(s *Set, r *Recipe, d *draft, row kind.Row) {
	key, field := d.keys[0], d.member
	channel, message := p.told(d)
	r.Will = fmt.Sprintf("delete the field %s of %s if it is still as shown", field, key)
	r.Commands = spelled("compare and delete field", channel, message, key, field)
	r.do = func(ctx context.Context) (Done, error) {
		fail := func(err error) error { return conn.Fail("layout "+p.Name+": release", key, err) }
		raw, err := conn.Ask(conn.WithoutDoubt(ctx), s.c, redis.NewStringCmd(ctx, "hget", key, field))
		if err == redis.Nil {
			err = ErrGone
		}
		if err = verdict(1, err); err == nil {
			err = p.asSeen(row, raw)
		}
		if err != nil {
			return Done{}, fail(err)
		}
		before := map[string]string{field: raw}
		args := append([]any{field, raw, channel, message, len(p.Release.WithLast)}, p.noRows()...)
		sent := time.Now()
		life, rest, err := answered(releaseFieldScript.Run(ctx, s.c, []string{key}, args...))
		if err == nil && len(rest) == 0 {
			err = errAnswer
		}
		if err != nil {
			return Done{Before: before}, fail(err)
		}
		ends, alone := conn.Deadline(sent, life), rest[0]
		put := []any{field, raw, nil, alone, (len(rest) - 1) / 2}
		for i, one := range rest[1:] {
			if put = append(put, one); i%2 == 1 && alone == "1" {
				before[rest[i]] = one
			}
		}
		put = append(put, p.noRows()[len(p.Release.WithLast):]...)
		undo := &Recipe{
			Layout: p.Name, How: r.How, Will: fmt.Sprintf("put the field %s of %s back, unless somebody else came in", field, key),
			Commands: spelled("put field back", "", "", key, field, raw),
			do: func(ctx context.Context) (Done, error) {
				done := Done{After: before, NoUndo: "release it again"}
				left, err := leftOf(ends)
				if err == nil {
					put[2] = orNever(left)
					err = restored(putFieldScript.Run(ctx, s.c, []string{key}, put...))
				}
				return done, conn.Fail("layout "+p.Name+": put back", key, err)
			},
		}
		return Done{Before: before, Undo: undo}, nil
	}
}

// noRows are the fields of a hash that are no rows, first those that go with the last row.
func (p *plan) noRows() (out []any) {
	with := map[string]bool{}
	for _, f := range p.Release.WithLast {
		with[f] = true
		out = append(out, f)
	}
	for _, f := range p.Skip {
		if !with[f] {
			out = append(out, f)
		}
	}
	return out
}

// releaseMember removes the member that a row is.
func (p *plan) releaseMember(s *Set, r *Recipe, d *draft, row kind.Row) {
	key, member := d.keys[0], d.member
	channel, message := p.told(d)
	r.Will = fmt.Sprintf("remove %s from %s if it is still there", member, key)
	if p.Type == "zset" {
		r.Will = fmt.Sprintf("remove %s from %s if it still has the score shown", member, key)
	}
	r.Commands = spelled("remove member", channel, message, key, member)
	r.do = func(ctx context.Context) (Done, error) {
		fail := func(err error) error { return conn.Fail("layout "+p.Name+": remove", key, err) }
		score, err := p.scoreSeen(conn.WithoutDoubt(ctx), s.c, key, row, member)
		if err != nil {
			return Done{}, fail(err)
		}
		before := map[string]string{"member": member}
		if score != "" {
			before["score"] = score
		}
		sent := time.Now()
		life, rest, err := answered(releaseMemberScript.Run(ctx, s.c, []string{key}, p.Type, member, score, channel, message))
		if err == nil && len(rest) == 0 {
			err = errAnswer
		}
		done := Done{Before: before}
		if err != nil {
			return done, fail(err)
		}
		if p.Type == "list" {
			done.NoUndo = "its place in the list is not known any more"
			return done, nil
		}
		ends := conn.Deadline(sent, life)
		done.Undo = &Recipe{
			Layout: p.Name, How: r.How, Will: fmt.Sprintf("put %s back into %s, unless it is there again", member, key),
			Commands: spelled("put member back", "", "", key, member, score),
			do: func(ctx context.Context) (Done, error) {
				left, err := leftOf(ends)
				if rest[0] == "1" { // the collection lives on, and says itself how long
					left, err = 0, nil
				}
				if err == nil {
					err = restored(putMemberScript.Run(ctx, s.c, []string{key}, p.Type, member, score, orNever(left)))
				}
				return Done{After: before, NoUndo: "remove it again"}, conn.Fail("layout "+p.Name+": put back", key, err)
			},
		}
		return done, nil
	}
}

// scoreSeen is the score of a member if that still is what was seen; empty where members have none.
func (p *plan) scoreSeen(ctx context.Context, c redis.UniversalClient, key string, row kind.Row, member string) (string, error) {
	if p.Type != "zset" {
		return "", nil
	}
	score, err := conn.Ask(ctx, c, redis.NewFloatCmd(ctx, "zscore", key, member))
	if err == redis.Nil {
		err = ErrGone
	}
	if err = verdict(1, err); err != nil {
		return "", err
	}
	return strconv.FormatFloat(score, 'g', -1, 64), p.asSeen(row, number(score))
}

// answered reads what a script of this file returns: what was left of a life in ms, and texts.
func answered(cmd *redis.Cmd) (life int64, rest []string, err error) {
	all, err := cmd.Slice()
	if err == nil && len(all) == 0 {
		err = errAnswer
	}
	if err != nil {
		return 0, nil, verdict(1, err)
	}
	code, _ := all[0].(int64)
	if err := verdict(code, nil); err != nil {
		return 0, nil, err
	}
	if len(all) < 2 {
		return 0, nil, errAnswer
	}
	life, _ = all[1].(int64)
	for _, one := range all[2:] {
		rest = append(rest, fmt.Sprint(one))
	}
	return life, rest, nil
}

// restored reads what a script returns that puts something back.
func restored(cmd *redis.Cmd) error {
	n, err := cmd.Int64()
	if err = verdict(1, err); err == nil && n == 0 {
		err = ErrTaken
	}
	return err
}

// leftOf is how many ms are left until then; 0: it never ends. What has ended meanwhile is ErrGone.
func leftOf(ends time.Time) (int64, error) {
	if ends.IsZero() {
		return 0, nil
	}
	left := time.Until(ends).Milliseconds()
	if left <= 0 {
		return 0, fmt.Errorf("%w: its time is over", ErrGone)
	}
	return left, nil
}

// orNever spells a life for a script.
func orNever(left int64) string {
	if left == 0 {
		return "-1"
	}
	return strconv.FormatInt(left, 10)
}

func lifeWords(life int64) []any {
	if life < 0 {
		return nil
	}
	return []any{"PX", "(what is left)"}
}
