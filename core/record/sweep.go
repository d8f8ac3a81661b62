package record

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Records that one call may sweep: beside a mutation, and where sweeping is its only work.
const (
	sweepFew = 100
	sweepMax = 1000
)

// tidy sweeps leases that a mutation was told of, a bounded part of what has expired each time. It costs trips only then,
// and what fails is left to the next call.
func (s *RedisStorage) tidy(ctx context.Context, due []string) {
	if len(due) > 0 && s.tidying.TryLock() {
		defer s.tidying.Unlock()
		_ = s.sweep(ctx, due, sweepFew)
	}
}

// sweep removes what expired leases have left behind: the records that each names are read, and removed by a script that
// is given their keys and checks that the lease is over and they still are its own.
func (s *RedisStorage) sweep(ctx context.Context, leases []string, budget int) error {
	const op = "record: sweep"
	names := make([]*redis.StringSliceCmd, len(leases))
	err := conn.Pipeline(ctx, s.c, func(p redis.Pipeliner) {
		for i, id := range leases {
			names[i] = p.SRandMemberN(ctx, s.leaseKeys(leaseID(id)), int64(budget))
		}
	})
	if err != nil {
		return conn.Fail(op, s.exp, err)
	}
	for i, id := range leases {
		keys, err := names[i].Result()
		if err != nil && !wrongType(err) { // a foreign key with that name is not ours to remove
			return conn.Fail(op, s.leaseKeys(leaseID(id)), err)
		}
		keys = keys[:min(len(keys), budget)]
		if _, err := dropScript.Try(ctx, s.c, s.dropKeys(id, keys), s.dropArgs(id, "sweep", keys)...).Int64(); err != nil {
			return conn.Fail(op, s.exp, err)
		}
		if budget -= len(keys); budget <= 0 {
			break
		}
	}
	return nil
}

func (s *RedisStorage) dropKeys(lease string, records []string) []string {
	id := leaseID(lease)
	keys := append(make([]string, 0, 5+len(records)), s.seq, s.exp, s.ix, s.lease(id), s.leaseKeys(id))
	for _, k := range records {
		keys = append(keys, s.record(Key(k)))
	}
	return keys
}

func (s *RedisStorage) dropArgs(lease, mode string, records []string) []any {
	args := append(make([]any, 0, 3+len(records)), s.channel, lease, mode)
	for _, k := range records {
		args = append(args, k)
	}
	return args
}

func wrongType(err error) bool {
	reply, ok := errors.AsType[redis.Error](err)
	return ok && strings.HasPrefix(reply.Error(), "WRONGTYPE")
}

// readCounter reads how many changes the namespace has counted.
func (s *RedisStorage) readCounter(ctx context.Context) (int64, error) {
	got, err := conn.GetMany(ctx, s.c, []string{s.seq})
	if err == nil {
		err = got[0].Err
	}
	if err != nil || !got[0].Found {
		return 0, conn.Fail("record: read the counter", s.seq, err)
	}
	n, err := number("counter", string(got[0].Value))
	return n, conn.Fail("record: read the counter", s.seq, err)
}

// overdue tells how long it is until the first deadline, negative without one, and names leases that have expired. Users
// who may run no scripts are told of none.
func (s *RedisStorage) overdue(ctx context.Context) (next time.Duration, due []string, err error) {
	a, err := overdueScript.Read(ctx, s.c, []string{s.exp}).Slice()
	if forbidden(err) {
		return -1, nil, nil
	}
	if err != nil || len(a) == 0 {
		return 0, nil, conn.Fail("record: read deadlines", s.exp, err)
	}
	ms, _ := a[0].(int64)
	return time.Duration(ms) * time.Millisecond, texts(a[1:]), nil
}
