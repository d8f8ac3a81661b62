package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// A range is read in two steps: which keys there are, then their records. Either one script reads all of these and tells
// what the range has become meanwhile (rangeTogether), or single reads do, and the version of each record shows that it
// has not changed since the keys were read (rangeApart). Both give one instant, or begin anew.

// togetherMax is how many records a script reads without need: while it runs the server does nothing else.
const togetherMax = 1000

// ranged is a range as it was at one instant.
type ranged struct {
	records Records
	bad     []error // of keys that cannot be read
}

// GetRange is Storage.GetRange. A range that changes faster than it can be read is an error; where the keys of the
// namespace are on the move to another node, or there are more than 1,000, that is the sooner.
func (s *RedisStorage) GetRange(ctx context.Context, startKey, endKey Key) (Records, error) {
	const op = "record: range"
	if err := check(ctx); err != nil {
		return nil, conn.Fail(op, s.base, err)
	}
	if startKey > endKey {
		return Records{}, nil
	}
	keys, err := s.indexed(ctx, startKey, endKey)
	if err != nil {
		return nil, conn.Fail(op, s.ix, err)
	}
	ways := []func(context.Context, Key, Key, []Key) (ranged, error){s.rangeTogether, s.rangeApart}
	if len(keys) > togetherMax {
		slices.Reverse(ways)
	}
	var refused []error
	for _, way := range ways {
		out, err := way(ctx, startKey, endKey, keys)
		if err == nil {
			return out.records, errors.Join(out.bad...)
		}
		refused = append(refused, err)
		if !unscripted(err) && !errors.Is(err, errBusy) {
			break
		}
	}
	return nil, conn.Fail(op, s.ix, errors.Join(refused...))
}

// indexed lists the keys of a range.
func (s *RedisStorage) indexed(ctx context.Context, from, to Key) ([]Key, error) {
	var cmd *redis.StringSliceCmd
	err := conn.Pipeline(ctx, s.c, func(p redis.Pipeliner) {
		cmd = p.ZRangeByLex(ctx, s.ix, &redis.ZRangeBy{Min: "[" + string(from), Max: "[" + string(to)})
	})
	if err != nil {
		return nil, err
	}
	texts, err := cmd.Result()
	keys := make([]Key, len(texts))
	for i, text := range texts {
		keys[i] = Key(text)
	}
	return keys, err
}

// rangeTogether reads the records by one script. Those that were added since the keys were read follow by single reads.
func (s *RedisStorage) rangeTogether(ctx context.Context, from, to Key, keys []Key) (ranged, error) {
	if len(keys) == 0 {
		return ranged{records: Records{}}, nil
	}
	for range attempts {
		if s.plain.Load() {
			return ranged{}, errBusy
		}
		names, args := []string{s.seq, s.exp, s.ix}, []any{string(from), string(to)}
		for _, k := range keys {
			names, args = append(names, s.record(k)), append(args, string(k))
		}
		a, err := rangeScript.Read(ctx, s.c, names, args...).Slice()
		if err != nil {
			s.plain.CompareAndSwap(false, forbidden(err))
			return ranged{}, err
		}
		counter, err := number("counter", answer(a).text(0))
		if err != nil {
			return ranged{}, err
		}
		out, added := ranged{records: Records{}}, []Key(nil)
		for i := 1; i+4 <= len(a); i += 4 {
			k, f := Key(answer(a).text(i)), answer(a[i+1:i+4])
			switch {
			case f[1] == nil && f[2] == nil:
				added = append(added, k)
			case f[1] == nil:
				out.unreadable(s, k, fmt.Errorf("%w: %s", errMalformed, f.text(2)))
			default:
				r, err := decode(k, f)
				out.add(s, r, k, err)
			}
		}
		whole, err := s.complete(ctx, &out, added, counter)
		if err != nil || whole {
			return out, err
		}
		keys = append(keys, added...)
	}
	return ranged{}, errBusy
}

// complete adds records that were in the range when the counter was read. It tells whether they still are as they were.
func (s *RedisStorage) complete(ctx context.Context, out *ranged, added []Key, counter int64) (bool, error) {
	if len(added) == 0 {
		return true, nil
	}
	read, err := s.readPlain(ctx, added)
	if err != nil {
		return false, err
	}
	var leases []LeaseId
	for i, k := range added {
		r, err := read[i].record(k)
		if errors.Is(err, ErrNotFound) || int64(r.Version) > counter {
			return false, nil
		}
		out.add(s, r, k, err)
		leases = append(leases, r.Lease)
	}
	alive, err := s.alive(ctx, leases)
	if err != nil {
		return false, err
	}
	for _, id := range leases {
		if !alive[id] {
			return false, nil
		}
	}
	slices.SortFunc(out.records, func(a, b Record) int { return cmp.Compare(a.Key, b.Key) })
	return true, nil
}

// rangeApart reads the records by single commands.
func (s *RedisStorage) rangeApart(ctx context.Context, from, to Key, _ []Key) (ranged, error) {
	gone := map[LeaseId]bool{} // leases that were over before the attempt began
	for range attempts {
		counter, err := s.readCounter(ctx)
		if err != nil {
			return ranged{}, err
		}
		keys, err := s.indexed(ctx, from, to)
		if err != nil {
			return ranged{}, err
		}
		read, err := s.readPlain(ctx, keys)
		if err != nil {
			return ranged{}, err
		}
		out, leases, missing, same := ranged{records: Records{}}, []LeaseId(nil), false, true
		for i, k := range keys {
			r, err := read[i].record(k)
			if errors.Is(err, ErrNotFound) {
				missing = true // deleted since, or by a foreign hand that left the index
				continue
			}
			same = same && int64(r.Version) <= counter
			out.add(s, r, k, err)
			leases = append(leases, r.Lease)
		}
		alive, err := s.alive(ctx, leases)
		if err != nil {
			return ranged{}, err
		}
		for _, id := range leases {
			same = same && (alive[id] || gone[id])
			gone[id] = !alive[id]
		}
		if missing && same {
			after, err := s.readCounter(ctx)
			if err != nil {
				return ranged{}, err
			}
			same = after == counter
		}
		if same {
			out.records = slices.DeleteFunc(out.records, func(r Record) bool { return gone[r.Lease] })
			return out, nil
		}
	}
	return ranged{}, errBusy
}

func (r *ranged) add(s *RedisStorage, rec Record, k Key, err error) {
	if err != nil {
		r.unreadable(s, k, err)
		return
	}
	r.records = append(r.records, rec)
}

func (r *ranged) unreadable(s *RedisStorage, k Key, err error) {
	r.bad = append(r.bad, conn.Fail("record: range", s.record(k), err))
}
