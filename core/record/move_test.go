package record_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

// furnish makes a namespace anew: a with a lease that lives, b with none, and c with one that is over and not swept.
func furnish(t testing.TB, c redis.UniversalClient) (living, over record.LeaseId) {
	t.Helper()
	err := conn.Scan(ctx, c, "rec:{ns}:*", 100, func(keys []string) error {
		for _, k := range keys {
			if err := c.Del(ctx, k).Err(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, c)
	living, over = grant(t, s, time.Hour, false).Id(), grant(t, s, time.Hour, false).Id()
	put(t, s, "a", "1", living)
	put(t, s, "b", "2", record.NoLeaseId)
	put(t, s, "c", "3", over)
	c.ZAdd(ctx, "rec:{ns}:exp", redis.Z{Score: 1, Member: int64(over)})
	c.Del(ctx, fmt.Sprint("rec:{ns}:lease:", over))
	return living, over
}

// Ids and versions are the same each time.
const (
	livingLease, overLease = 1, 2
	versionOfA, versionOfB = 3, 4
)

// What is read while a slot moves is right, however its keys are split between the two nodes: nothing that is there is told
// to be absent, nothing is refused, and nothing is removed.
func TestReadingIsRightInEverySplitOfASlotThatMoves(t *testing.T) {
	servers := redistest.StartCluster(t)
	redistest.EachSplit(t, servers, "rec:{ns}:seq", func(t *testing.T, c *redis.ClusterClient) { furnish(t, c) },
		func(t *testing.T, c *redis.ClusterClient) {
			s := open(t, c)
			before := contents(t, c)
			readAll(t, s, record.NewRecordRows(c, ""), record.NewLeaseRows(c, ""))
			poor := openNS(t, unscripted(t, c), "ns", record.Options{})
			readAll(t, poor, record.NewRecordRows(c, ""), record.NewLeaseRows(c, ""))
			if after := contents(t, c); !slices.Equal(before, after) {
				t.Errorf("reading changed\n%v\nto\n%v", before, after)
			}
		})
}

func readAll(t *testing.T, s *record.RedisStorage, records *record.RecordRows, leases *record.LeaseRows) {
	t.Helper()
	for key, want := range map[record.Key]error{"a": nil, "b": nil, "c": record.ErrNotFound, "none": record.ErrNotFound} {
		if _, err := s.Get(ctx, key); !errors.Is(err, want) {
			t.Errorf("get %s: %v, want %v", key, err, want)
		}
	}
	all, err := s.GetRange(ctx, "", "z")
	if err != nil || len(all) != 2 || all[0].Key != "a" || all[1].Key != "b" {
		t.Errorf("range: %+v, %v", all, err)
	}
	if l, err := s.GetLease(livingLease); err != nil || l.TTL() < time.Minute {
		t.Errorf("the lease that lives: %+v, %v", l, err)
	}
	if _, err := s.GetLease(overLease); !errors.Is(err, record.ErrWrongLeaseId) {
		t.Errorf("the lease that is over: %v", err)
	}
	rows, err := records.Read(ctx, []string{"ns:a", "ns:b", "ns:c", "ns:none"})
	if err != nil || len(rows) != 3 || rows[0].Problem() != nil || rows[1].Problem() != nil || !errors.Is(rows[2].Problem(), record.ErrLeaseGone) {
		t.Errorf("rows: %v, %v", rows, err)
	}
	if body, version, err := records.Load(ctx, "ns:a"); err != nil || string(body) != "1" || version != versionOfA {
		t.Errorf("load: %q, %d, %v", body, version, err)
	}
	living, err := leases.Read(ctx, []string{"ns:1", "ns:2"})
	if err != nil || len(living) != 1 || record.LeaseColumns.Records.Of(living[0]) != 1 || living[0].Problem() != nil {
		t.Errorf("lease rows: %+v, %v", living, err)
	}
}

// unscripted is a client to which every script is refused, as to a user who may only read.
func unscripted(t testing.TB, c *redis.ClusterClient) *redis.ClusterClient {
	poor := redis.NewClusterClient(c.Options())
	t.Cleanup(func() { poor.Close() })
	poor.AddHook(noScripts{})
	return poor
}

type noScripts struct{}

func (noScripts) DialHook(next redis.DialHook) redis.DialHook { return next }

func (noScripts) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if strings.HasPrefix(cmd.Name(), "eval") {
			_ = next(ctx, redis.NewCmd(ctx, "evalsha", "none", 0))
			cmd.SetErr(noPermission{})
			return cmd.Err()
		}
		return next(ctx, cmd)
	}
}

func (noScripts) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

type noPermission struct{}

func (noPermission) Error() string { return "NOPERM this user has no permissions to run scripts" }
func (noPermission) RedisError()   {}

// impatient is a hook that ends a context as soon as moving keys have refused as many commands as only a call that goes on
// asking sends.
type impatient struct {
	refused atomic.Int64
	end     context.CancelFunc
}

func (h *impatient) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *impatient) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if conn.Moving(err) && h.refused.Add(1) == 4 {
			h.end()
		}
		return err
	}
}

