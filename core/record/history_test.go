package record_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

type call struct {
	op      string
	value   string
	version record.Version
}

type result struct {
	value   string
	version record.Version
	err     error
}

// register is one record as a linearizable object: a compare-and-set register that can be absent. Which version a
// write gets is the server's choice, as long as it is greater than all before.
type register struct {
	exists  bool
	value   string
	version record.Version
	last    record.Version
}

func (r register) written(value string, v record.Version) (bool, any) {
	return v > r.last, register{true, value, v, v}
}

var registerModel = porcupine.Model{
	Init: func() any { return register{} },
	Step: func(state, input, output any) (bool, any) {
		r, in, out := state.(register), input.(call), output.(result)
		missing := !r.exists && errors.Is(out.err, record.ErrNotFound)
		switch in.op {
		case "get":
			return missing || (r.exists && out.err == nil && out.value == r.value && out.version == r.version), r
		case "create":
			if r.exists {
				return errors.Is(out.err, record.ErrAlreadyExists) && out.version == r.version, r
			}
			if out.err == nil {
				return r.written(in.value, out.version)
			}
		case "cas":
			if missing || (r.exists && r.version != in.version && errors.Is(out.err, record.ErrWrongVersion)) {
				return true, r
			}
			if r.exists && r.version == in.version && out.err == nil {
				return r.written(in.value, out.version)
			}
		case "delete":
			if missing || (r.exists && r.version != in.version && errors.Is(out.err, record.ErrWrongVersion)) {
				return true, r
			}
			return r.exists && r.version == in.version && out.err == nil, register{last: r.last}
		}
		return false, r
	},
}

func TestARecordIsLinearizable(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		var mu sync.Mutex
		var history []porcupine.Operation
		var clients sync.WaitGroup
		for client := range 5 {
			clients.Go(func() {
				s := open(t, c)
				rng := rand.New(rand.NewPCG(1, uint64(client)))
				seen := record.Version(0)
				for i := range 100 {
					in := call{[]string{"get", "create", "cas", "cas", "cas", "delete"}[rng.IntN(6)], fmt.Sprint(client, "-", i), seen}
					start := time.Now().UnixNano()
					out := perform(s, in)
					end := time.Now().UnixNano()
					if out.err == nil && in.op != "delete" {
						seen = out.version
					}
					mu.Lock()
					history = append(history, porcupine.Operation{ClientId: client, Input: in, Call: start, Output: out, Return: end})
					mu.Unlock()
				}
			})
		}
		clients.Wait()
		if got := porcupine.CheckOperationsTimeout(registerModel, history, 20*time.Second); got != porcupine.Ok {
			t.Fatalf("%d operations: %v", len(history), got)
		}
	})
}

func perform(s *record.RedisStorage, in call) (out result) {
	rec := record.Record{Key: "a", Value: record.Value(in.value), Version: in.version}
	switch in.op {
	case "get":
		rec, out.err = s.Get(ctx, "a")
		out.value, out.version = string(rec.Value), rec.Version
	case "create":
		out.version, out.err = s.Create(ctx, rec)
	case "cas":
		out.version, out.err = s.CasByVersion(ctx, rec)
	case "delete":
		out.err = s.DeleteByVersion(ctx, "a", in.version)
	}
	return out
}

func TestOneOfManyCreatesWins(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := open(t, c)
		const n = 20
		results := make(chan result, n)
		for i := range n {
			go func() { results <- perform(s, call{op: "create", value: fmt.Sprint(i)}) }()
		}
		wins, versions := 0, map[record.Version]bool{}
		for range n {
			r := <-results
			versions[r.version] = true
			if r.err == nil {
				wins++
			} else if !errors.Is(r.err, record.ErrAlreadyExists) {
				t.Fatal(r.err)
			}
		}
		if wins != 1 || len(versions) != 1 {
			t.Fatalf("%d won; the versions told are %v", wins, versions)
		}
	})
}

