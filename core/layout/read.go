package layout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
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
	for trip := 0; trip <= p.trips; trip++ {
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
	names := p.keys[0].parts()
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
		if i := slices.Index(p.keys[0].parts(), name); i >= 0 {
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
	if d.cells == nil {
		d.cells = make([]cell, len(p.columns))
	}
	if trip == 0 {
		if d.row != nil {
			for _, key := range d.keys {
				d.row.types = append(d.row.types, pipe.Type(ctx, key))
				asked = true
			}
		}
		for i := range p.columns {
			if col := &p.columns[i]; col.From == "field" && col.trip == 1 {
				if key, field, ok := p.fieldOf(d, col); ok {
					d.cells[i].size = pipe.HStrLen(ctx, key, field)
					asked = true
				}
			}
		}
		return asked
	}
	for i := range p.columns {
		if p.columns[i].trip == trip && p.askColumn(ctx, pipe, d, &p.columns[i], &d.cells[i]) {
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

// hear takes in the answers of a trip.
func (p *plan) hear(d *draft, trip int) {
	if d.gone || d.bad != nil {
		return
	}
	if trip == 0 {
		p.hearTypes(d)
		for i := range p.columns { // what needs no command is known now, or after the columns that it names
			p.solve(d, &p.columns[i], &d.cells[i])
		}
		return
	}
	for i := range p.columns {
		if col, at := &p.columns[i], &d.cells[i]; col.trip == trip && at.cmd != nil && !at.solved {
			at.value, at.found, at.err = answerOf(at.cmd)
			at.solved = true
			p.refine(d, col, at)
		}
	}
	for i := range p.columns {
		p.solve(d, &p.columns[i], &d.cells[i])
	}
}

// hearTypes tells whether the row is there, and whether its first key is what the layout says. A key whose type the server
// does not tell is read like the others.
func (p *plan) hearTypes(d *draft) {
	if d.row == nil {
		return
	}
	there := false
	for i, cmd := range d.row.types {
		typ, err := cmd.Result()
		if err != nil {
			if conn.NoAnswer(err) {
				d.bad = err
			}
			there, d.doubt = true, true
			continue
		}
		there = there || typ != "none"
		if i == 0 && typ != "none" && typ != p.Type {
			d.bad = fmt.Errorf("%w: a %s, not a %s", ErrWrongType, typ, p.Type)
		}
	}
	d.gone = !there
}

// solve fills what is known without a command.
func (p *plan) solve(d *draft, col *column, at *cell) {
	if at.solved || sends(col, p) {
		return
	}
	switch col.From {
	case "part":
		at.value = d.parts[slices.Index(p.keys[0].parts(), col.Part)]
		at.found = true
	case "key":
		at.value, at.found = d.keys[0], true
	case "member":
		at.value, at.found = d.member, true
	case "value", "score":
		at.value, at.found = d.value, d.hasVal
	case "sum":
		if !p.add(d, col, at) {
			return
		}
	case "text":
		if at.value, at.found = col.text.fill(p.lookup(d)); !at.found {
			return // perhaps after the next trip
		}
	}
	at.solved = true
	p.refine(d, col, at)
}

// add sums up columns once all of them are known; those that found nothing count for none.
func (p *plan) add(d *draft, col *column, at *cell) (known bool) {
	var sum int64
	for i := range p.columns {
		if !slices.Contains(col.Sum, p.columns[i].Name) {
			continue
		}
		switch one := &d.cells[i]; {
		case !one.solved:
			return false
		case one.err != nil:
			at.err = one.err
		case one.found:
			n, err := wholeNumber(one.value)
			if err != nil {
				at.err = err
			}
			sum, at.found = sum+n, true
		}
	}
	at.value = strconv.FormatInt(sum, 10)
	return true
}

func (p *plan) refine(d *draft, col *column, at *cell) {
	if at.err == nil && at.found {
		p.refineFound(d, col, at)
	}
	if at.err == nil && !at.found && col.Missing != "" {
		at.value, at.found = col.Missing, true
	}
}

func (p *plan) refineFound(d *draft, col *column, at *cell) {
	if len(at.value) > conn.MaxUnasked {
		at.found, at.err = false, conn.ErrTooLarge
		return
	}
	if col.From == "value" && col.key == nil && p.match != nil && !p.match.MatchString(at.value) {
		d.bad = fmt.Errorf("%w: %s does not match", ErrValue, short(at.value))
		return
	}
	at.value, at.found, at.err = col.refine(at.value)
	if at.err != nil {
		d.bad = fmt.Errorf("%w: %s: %w", ErrValue, col.Name, at.err)
	}
}

// answerOf is what a command brought, as text.
func answerOf(cmd redis.Cmder) (value string, found bool, err error) {
	if err := cmd.Err(); err != nil {
		if err == redis.Nil {
			return "", false, nil
		}
		return "", false, err
	}
	switch c := cmd.(type) {
	case *redis.StringCmd:
		return c.Val(), c.Args()[0] != "getrange" || c.Val() != "", nil
	case *redis.IntCmd:
		return strconv.FormatInt(c.Val(), 10), true, nil
	case *redis.BoolCmd:
		return strconv.FormatBool(c.Val()), true, nil
	case *redis.FloatCmd:
		return number(c.Val()), true, nil
	case *redis.StringSliceCmd:
		if len(c.Val()) == 0 {
			return "", false, nil
		}
		return c.Val()[0], true, nil
	case *redis.ZSliceCmd:
		if len(c.Val()) == 0 {
			return "", false, nil
		}
		return number(c.Val()[0].Score), true, nil
	}
	return "", false, fmt.Errorf("unexpected answer to %s", cmd.Name())
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// pack writes a row. A column that the server refused to answer is not known, with the reason.
func (p *plan) pack(b *kind.Builder, d *draft, now time.Time) {
	if d.gone {
		return
	}
	b.Row(d.id)
	p.layout.Set(b, p.Name)
	p.stamp(b, now)
	b.Bad(d.bad)
	for i := range p.columns {
		col := &p.columns[i]
		if i >= len(d.cells) || col.hidden {
			continue
		}
		at := &d.cells[i]
		switch {
		case conn.Refused(at.err):
			col.handle.Unknown(b, at.err)
		case at.err != nil && d.bad == nil:
			b.Bad(fmt.Errorf("%s: %w", col.Name, at.err))
		case at.err != nil:
		case col.From == "contains":
			kindBool(b, col, at)
		case !at.found:
		case col.From == "ttl":
			p.setTTL(b, col, at.value, now)
		default:
			if err := col.set(b, at.value); err != nil && d.bad == nil {
				b.Bad(fmt.Errorf("%w: %s: %w", ErrValue, col.Name, err))
			}
		}
	}
}

// kindBool sets what contains found: a score is a yes, nothing is a no.
func kindBool(b *kind.Builder, col *column, at *cell) {
	yes := at.found && at.value != "false"
	_ = col.set(b, strconv.FormatBool(yes))
}

// setTTL sets a time to live in ms: -1 is never.
func (p *plan) setTTL(b *kind.Builder, col *column, ms string, now time.Time) {
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil || n < 0 {
		return
	}
	if col.handle.Type() == kind.TypeDuration {
		kind.Duration{Column: col.handle}.Set(b, time.Duration(n)*time.Millisecond)
		return
	}
	kind.Time{Column: col.handle}.Set(b, conn.Deadline(now, n).Add(col.add))
}