func (h *impatient) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// mutation is a call, what it must answer and what the range holds after it.
type mutation struct {
	call func(ctx context.Context, s *record.RedisStorage) error
	want error
	keys string
}

func mutations() map[string]mutation {
	create := func(key string, lease record.LeaseId) func(context.Context, *record.RedisStorage) error {
		return func(ctx context.Context, s *record.RedisStorage) error {
			_, err := s.Create(ctx, record.Record{Key: record.Key(key), Lease: lease})
			return err
		}
	}
	cas := func(key string, version record.Version) func(context.Context, *record.RedisStorage) error {
		return func(ctx context.Context, s *record.RedisStorage) error {
			_, err := s.CasByVersion(ctx, record.Record{Key: record.Key(key), Version: version})
			return err
		}
	}
	remove := func(key record.Key, version record.Version) func(context.Context, *record.RedisStorage) error {
		return func(ctx context.Context, s *record.RedisStorage) error {
			if version != 0 {
				return s.DeleteByVersion(ctx, key, version)
			}
			return s.Delete(ctx, key)
		}
	}
	return map[string]mutation{
		"create":                {create("d", record.NoLeaseId), nil, "[a b d]"},
		"create with a lease":   {create("d", livingLease), nil, "[a b d]"},
		"create under one over": {create("d", overLease), record.ErrWrongLeaseId, "[a b]"},
		"create what is there":  {create("a", record.NoLeaseId), record.ErrAlreadyExists, "[a b]"},
		"create anew":           {create("c", record.NoLeaseId), nil, "[a b c]"},
		"cas with a lease":      {cas("a", versionOfA), nil, "[a b]"},
		"cas without":           {cas("b", versionOfB), nil, "[a b]"},
		"cas of another":        {cas("b", versionOfB+1), record.ErrWrongVersion, "[a b]"},
		"cas of one over":       {cas("c", 5), record.ErrNotFound, "[a b]"},
		"cas of nothing":        {cas("none", 1), record.ErrNotFound, "[a b]"},
		"delete with a lease":   {remove("a", versionOfA), nil, "[b]"},
		"delete without":        {remove("b", 0), nil, "[a]"},
		"delete of one over":    {remove("c", 0), record.ErrNotFound, "[a b]"},
		"new lease": {func(ctx context.Context, s *record.RedisStorage) error {
			_, err := s.NewLease(ctx, time.Hour, false)
			return err
		}, nil, "[a b]"},
		"release": {func(ctx context.Context, s *record.RedisStorage) error { return s.ReleaseLease(ctx, livingLease) }, nil, "[b]"},
	}
}

// A call that writes while a slot moves does what it must, or is refused until the move ends and has then done nothing.
func TestWritingIsRightOrRefusedInEverySplitOfASlotThatMoves(t *testing.T) {
	servers := redistest.StartCluster(t)
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{servers[0].Addr, servers[1].Addr, servers[2].Addr}})
	defer c.Close()
	done, refused := 0, 0
	for what, m := range mutations() {
		t.Run(what, func(t *testing.T) {
			furnish(t, c)
			for split := range 2 * len(contents(t, c)) {
				furnish(t, c)
				before := contents(t, c)
				move := redistest.StartSlotMove(t, servers, "rec:{ns}:seq")
				for i, key := range move.Keys() {
					if (i == split/2) == (split%2 == 0) { // one of them, or all others
						move.Move(key)
					}
				}
				brief, end := context.WithCancel(ctx)
				watched := redis.NewClusterClient(c.Options())
				hook := &impatient{end: end}
				watched.AddHook(hook)
				s, err := record.New(watched, "ns", record.Options{})
				if err != nil {
					t.Fatal(err)
				}
				err = m.call(brief, s)
				move.Finish()
				watched.Close()
				end()
				switch {
				case errors.Is(err, context.Canceled) && hook.refused.Load() >= 4:
					refused++
					if after := contents(t, c); !slices.Equal(before, after) {
						t.Fatalf("split %d: refused (%v), and yet\n%v\nbecame\n%v", split, err, before, after)
					}
					err = m.call(ctx, open(t, c))
				default:
					done++
				}
				if !errors.Is(err, m.want) {
					t.Fatalf("split %d: got %v, want %v", split, err, m.want)
				}
				all, err := open(t, c).GetRange(ctx, "", "z")
				var keys []record.Key
				for _, r := range all {
					keys = append(keys, r.Key)
				}
				if err != nil || fmt.Sprint(keys) != m.keys {
					t.Fatalf("split %d: left %v, %v, want %s", split, keys, err, m.keys)
				}
				put(t, open(t, c), "sweeps", "", record.NoLeaseId)
				if n := c.Exists(ctx, "rec:{ns}:lk:2").Val(); n != 0 {
					t.Fatalf("split %d: what was over is not swept: %v", split, contents(t, c))
				}
			}
		})
	}
	if done == 0 || refused == 0 {
		t.Errorf("%d calls were done and %d refused: the splits are not real", done, refused)
	}
}
