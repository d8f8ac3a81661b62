package layout

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// Sentinels of rows.
var (
	ErrWrongType = errors.New("the key has another type than its layout says")
	ErrValue     = errors.New("not what its layout describes")
	ErrMore      = errors.New("not all of a collection is shown")
)

var errSentinels = []error{ErrWrongType, ErrValue, ErrMore, conn.ErrTooLarge}

// draft is a row that is being read.
type draft struct {
	id     string
	parts  []string // of the key
	keys   []string // all that make it up
	member string   // where rows are fields or members
	value  string   // of the field, or the score of the member
	hasVal bool
	row    *question // of the keys; nil for a member, which its collection answers for
	cells  []cell    // by column
	doubt  bool      // the server does not tell whether it is there
	gone   bool
	bad    error
}

// question is what is asked of the keys of a row.
type question struct {
	types []*redis.StatusCmd
}

// cell is what is known of one column.
type cell struct {
	cmd    redis.Cmder
	size   *redis.IntCmd // of a field, asked first
	value  string
	found  bool
	err    error
	solved bool
}

// read reads rows by their IDs: those of keys, of single members, and of collections, which stand for all their members.
// The error is a transport error only.
func (p *plan) read(ctx context.Context, c redis.UniversalClient, ids []string) ([]kind.Row, error) {
	drafts, rest, err := p.drafts(ctx, c, ids)
	if err != nil {
		return nil, err
	}
	for _, d := range drafts {
		d.cells = make([]cell, len(p.columns))
		if p.firstTrip > 0 {
			p.hear(d, 0)
		}
	}
	for trip := p.firstTrip; trip <= p.trips; trip++ {
		asked := false
		err := conn.Pipeline(ctx, c, func(pipe redis.Pipeliner) {
			for _, d := range drafts {
				if p.ask(ctx, pipe, d, trip) {
					asked = true
				}
			}
			if !asked {
				pipe.Ping(ctx) // a pipeline of nothing is an error of its own
			}
		})
		if err != nil {
			return nil, err
		}
		for _, d := range drafts {
			p.hear(d, trip)
		}
	}
	if err := p.checkDoubts(ctx, c, drafts); err != nil {
		return nil, err
	}
	now := time.Now()
	b := p.schema.Builder(len(drafts) + len(rest))
	for _, d := range drafts {
		p.pack(b, d, now)
	}
	for _, r := range rest {
		b.Row(r.id)
		p.layout.Set(b, p.Name)
		b.Bad(r.bad)
	}
	return b.Rows(), nil
}

// checkDoubts asks whether the rows are there whose types the server does not tell and of which nothing was found.
func (p *plan) checkDoubts(ctx context.Context, c redis.UniversalClient, drafts []*draft) error {
	var doubtful []*draft
	var keys []string
	for _, d := range drafts {
		if d.doubt && !slices.ContainsFunc(d.cells, func(at cell) bool { return at.cmd != nil && at.found }) {
			doubtful, keys = append(doubtful, d), append(keys, d.keys...)
		}
	}
	gone, err := conn.Gone(ctx, c, keys)
	if err != nil {
		return err
	}
	for _, d := range doubtful {
		d.gone = !slices.ContainsFunc(d.keys, func(key string) bool { return !gone[key] })
	}
	return nil
}

// drafts begins the rows of IDs; collections become their members. rest are rows that say what is wrong with a collection
// or that it is not all shown.
func (p *plan) drafts(ctx context.Context, c redis.UniversalClient, ids []string) (drafts, rest []*draft, err error) {
	var whole []*collection
	var single []*draft
	for _, id := range ids {
		key, member, isMember := p.keyOf(id)
		parts, ok := p.keys[0].match(key)
		if !ok {
			continue
		}
		d := &draft{id: id, parts: parts, member: member}
		switch {
		case !p.spread:
			d.keys = p.keysOf(parts)
			d.row = &question{}
			drafts = append(drafts, d)
		case isMember:
			d.keys = []string{key}
			single = append(single, d)
		default:
			whole = append(whole, &collection{id: id, key: key, parts: parts})
		}
	}
	if len(whole)+len(single) == 0 {
		return drafts, nil, nil
	}
	members, rest, err := p.collect(ctx, c, whole, single)
	return append(drafts, members...), rest, err
}

// keysOf are the keys of the row with these parts, which are those of the first key in order.
func (p *plan) keysOf(parts []string) []string {
	out := make([]string, len(p.keys))
	names := p.keys[0].names
	for i, t := range p.keys {
		out[i], _ = t.fill(func(name string) (string, bool) {
			at := slices.Index(names, name)
			return parts[at], true
		})
	}
	return out
}

