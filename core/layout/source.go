package layout

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// source is the kind.Source of a view: the rows of a primitive, where the view has them, and those of layouts.
type source struct {
	c     redis.UniversalClient
	base  kind.Source // nil: none
	plans []*plan
	by    [256][]*plan     // the plans whose keys begin with a byte
	other []*plan          // those whose keys begin with anything
	named map[string]*plan // those whose rows' IDs begin with their name and a slash
}

func newSource(c redis.UniversalClient, base kind.Source, plans []*plan) *source {
	s := &source{c: c, base: base, plans: plans, named: map[string]*plan{}}
	for _, p := range plans {
		if p.behind != "" {
			s.named[p.Name] = p
		}
		for _, t := range p.keys {
			start := t.prefix()
			switch {
			case start == "":
				s.other = append(s.other, p)
			case !slices.Contains(s.by[start[0]], p):
				s.by[start[0]] = append(s.by[start[0]], p)
			}
		}
	}
	return s
}

// Patterns are the SCAN patterns of all keys.
func (s *source) Patterns() (out []string) {
	if s.base != nil {
		out = s.base.Patterns()
	}
	for _, p := range s.plans {
		for _, t := range p.keys {
			out = append(out, t.glob())
		}
	}
	return out
}

// Identify tells which row a raw key belongs to, or which collection.
func (s *source) Identify(key string) (id string, ok bool) {
	if p, parts := s.planOf(key); p != nil {
		return p.identify(parts), true
	}
	if s.base != nil {
		return s.base.Identify(key)
	}
	return "", false
}

// identify is the ID of the row whose keys have these parts, given as those of the first key.
func (p *plan) identify(parts []string) string { return p.idOf(p.keysOf(parts)[0]) }

// planOf is the layout that claims a key, with the parts of its first key.
func (s *source) planOf(key string) (*plan, []string) {
	if key == "" {
		return nil, nil
	}
	for _, list := range [][]*plan{s.by[key[0]], s.other} {
		for _, p := range list {
			for _, t := range p.keys {
				if values, ok := t.match(key); ok {
					return p, p.inOrder(t, values)
				}
			}
		}
	}
	return nil, nil
}

// inOrder gives the values of another key's parts in the order of the first's.
func (p *plan) inOrder(t *template, values []string) []string {
	if t == p.keys[0] {
		return values
	}
	names, out := t.names, make([]string, len(values))
	for i, name := range p.keys[0].names {
		out[i] = values[slices.Index(names, name)]
	}
	return out
}

// rowOf is the layout that an ID belongs to; nil: the base.
func (s *source) rowOf(id string) *plan {
	if id == "" {
		return nil
	}
	if len(s.named) > 0 {
		name, _, _ := strings.Cut(id, "/")
		if p := s.named[name]; p != nil && p.has(id) {
			return p
		}
		return nil
	}
	for _, list := range [][]*plan{s.by[id[0]], s.other} {
		for _, p := range list {
			if p.has(id) {
				return p
			}
		}
	}
	return nil
}

// has tells whether an ID is of a row of the layout.
func (p *plan) has(id string) bool {
	key, _, _ := p.keyOf(id)
	_, ok := p.keys[0].match(key)
	return ok && strings.HasPrefix(id, p.behind)
}

// Collects tells whether an ID stands for all rows whose IDs begin with it.
func (s *source) Collects(id string) bool {
	p := s.rowOf(id)
	return p != nil && p.spread && strings.IndexByte(id, mark[0]) == len(id)-1
}

// Unwatched tells whether columns of a row read other keys than its own, whose changes are not told as the row's.
func (s *source) Unwatched(id string) bool {
	p := s.rowOf(id)
	return p != nil && p.reads
}

