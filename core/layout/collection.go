package layout

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// A collection is a key whose fields or members are rows. Its own ID ends in #, theirs begin with it.

// collection is one that is read.
type collection struct {
	id, key string
	parts   []string
	size    *redis.IntCmd // asked only where there may be more than was read
	list    redis.Cmder
}

const mark = "#"

var (
	escape   = strings.NewReplacer("%", "%25", mark, "%23")
	unescape = strings.NewReplacer("%25", "%", "%23", mark)
)

// idOf is the ID of the row of a key; where rows are fields or members, of all of them.
func (p *plan) idOf(key string) string {
	if p.spread {
		return p.behind + escape.Replace(key) + mark
	}
	return p.behind + key
}

// keyOf undoes idOf, and takes the field or member off.
func (p *plan) keyOf(id string) (key, member string, isMember bool) {
	key = strings.TrimPrefix(id, p.behind)
	if !p.spread {
		return key, "", false
	}
	key, member, _ = strings.Cut(key, mark)
	return unescape.Replace(key), member, member != ""
}

// collect reads the members of collections, the first Max of each, and single ones. What it cannot read of a collection is a
// row of its own that says so.
func (p *plan) collect(ctx context.Context, c redis.UniversalClient, whole []*collection, single []*draft) (drafts, rest []*draft, err error) {
	cells := make([]redis.Cmder, len(single))
	err = conn.Pipeline(ctx, c, func(pipe redis.Pipeliner) {
		for _, l := range whole {
			l.list = p.listOf(ctx, pipe, l.key)
		}
		for i, d := range single {
			cells[i] = p.memberOf(ctx, pipe, d)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	if err := p.countOn(ctx, c, whole); err != nil {
		return nil, nil, err
	}
	for _, l := range whole {
		members, bad := p.membersOf(l)
		drafts = append(drafts, members...)
		if bad != nil {
			rest = append(rest, &draft{id: l.id, bad: bad})
		}
	}
	for i, d := range single {
		value, found, err := answerOf(cells[i])
		switch {
		case err != nil && !conn.Refused(err):
			d.bad = err
		case err != nil:
		case p.Type == "set" && value == "false", !found:
			continue
		case p.Type != "set":
			d.value, d.hasVal = value, true
		}
		drafts = append(drafts, d)
	}
	return drafts, rest, nil
}

// countOn asks for the sizes of collections that may hold more than was read.
func (p *plan) countOn(ctx context.Context, c redis.UniversalClient, whole []*collection) error {
	var large []*collection
	for _, l := range whole {
		switch list := l.list.(type) {
		case *redis.ScanCmd:
			if _, cursor := list.Val(); cursor != 0 {
				large = append(large, l)
			}
		case *redis.StringSliceCmd:
			if len(list.Val()) >= p.Max {
				large = append(large, l)
			}
		case *redis.ZSliceCmd:
			if len(list.Val()) >= p.Max {
				large = append(large, l)
			}
		}
	}
	if len(large) == 0 {
		return nil
	}
	return conn.Pipeline(ctx, c, func(pipe redis.Pipeliner) {
		for _, l := range large {
			l.size = lengthOf(ctx, pipe, p.Type, l.key)
		}
	})
}

func (p *plan) listOf(ctx context.Context, pipe redis.Pipeliner, key string) redis.Cmder {
	switch most := int64(p.Max); p.Type {
	case "hash":
		return pipe.HScan(ctx, key, 0, "", most)
	case "set":
		return pipe.SScan(ctx, key, 0, "", most)
	case "list":
		return pipe.LRange(ctx, key, 0, most-1)
	}
	return pipe.ZRangeWithScores(ctx, key, 0, int64(p.Max)-1)
}

func (p *plan) memberOf(ctx context.Context, pipe redis.Pipeliner, d *draft) redis.Cmder {
	key := d.keys[0]
	switch p.Type {
	case "hash":
		return pipe.HGet(ctx, key, d.member)
	case "set":
		return pipe.SIsMember(ctx, key, d.member)
	case "list":
		return pipe.LPos(ctx, key, d.member, redis.LPosArgs{MaxLen: mostMax})
	}
	return pipe.ZScore(ctx, key, d.member)
}

// membersOf are the rows of a collection. bad says why not all of them are there.
func (p *plan) membersOf(l *collection) (drafts []*draft, bad error) {
	switch err := l.list.Err(); {
	case err == redis.Nil:
		return nil, nil
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		return nil, fmt.Errorf("%w: not a %s", ErrWrongType, p.Type)
	case err != nil:
		return nil, err
	}
	add := func(member, value string, hasVal bool) {
		if member == "" || len(drafts) == p.Max || slices.Contains(p.Skip, member) {
			return
		}
		drafts = append(drafts, &draft{id: l.id + member, parts: l.parts, keys: []string{l.key}, member: member, value: value, hasVal: hasVal})
	}
	switch c := l.list.(type) {
	case *redis.ScanCmd:
		page, _ := c.Val()
		for i := 0; i < len(page); i++ {
			if p.Type == "hash" && i+1 < len(page) {
				add(page[i], page[i+1], true)
				i++
			} else {
				add(page[i], "", false)
			}
		}
	case *redis.StringSliceCmd:
		seen := map[string]bool{}
		for _, one := range c.Val() {
			if !seen[one] { // a list may hold one twice
				add(one, "", false)
			}
			seen[one] = true
		}
	case *redis.ZSliceCmd:
		for _, z := range c.Val() {
			add(fmt.Sprint(z.Member), number(z.Score), true)
		}
	}
	if l.size == nil {
		return drafts, nil
	}
	if err := l.size.Err(); err != nil {
		bad = fmt.Errorf("how many there are is not known: %w", err)
	}
	if n := l.size.Val(); n > int64(p.Max) {
		bad = fmt.Errorf("%w: the first %s of %s", ErrMore, humanize.Comma(int64(len(drafts))), humanize.Comma(n))
	}
	return drafts, bad
}