// lookup is the value of a part or of a column above.
func (p *plan) lookup(d *draft) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if i := slices.Index(p.keys[0].names, name); i >= 0 {
			return d.parts[i], true
		}
		switch {
		case name == "member" && p.spread:
			return d.member, true
		case name == "key":
			return d.keys[0], true
		}
		for i, col := range p.columns {
			if col.Name == name && i < len(d.cells) {
				return d.cells[i].value, d.cells[i].found
			}
		}
		return "", false
	}
}

// ask sends what a trip needs. The first, 0, asks the types of the keys and the sizes of fields beside what trip 1 asks;
// fields are fetched with the trip after.
func (p *plan) ask(ctx context.Context, pipe redis.Pipeliner, d *draft, trip int) (asked bool) {
	if d.gone || d.bad != nil {
		return false
	}
	if trip == 0 {
		if d.row != nil {
			for _, key := range d.keys {
				d.row.types = append(d.row.types, pipe.Type(ctx, key))
				asked = true
			}
		}
		for i := range p.columns {
			if col := &p.columns[i]; col.From == "field" && col.trip == 1 && col.same == 0 {
				if key, field, ok := p.fieldOf(d, col); ok {
					d.cells[i].size = pipe.HStrLen(ctx, key, field)
					asked = true
				}
			}
		}
		return asked
	}
	for i := range p.columns {
		switch col, at := &p.columns[i], &d.cells[i]; {
		case col.trip != trip || !sends(col, p):
		case col.same > 0:
			above := &d.cells[col.same-1]
			at.cmd, at.err, at.solved = above.cmd, above.err, above.solved
		case p.askColumn(ctx, pipe, d, col, at):
			asked = true
		}
	}
	return asked
}

func (p *plan) fieldOf(d *draft, col *column) (key, field string, ok bool) {
	key, ok = p.target(d, col)
	if !ok {
		return "", "", false
	}
	field, ok = col.field.fill(p.lookup(d))
	return key, field, ok
}

// target is the key that a column reads.
func (p *plan) target(d *draft, col *column) (string, bool) {
	if col.key == nil {
		return d.keys[0], true
	}
	return col.key.fill(p.lookup(d))
}

func (p *plan) askColumn(ctx context.Context, pipe redis.Pipeliner, d *draft, col *column, at *cell) bool {
	key, ok := p.target(d, col)
	if !ok {
		at.solved = true
		return false
	}
	of := col.Of
	if col.key == nil {
		of = p.Type
	}
	member := ""
	if col.member != nil {
		if member, ok = col.member.fill(p.lookup(d)); !ok {
			at.solved = true
			return false
		}
	}
	switch col.From {
	case "value":
		at.cmd = pipe.GetRange(ctx, key, 0, conn.MaxUnasked)
	case "field":
		_, field, ok := p.fieldOf(d, col)
		if ok && at.size != nil {
			if at.err = at.size.Err(); at.err == nil && at.size.Val() > conn.MaxUnasked {
				at.err = conn.TooLarge(at.size.Val())
			}
		}
		if !ok || at.err != nil {
			at.solved = true
			return false
		}
		at.cmd = pipe.HGet(ctx, key, field)
	case "score":
		at.cmd = pipe.ZScore(ctx, key, member)
	case "contains":
		switch of {
		case "set":
			at.cmd = pipe.SIsMember(ctx, key, member)
		case "hash":
			at.cmd = pipe.HExists(ctx, key, member)
		default:
			at.cmd = pipe.ZScore(ctx, key, member)
		}
	case "exists":
		at.cmd = pipe.Exists(ctx, key)
	case "ttl":
		at.cmd = conn.PTTL(ctx, pipe, key)
	case "length":
		at.cmd = lengthOf(ctx, pipe, of, key)
	case "first", "last":
		place := int64(0)
		if col.From == "last" {
			place = -1
		}
		if of == "list" {
			at.cmd = pipe.LIndex(ctx, key, place)
		} else {
			at.cmd = pipe.ZRange(ctx, key, place, place)
		}
	case "first-score":
		at.cmd = pipe.ZRangeWithScores(ctx, key, 0, 0)
	case "last-score":
		at.cmd = pipe.ZRangeWithScores(ctx, key, -1, -1)
	}
	return at.cmd != nil
}

func lengthOf(ctx context.Context, pipe redis.Pipeliner, of, key string) *redis.IntCmd {
	switch of {
	case "list":
		return pipe.LLen(ctx, key)
	case "set":
		return pipe.SCard(ctx, key)
	case "zset":
		return pipe.ZCard(ctx, key)
	case "hash":
		return pipe.HLen(ctx, key)
	case "stream":
		return pipe.XLen(ctx, key)
	}
	return pipe.StrLen(ctx, key)
}
