// Package libraries_test runs the Go libraries whose state the presets describe, on a real server, and compares the rows with
// what each library says. It is a module of its own: nothing of holdfast needs them.
package libraries_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bsm/redislock"
	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/hibiken/asynq"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/layout"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) {
	if addr := os.Getenv("ASYNQ_SERVER"); addr != "" {
		serve(addr)
		return
	}
	redistest.Main(m)
}

var ctx = context.Background()

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open is a Core with the presets, whose model runs. keys are templates for presets without any, by name.
func open(t *testing.T, url string, keys map[string]string) *core.Core {
	t.Helper()
	specs := layout.Presets()
	for i, s := range specs {
		if k := keys[s.Name]; k != "" {
			specs[i].Keys = []string{k}
		}
	}
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{url}}, Layouts: specs})
	ok(t, err)
	for _, err := range c.LayoutErrors {
		t.Error(err)
	}
	running, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); _ = c.Live.Run(running) }()
	t.Cleanup(func() { cancel(); <-done; _ = c.Close() })
	return c
}

// row waits for a row that is as it should be.
func row(t *testing.T, c *core.Core, view, id string, want map[string]any) (found kind.Row) {
	t.Helper()
	have := "no row"
	redistest.Eventually(t, fmt.Sprintf("%s %s is %v", view, id, want), func() bool {
		for _, r := range c.Live.Snapshot().Table(kind.Name(view)).All(0) {
			if r.ID() != id {
				continue
			}
			found, have = r, fmt.Sprint(r)
			for name, v := range want {
				column, _ := r.Schema().Column(name)
				if fmt.Sprint(column.Value(r)) != fmt.Sprint(v) {
					return false
				}
			}
			return !r.Bad()
		}
		return false
	})
	if t.Failed() {
		t.Log(have)
	}
	return found
}

func at(r kind.Row, name string) time.Time {
	column, _ := r.Schema().Column(name)
	return column.Value(r).(time.Time)
}

func near(t *testing.T, what string, have, want time.Time) {
	t.Helper()
	if d := have.Sub(want).Abs(); d > 2*time.Second {
		t.Errorf("%s is %v, want %v", what, have, want)
	}
}

// release frees a lock by its recipe.
func release(t *testing.T, c *core.Core, r kind.Row) {
	t.Helper()
	recipe, known := c.Layouts.Release("locks", r)
	if !known {
		t.Fatalf("%s has no recipe", r.ID())
	}
	_, err := recipe.Do(ctx)
	ok(t, err)
}

func TestRedsync(t *testing.T) {
	server := redistest.Start(t)
	c := open(t, server.URL(), map[string]string{"redsync": "mutex:{name}"})
	locks := redsync.New(goredis.NewPool(server.Client(t)))
	held := locks.NewMutex("mutex:orders", redsync.WithExpiry(time.Minute))
	ok(t, held.LockContext(ctx))
	r := row(t, c, "locks", "mutex:orders", map[string]any{"layout": "redsync", "token": held.Value()})
	near(t, "the end of the lock", at(r, "ttl_ms"), held.Until())

	waits := locks.NewMutex("mutex:orders", redsync.WithExpiry(time.Minute), redsync.WithTries(1000), redsync.WithRetryDelay(10*time.Millisecond))
	got := make(chan error, 1)
	go func() { got <- waits.LockContext(ctx) }()
	release(t, c, r)
	ok(t, <-got)
	row(t, c, "locks", "mutex:orders", map[string]any{"token": waits.Value()})
	recipe, _ := c.Layouts.Release("locks", r) // as it was seen before the next holder came
	if _, err := recipe.Do(ctx); !errors.Is(err, layout.ErrChanged) {
		t.Errorf("freeing the lock of the next holder: %v", err)
	}
	if extended, err := held.ExtendContext(ctx); extended {
		t.Errorf("the former holder extended the lock of the next: %v", err)
	}
	if freed, err := waits.UnlockContext(ctx); !freed {
		t.Errorf("the next holder could not unlock: %v", err)
	}
}

func TestRedislock(t *testing.T) {
	server := redistest.Start(t)
	c := open(t, server.URL(), map[string]string{"redislock": "lock-of:{name}"})
	locks := redislock.New(server.Client(t))
	held, err := locks.Obtain(ctx, "lock-of:orders", time.Minute, &redislock.Options{Metadata: "pod-7"})
	ok(t, err)
	ttl, err := held.TTL(ctx)
	ok(t, err)
	r := row(t, c, "locks", "lock-of:orders", map[string]any{"layout": "redislock", "token": held.Token() + "pod-7", "holder": held.Metadata()})
	near(t, "the end of the lock", at(r, "ttl_ms"), time.Now().Add(ttl))
	release(t, c, r)
	next, err := locks.Obtain(ctx, "lock-of:orders", time.Minute, &redislock.Options{RetryStrategy: redislock.LimitRetry(redislock.LinearBackoff(10*time.Millisecond), 100)})
	ok(t, err)
	if err := held.Release(ctx); err != redislock.ErrLockNotHeld {
		t.Errorf("the former holder released the lock of the next: %v", err)
	}
	ok(t, next.Release(ctx))
}

