package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/bsm/redislock"
	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// The second stage: other libraries' locks, workers and queues, made by the libraries themselves. One worker dies in the
// middle of its jobs, and one process leaves a lock behind.

// LibraryKeys are the keys of libraries that leave their names to whoever uses them, by the names of layouts.
var LibraryKeys = map[string][]string{
	"redsync":   {"mutex:{name...}"},
	"redislock": {"report:{name...}"},
}

// libraries are programs that use them, each with connections of its own.
type libraries struct {
	url  string
	r    *rand.Rand
	busy sync.WaitGroup
	mu   sync.Mutex // of r
}

// client connects a program. cut ends its connections for ever, as a crash does.
func (l *libraries) client() (c *redis.Client, cut func()) {
	o, err := redis.ParseURL(l.url)
	if err != nil {
		panic(err) // it is our own
	}
	var mu sync.Mutex
	var open []net.Conn
	dead := false
	o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		if dead {
			return nil, errors.New("the process is gone")
		}
		n, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			open = append(open, n)
		}
		return n, err
	}
	return redis.NewClient(o), func() {
		mu.Lock()
		defer mu.Unlock()
		dead = true
		for _, n := range open {
			_ = n.Close()
		}
	}
}

func (l *libraries) about(mean time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return about(l.r, mean)
}

func (l *libraries) pick(from []string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return pick(l.r, from)
}

func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// run plays until ctx ends.
func (l *libraries) run(ctx context.Context) error {
	for i := range 3 {
		l.busy.Go(func() { l.contend(ctx, i) })
	}
	l.busy.Go(func() { l.report(ctx) })
	if err := l.orphan(ctx); err != nil {
		return err
	}
	if err := l.work(ctx, "mail", asynq.Config{Concurrency: 4, Queues: map[string]int{"critical": 6, "default": 3}}, nil); err != nil {
		return err
	}
	die := make(chan struct{})
	if err := l.work(ctx, "encoder", asynq.Config{Concurrency: 2, Queues: map[string]int{"video": 1}}, die); err != nil {
		return err
	}
	l.busy.Go(func() { l.enqueue(ctx) })
	l.busy.Go(func() {
		if rest(ctx, 8*time.Second) { // it has taken jobs by then
			close(die)
		}
	})
	return nil
}

// contend takes one of a few mutexes, works under it and gives it back.
func (l *libraries) contend(ctx context.Context, n int) {
	c, _ := l.client()
	defer c.Close()
	rs := redsync.New(goredis.NewPool(c))
	for {
		m := rs.NewMutex("mutex:"+l.pick([]string{"invoices", "search-index", "newsletter"}), redsync.WithTries(1))
		if m.LockContext(ctx) == nil {
			worked := rest(ctx, l.about(3*time.Second))
			_, _ = m.UnlockContext(context.WithoutCancel(ctx))
			if !worked {
				return
			}
		}
		if !rest(ctx, l.about(time.Duration(n+1)*time.Second)) {
			return
		}
	}
}

// orphan takes a mutex for long and is gone.
func (l *libraries) orphan(ctx context.Context) error {
	c, _ := l.client()
	defer c.Close()
	return redsync.New(goredis.NewPool(c)).NewMutex("mutex:warehouse-export", redsync.WithExpiry(6*time.Hour)).LockContext(ctx)
}

// report holds the lock of a report while it writes that, and renews it.
func (l *libraries) report(ctx context.Context) {
	c, _ := l.client()
	defer c.Close()
	locker := redislock.New(c)
	for {
		lock, err := locker.Obtain(ctx, "report:"+l.pick([]string{"daily", "weekly"}), 5*time.Second, &redislock.Options{Metadata: " report-writer-1"})
		if err == nil {
			for range 3 {
				if !rest(ctx, l.about(2*time.Second)) {
					break
				}
				_ = lock.Refresh(context.WithoutCancel(ctx), 5*time.Second, nil)
			}
			_ = lock.Release(context.WithoutCancel(ctx))
		}
		if !rest(ctx, l.about(2*time.Second)) {
			return
		}
	}
}

// work runs a worker of asynq, until ctx ends, or die: then it is gone without a word.
func (l *libraries) work(ctx context.Context, name string, conf asynq.Config, die <-chan struct{}) error {
	c, cut := l.client()
	conf.Logger, conf.ShutdownTimeout = silent{}, time.Millisecond
	srv := asynq.NewServerFromRedisClient(c, conf)
	mux := asynq.HandlerFunc(func(job context.Context, task *asynq.Task) error {
		mean := 2 * time.Second
		if task.Type() == "video:encode" {
			mean = time.Hour
		}
		if !rest(job, l.about(mean)) {
			return job.Err()
		}
		if task.Type() == "mail:bounce" {
			return errors.New("mailbox unavailable")
		}
		return nil
	})
	if err := srv.Start(mux); err != nil {
		return fmt.Errorf("worker %s: %w", name, err)
	}
	l.busy.Go(func() {
		select {
		case <-ctx.Done():
		case <-die:
			cut()
		}
		srv.Shutdown()
		_ = c.Close()
	})
	return nil
}

// enqueue gives the workers something to do.
func (l *libraries) enqueue(ctx context.Context) {
	c, _ := l.client()
	client := asynq.NewClientFromRedisClient(c)
	defer c.Close()
	for n := 0; ; n++ {
		task, queue := l.pick([]string{"mail:welcome", "mail:receipt", "mail:receipt", "mail:bounce"}), l.pick([]string{"critical", "default", "default"})
		options := []asynq.Option{asynq.Queue(queue), asynq.MaxRetry(1), asynq.Retention(time.Minute)}
		if n%5 == 0 {
			task, options = "video:encode", []asynq.Option{asynq.Queue("video"), asynq.Timeout(2 * time.Hour)}
		}
		if n%7 == 0 {
			options = append(options, asynq.ProcessIn(l.about(time.Minute)))
		}
		_, _ = client.EnqueueContext(ctx, asynq.NewTask(task, []byte(fmt.Sprintf(`{"order":%d}`, 104000+n))), options...)
		if !rest(ctx, l.about(time.Second)) {
			return
		}
	}
}

// silent is a logger that says nothing: the screen is the dashboard's.
type silent struct{}

func (silent) Debug(...any) {}
func (silent) Info(...any)  {}
func (silent) Warn(...any)  {}
func (silent) Error(...any) {}
func (silent) Fatal(...any) {}
