package layout

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// How the answers of the server become rows.

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
			if p.valueTells && col.key == nil {
				p.tell(d, col, at)
			}
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
	if d.row == nil || p.valueTells {
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

// tell takes from the value of a string, and from its time to live, whether the row is there and what the layout says.
func (p *plan) tell(d *draft, col *column, at *cell) {
	switch {
	case col.From == "ttl" && at.value == "-2":
		d.gone = true
	case col.From != "value":
	case redis.HasErrorPrefix(at.err, "WRONGTYPE"):
		d.bad = fmt.Errorf("%w: not a string", ErrWrongType)
	case conn.NoAnswer(at.err):
		d.bad = at.err
	case !at.found:
		d.doubt = true
	}
}

// solve fills what is known without a command.
func (p *plan) solve(d *draft, col *column, at *cell) {
	if at.solved || sends(col, p) {
		return
	}
	switch col.From {
	case "part":
		at.value = d.parts[slices.Index(p.keys[0].names, col.Part)]
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