// serve is a server of asynq in a process of its own, which is killed.
func serve(addr string) {
	mux := asynq.NewServeMux()
	mux.HandleFunc("mail:bad", func(context.Context, *asynq.Task) error { return fmt.Errorf("no such address: %w", asynq.SkipRetry) })
	mux.HandleFunc("mail:again", func(context.Context, *asynq.Task) error { return fmt.Errorf("later") })
	mux.HandleFunc("mail:good", func(context.Context, *asynq.Task) error { return nil })
	mux.HandleFunc("mail:long", func(ctx context.Context, _ *asynq.Task) error { <-ctx.Done(); return ctx.Err() })
	s := asynq.NewServer(asynq.RedisClientOpt{Addr: addr}, asynq.Config{Concurrency: 1, Queues: map[string]int{"mail": 2, "default": 1}})
	if err := s.Run(mux); err != nil {
		panic(err)
	}
}

func start(t *testing.T, addr string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ASYNQ_SERVER="+addr)
	ok(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

func TestAsynq(t *testing.T) {
	server := redistest.Start(t)
	c := open(t, server.URL(), nil)
	o := asynq.RedisClientOpt{Addr: server.Addr}
	client, inspector := asynq.NewClient(o), asynq.NewInspector(o)
	t.Cleanup(func() { _, _ = client.Close(), inspector.Close() })
	put := func(name string, options ...asynq.Option) *asynq.TaskInfo {
		info, err := client.Enqueue(asynq.NewTask(name, []byte(`{"to":1}`)), append(options, asynq.Queue("mail"))...)
		ok(t, err)
		return info
	}
	unique := put("mail:good", asynq.Unique(time.Hour), asynq.ProcessIn(time.Hour))
	put("mail:good", asynq.Retention(time.Hour))
	put("mail:bad")
	put("mail:again", asynq.MaxRetry(5))
	start(t, server.Addr)
	dies := start(t, server.Addr)
	redistest.Eventually(t, "the short tasks are done", func() bool {
		q, err := inspector.GetQueueInfo("mail")
		return err == nil && q.Pending == 0 && q.Active == 0 && q.Completed == 1 && q.Archived == 1 && q.Retry == 1
	})
	long := []string{put("mail:long", asynq.Timeout(time.Hour)).ID, put("mail:long", asynq.Timeout(time.Hour)).ID}
	redistest.Eventually(t, "both servers work", func() bool { q, _ := inspector.GetQueueInfo("mail"); return q.Active == 2 })
	put("mail:good")

	info, err := inspector.GetQueueInfo("mail")
	ok(t, err)
	row(t, c, "queues", "asynq:{mail}:pending", map[string]any{
		"queue": "mail", "waiting": info.Pending, "active": info.Active, "delayed": info.Scheduled + info.Retry, "failed": info.Archived, "done": info.Completed, "consumed": info.ProcessedTotal,
	})
	near(t, "the oldest task", at(row(t, c, "queues", "asynq:{mail}:pending", nil), "oldest"), info.Timestamp.Add(-info.Latency))

	for _, id := range long {
		r := row(t, c, "locks", "asynq:{mail}:lease#"+id, map[string]any{"layout": "asynq-leases", "token": id})
		if left := time.Until(at(r, "ttl_ms")); left <= 0 || left > 31*time.Second {
			t.Errorf("the lease of %s ends in %v", id, left)
		}
		if recipe, _ := c.Layouts.Release("locks", r); recipe.Why == nil {
			t.Error("a lease can be freed by hand")
		}
	}
	var lock kind.Row
	redistest.Eventually(t, "the lock of the unique task is shown", func() bool {
		for _, r := range c.Live.Snapshot().Table("locks").All(0) {
			if strings.HasPrefix(r.ID(), "asynq:{mail}:unique:mail:good:") {
				lock = r
			}
		}
		return !lock.None()
	})
	row(t, c, "locks", lock.ID(), map[string]any{"token": unique.ID})
	if _, err := client.Enqueue(asynq.NewTask("mail:good", []byte(`{"to":1}`)), asynq.Queue("mail"), asynq.Unique(time.Hour)); err == nil {
		t.Error("a second task was put in")
	}
	release(t, c, lock)
	put("mail:good", asynq.Unique(time.Hour), asynq.ProcessIn(time.Hour))

	redistest.Eventually(t, "both servers say that they work", func() bool {
		servers, err := inspector.Servers()
		return err == nil && len(servers) == 2 && len(servers[0].ActiveWorkers) == 1 && len(servers[1].ActiveWorkers) == 1
	})
	servers, err := inspector.Servers()
	ok(t, err)
	var dead, alive string
	for _, s := range servers {
		name := fmt.Sprintf("%s:%d:%s", s.Host, s.PID, s.ID)
		id := "asynq/asynq:servers:{" + name + "}"
		r := row(t, c, "workers", id, map[string]any{"pod": name, "ip": s.Host, "state": s.Status, "job": "1 running"})
		near(t, "the start of the server", at(r, "started"), s.Started)
		column, _ := r.Schema().Column("pool")
		for q := range s.Queues {
			if !strings.Contains(fmt.Sprint(column.Value(r)), q) {
				t.Errorf("%s serves %v, not %s", name, column.Value(r), q)
			}
		}
		if s.PID == dies.Process.Pid {
			dead = id
		} else {
			alive = id
		}
	}
	ok(t, dies.Process.Kill())
	_, _ = dies.Process.Wait()
	redistest.Eventually(t, "the killed server is gone or dead, and the other lives", func() bool {
		deadNow, aliveNow := true, false
		for _, r := range c.Live.Snapshot().Table("workers").All(0) {
			left := time.Until(at(r, "alive_until"))
			deadNow = deadNow && (r.ID() != dead || left <= 0)
			aliveNow = aliveNow || r.ID() == alive && left > 0
		}
		return deadNow && aliveNow
	})
}
