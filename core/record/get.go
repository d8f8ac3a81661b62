package record

import (
	"cmp"
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Reading writes nothing, and needs no more than the right to read the keys. Where a script cannot read them together,
// single reads do: each finds its key on whichever node it is, and versions and lease ids, which never come back, tell
// whether what was read one after the other belongs together.

// Get is Storage.Get.
func (s *RedisStorage) Get(ctx context.Context, k Key) (Record, error) {
	const op = "record: get"
	if err := check(ctx, k); err != nil {
		return Record{}, conn.Fail(op, s.base, err)
	}
	key := s.record(k)
	if !s.plain.Load() {
		a, err := getScript.Read(ctx, s.c, []string{key, s.exp}).Slice()
		switch {
		case unscripted(err):
			s.plain.CompareAndSwap(false, forbidden(err))
		case err != nil:
			return Record{}, conn.Fail(op, key, err)
		case len(a) < 3:
			return Record{}, conn.Fail(op, key, ErrNotFound)
		default:
			r, err := decode(k, a)
			return r, conn.Fail(op, key, err)
		}
	}
	r, err := s.getPlain(ctx, k)
	return r, conn.Fail(op, key, err)
}

// getPlain reads a record and then its lease. A lease that lives lived when the record was read. Where it is gone the
// record must not have changed meanwhile, or it may depend on another one.
func (s *RedisStorage) getPlain(ctx context.Context, k Key) (Record, error) {
	var gone Record
	for range attempts {
		read, err := s.readPlain(ctx, []Key{k})
		if err != nil {
			return Record{}, err
		}
		switch r, err := read[0].record(k); {
		case err != nil:
			return Record{}, err
		case gone.Version != 0 && r.Version == gone.Version && r.Lease == gone.Lease:
			return Record{}, ErrNotFound
		default:
			alive, err := s.alive(ctx, []LeaseId{r.Lease})
			if err != nil || alive[r.Lease] {
				return r, err
			}
			gone = r
		}
	}
	return Record{}, errBusy
}

// fields is what HMGET says of a record.
type fields struct {
	answer
	err error // of this key alone
}

// record decodes them: ErrNotFound if there are none.
func (f fields) record(k Key) (Record, error) {
	if f.err != nil {
		return Record{}, f.err
	}
	if f.answer[1] == nil {
		return Record{}, ErrNotFound
	}
	return decode(k, f.answer)
}

// pipelined is how many records one pipeline reads.
const pipelined = 1000

// readPlain reads records one by one, in pipelines.
func (s *RedisStorage) readPlain(ctx context.Context, keys []Key) ([]fields, error) {
	out := make([]fields, 0, len(keys))
	for len(keys) > 0 {
		page := keys[:min(len(keys), pipelined)]
		keys = keys[len(page):]
		cmds := make([]*redis.SliceCmd, len(page))
		err := conn.Pipeline(ctx, s.c, func(p redis.Pipeliner) {
			for i, k := range page {
				cmds[i] = p.HMGet(ctx, s.record(k), "value", "version", "lease")
			}
		})
		if err != nil {
			return nil, err
		}
		for _, cmd := range cmds {
			var f fields
			f.answer, f.err = cmd.Result()
			out = append(out, f)
		}
	}
	return out, nil
}

// alive tells which leases live, NoLeaseId among them. To users who may run no scripts the leases' own keys tell.
func (s *RedisStorage) alive(ctx context.Context, ids []LeaseId) (map[LeaseId]bool, error) {
	out := map[LeaseId]bool{NoLeaseId: true}
	var ask []LeaseId
	for _, id := range ids {
		if _, asked := out[id]; !asked {
			out[id] = false
			ask = append(ask, id)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	args := make([]any, len(ask))
	for i, id := range ask {
		args[i] = int64(id)
	}
	lives, err := aliveScript.Read(ctx, s.c, []string{s.exp}, args...).Int64Slice()
	if forbidden(err) {
		lives, err = s.alivePlain(ctx, ask)
	}
	if err == nil && len(lives) != len(ask) {
		err = fmt.Errorf("%w: %d answers for %d leases", errMalformed, len(lives), len(ask))
	}
	if err != nil {
		return nil, err
	}
	for i, id := range ask {
		out[id] = lives[i] == 1
	}
	return out, nil
}

func (s *RedisStorage) alivePlain(ctx context.Context, ids []LeaseId) ([]int64, error) {
	cmds := make([]*redis.IntCmd, len(ids))
	err := conn.Pipeline(ctx, s.c, func(p redis.Pipeliner) {
		for i, id := range ids {
			cmds[i] = p.Exists(ctx, s.lease(id))
		}
	})
	out := make([]int64, len(ids))
	for i, cmd := range cmds {
		if err == nil {
			out[i], err = cmd.Result()
		}
	}
	return out, err
}

// decode reads value, version and lease.
func decode(k Key, a answer) (Record, error) {
	version, lease, err := a.numbers()
	if err != nil {
		return Record{}, err
	}
	return Record{Key: k, Value: Value(a.text(0)), Version: version, Lease: lease}, nil
}

// numbers reads version and lease.
func (a answer) numbers() (Version, LeaseId, error) {
	version, err := number("version", a.text(1))
	if err != nil {
		return 0, 0, err
	}
	lease, err := number("lease", cmp.Or(a.text(2), "0"))
	return Version(version), LeaseId(lease), err
}