// go-redis repeats a command whose reply was lost, by default: our own record would then be told as already there.
func TestALostReplyLeavesOneChangeAtMost(t *testing.T) {
	c := redistest.Single(t)
	s := open(t, c)
	v := put(t, s, "a", "", record.NoLeaseId)
	l := grant(t, s, time.Hour, false)
	put(t, s, "d", "", record.NoLeaseId)
	put(t, s, "e", "", record.NoLeaseId)
	if err := errors.Join(s.Delete(ctx, "e"), grant(t, s, time.Hour, false).Release()); err != nil { // the server has all scripts
		t.Fatal(err)
	}
	v, err := s.CasByVersion(ctx, record.Record{Key: "a", Version: v})
	if err != nil {
		t.Fatal(err)
	}
	for what, op := range map[string]func(s *record.RedisStorage) error{
		"create": func(s *record.RedisStorage) error { _, err := s.Create(ctx, record.Record{Key: "new"}); return err },
		"cas": func(s *record.RedisStorage) error {
			_, err := s.CasByVersion(ctx, record.Record{Key: "a", Version: v})
			return err
		},
		"delete":    func(s *record.RedisStorage) error { return s.Delete(ctx, "d") },
		"new lease": func(s *record.RedisStorage) error { _, err := s.NewLease(ctx, time.Hour, false); return err },
		"release":   func(s *record.RedisStorage) error { return s.ReleaseLease(ctx, l.Id()) },
	} {
		dial := redistest.LoseReplies(1)
		lossy := redis.NewClient(&redis.Options{Addr: c.Options().Addr, Dialer: dial.Dial})
		if err := lossy.Ping(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		losing := open(t, lossy)
		grant(t, losing, time.Hour, false) // it knows the counter, and its next lease takes one trip
		before, _ := c.Get(ctx, "rec:{ns}:seq").Int64()
		lossy.AddHook(armedByScripts{dial})
		if err := op(losing); !conn.Unreachable(err) {
			t.Errorf("%s: a lost reply must be told as such: %v", what, err)
		}
		if after, _ := c.Get(ctx, "rec:{ns}:seq").Int64(); after != before+1 {
			t.Errorf("%s counted %d changes", what, after-before)
		}
		lossy.Close()
	}
}

// armedByScripts is a hook that loses the reply of the first script, not of what is read before it.
type armedByScripts struct{ *redistest.Lossy }

func (h armedByScripts) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h armedByScripts) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "evalsha" {
			h.Arm()
		}
		return next(ctx, cmd)
	}
}

func (h armedByScripts) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// An acknowledged change survives kill -9 of a server that syncs its log, whole or not at all.
func TestAcknowledgedChangesSurviveKill(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	c := server.Client(t)
	s := open(t, c)
	acked := make(chan record.Key, 10000)
	go func() {
		defer close(acked)
		for i := 0; ; i++ {
			k := record.Key(fmt.Sprintf("k%05d", i))
			if _, err := s.Create(ctx, record.Record{Key: k, Value: record.Value("v")}); err != nil {
				return
			}
			acked <- k
		}
	}()
	redistest.Eventually(t, "some are written", func() bool { return len(acked) > 200 })
	server.Kill()
	var keys []record.Key
	for k := range acked {
		keys = append(keys, k)
	}
	server.Restart(t)
	all, err := s.GetRange(ctx, "", "z")
	if err != nil || len(all) < len(keys) || len(all) > len(keys)+1 {
		t.Fatalf("%d acknowledged, %d there, %v", len(keys), len(all), err)
	}
	for i, k := range keys {
		if all[i].Key != k || int(all[i].Version) != i+1 || string(all[i].Value) != "v" {
			t.Fatalf("record %d is %+v, want %s", i, all[i], k)
		}
	}
	if n := c.DBSize(ctx).Val(); int(n) != len(all)+2 {
		t.Fatalf("%d keys for %d records: a change was torn", n, len(all))
	}
}