// Read reads rows of every layout, and of the base.
func (s *source) Read(ctx context.Context, ids []string) ([]kind.Row, error) {
	if len(s.plans) == 0 && s.base != nil {
		return s.base.Read(ctx, ids)
	}
	of := map[*plan][]string{}
	for _, id := range ids {
		p := s.rowOf(id)
		of[p] = append(of[p], id)
	}
	var rows []kind.Row
	if s.base != nil && len(of[nil]) > 0 {
		var err error
		if rows, err = s.base.Read(ctx, of[nil]); err != nil {
			return nil, err
		}
	}
	for _, p := range s.plans {
		if len(of[p]) == 0 {
			continue
		}
		more, err := p.read(ctx, s.c, of[p])
		if err != nil {
			return nil, conn.Fail("layout "+p.Name+": read", "", err)
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// Keys are the raw keys that make up a row.
func (s *source) Keys(id string) []string {
	p := s.rowOf(id)
	switch {
	case p != nil:
		key, _, _ := p.keyOf(id)
		parts, _ := p.keys[0].match(key)
		return p.keysOf(parts)
	case s.base != nil:
		return s.base.Keys(id)
	}
	return []string{id}
}

// Size is 0: Inspect reads the beginning of what is large.
func (s *source) Size(ctx context.Context, id string) (int64, error) {
	if p := s.rowOf(id); p != nil {
		return 0, nil
	}
	if sizing, is := s.base.(kind.Sizing); is {
		return sizing.Size(ctx, id)
	}
	return 0, nil
}

// Related are the documents that a row of the base names.
func (s *source) Related(id string, body []byte) []string {
	if r, is := s.base.(kind.Relating); is && s.rowOf(id) == nil {
		return r.Related(id, body)
	}
	return nil
}

// maxShown is how many elements of a collection are shown in a detail.
const maxShown = 100

// Inspect reads the content of a row: a string as it is, other keys as JSON, the first elements of each.
func (s *source) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	p := s.rowOf(id)
	if p == nil {
		if s.base == nil {
			return nil, false, nil
		}
		return s.base.Inspect(ctx, id)
	}
	key, member, isMember := p.keyOf(id)
	if isMember {
		return p.inspectMember(ctx, s.c, key, member)
	}
	if p.Type == "string" && len(p.keys) == 1 {
		text, err := conn.Ask(ctx, s.c, redis.NewStringCmd(ctx, "getrange", key, "0", conn.MaxUnasked-1))
		return []byte(text), err == nil && text != "", conn.Fail("layout "+p.Name+": inspect", key, err)
	}
	return p.inspectKeys(ctx, s.c, s.Keys(id))
}

func (p *plan) inspectMember(ctx context.Context, c redis.UniversalClient, key, member string) ([]byte, bool, error) {
	var cmd redis.Cmder
	err := conn.Pipeline(ctx, c, func(pipe redis.Pipeliner) {
		cmd = p.memberOf(ctx, pipe, &draft{keys: []string{key}, member: member})
	})
	if err != nil {
		return nil, false, conn.Fail("layout "+p.Name+": inspect", key, err)
	}
	value, found, err := answerOf(cmd)
	if p.Type == "set" {
		found, value = found && value == "true", member
	}
	return []byte(value), found, conn.Fail("layout "+p.Name+": inspect", key, err)
}

// inspectKeys shows keys of several types as one JSON document.
func (p *plan) inspectKeys(ctx context.Context, c redis.UniversalClient, keys []string) ([]byte, bool, error) {
	op := "layout " + p.Name + ": inspect"
	types := make([]*redis.StatusCmd, len(keys))
	if err := conn.Pipeline(ctx, c, func(pipe redis.Pipeliner) {
		for i, key := range keys {
			types[i] = pipe.Type(ctx, key)
		}
	}); err != nil {
		return nil, false, conn.Fail(op, keys[0], err)
	}
	contents := make([]redis.Cmder, len(keys))
	if err := conn.Pipeline(ctx, c, func(pipe redis.Pipeliner) {
		pipe.Exists(ctx, keys[0])
		for i, key := range keys {
			contents[i] = contentOf(ctx, pipe, types[i].Val(), key)
		}
	}); err != nil {
		return nil, false, conn.Fail(op, keys[0], err)
	}
	var parts []any
	for i, key := range keys {
		if contents[i] != nil && contents[i].Err() == nil {
			parts = append(parts, map[string]any{"key": key, "type": types[i].Val(), "content": shownOf(contents[i])})
		}
	}
	if len(parts) == 0 {
		return nil, false, nil
	}
	var doc any = parts
	if len(keys) == 1 {
		doc = parts[0].(map[string]any)["content"]
	}
	body, err := json.Marshal(doc)
	return body, err == nil, conn.Fail(op, keys[0], err)
}

func contentOf(ctx context.Context, pipe redis.Pipeliner, typ, key string) redis.Cmder {
	switch typ {
	case "string":
		return pipe.GetRange(ctx, key, 0, conn.MaxUnasked-1)
	case "hash":
		return pipe.HScan(ctx, key, 0, "", maxShown)
	case "set":
		return pipe.SScan(ctx, key, 0, "", maxShown)
	case "list":
		return pipe.LRange(ctx, key, 0, maxShown-1)
	case "zset":
		return pipe.ZRangeWithScores(ctx, key, 0, maxShown-1)
	}
	return nil
}

func shownOf(cmd redis.Cmder) any {
	switch c := cmd.(type) {
	case *redis.StringCmd:
		return c.Val()
	case *redis.StringSliceCmd:
		return c.Val()
	case *redis.ScanCmd:
		page, _ := c.Val()
		if c.Args()[0] != "hscan" {
			return page[:min(len(page), maxShown)]
		}
		fields := map[string]string{}
		for i := 0; i+1 < len(page) && len(fields) < maxShown; i += 2 {
			fields[page[i]] = page[i+1]
		}
		return fields
	case *redis.ZSliceCmd:
		members := make([]map[string]any, len(c.Val()))
		for i, z := range c.Val() {
			members[i] = map[string]any{"member": z.Member, "score": z.Score}
		}
		return members
	}
	return nil
}
