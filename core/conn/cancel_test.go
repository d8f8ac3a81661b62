package conn_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// every calls each exported function of the package that goes to a server.
func every(c redis.UniversalClient) map[string]func(context.Context) error {
	push := conn.NewScript(`return redis.call('RPUSH', KEYS[1], ARGV[1])`)
	gets := func(p redis.Pipeliner) { p.Get(ctx, "a"); p.Get(ctx, "b") }
	calls := map[string]func(context.Context) error{
		"script": func(ctx context.Context) error { return push.Run(ctx, c, []string{"k"}, "v").Err() },
		"once":   func(ctx context.Context) error { return conn.Once(ctx, c, "set", "s", 1).Err() },
		"ask": func(ctx context.Context) error {
			_, err := conn.Ask(ctx, c, redis.NewStringCmd(ctx, "get", "a"))
			return err
		},
		"get many": func(ctx context.Context) error { _, err := conn.GetMany(ctx, c, []string{"a", "b"}); return err },
		"heads":    func(ctx context.Context) error { _, err := conn.Heads(ctx, c, []string{"a", "b"}); return err },
		"pipeline": func(ctx context.Context) error { return conn.Pipeline(ctx, c, gets) },
		"atomic": func(ctx context.Context) error {
			return conn.Atomically(ctx, c, func(p redis.Pipeliner) { p.Get(ctx, "a"); p.StrLen(ctx, "a") })
		},
		"scan": func(ctx context.Context) error { return conn.Scan(ctx, c, "", 10, func([]string) error { return nil }) },
	}
	if node, single := c.(*redis.Client); single {
		calls["page"] = func(ctx context.Context) error { _, _, err := conn.ScanPage(ctx, node, 0, "", 10); return err }
		calls["track"] = func(ctx context.Context) error {
			return conn.Track(ctx, node, conn.Tracking{Beat: time.Hour, Up: func() {}, Changed: func([]string) {}})
		}
	}
	if opened, is := c.(*conn.Conn); is {
		calls["reach"] = opened.Reach
		calls["status"] = func(ctx context.Context) error { _, err := opened.Status(ctx); return err }
		calls["status again"] = func(ctx context.Context) error { _, err := opened.StatusAgain(ctx, conn.Status{}); return err }
	}
	return calls
}

// A server that swallows what it is sent must not hold up a caller who has given up, whatever the client is: no timeout
// ends a call here but that of the context. What was interrupted leaves nothing behind, and its reply is nobody else's.
func TestACancelledCallReturnsBeforeTheServerAnswers(t *testing.T) {
	server := redistest.Start(t)
	masters := redistest.StartCluster(t)
	open := func(o conn.Options) func() redis.UniversalClient {
		return func() redis.UniversalClient {
			o.Timeout = time.Hour
			c, err := conn.Open(o)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
	}
	seeds := conn.Options{Cluster: true}
	addrs := []string{}
	for _, m := range masters {
		seeds.URLs, addrs = append(seeds.URLs, m.URL()), append(addrs, m.Addr)
	}
	for name, tt := range map[string]struct {
		servers []*redistest.Server
		client  func() redis.UniversalClient
	}{
		"a caller's": {[]*redistest.Server{server}, func() redis.UniversalClient {
			return redis.NewClient(&redis.Options{Addr: server.Addr, ReadTimeout: -1})
		}},
		"without deadlines": {[]*redistest.Server{server}, func() redis.UniversalClient {
			return redis.NewClient(&redis.Options{Addr: server.Addr, ReadTimeout: -2, WriteTimeout: -2})
		}},
		"heeding contexts": {[]*redistest.Server{server}, func() redis.UniversalClient {
			return redis.NewClient(&redis.Options{Addr: server.Addr, ReadTimeout: time.Hour, ContextTimeoutEnabled: true})
		}},
		"opened": {[]*redistest.Server{server}, open(conn.Options{URLs: []string{server.URL()}})},
		"a caller's cluster": {masters, func() redis.UniversalClient {
			return redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, ReadTimeout: time.Hour})
		}},
		"a cluster opened": {masters, open(seeds)},
	} {
		t.Run(name, func(t *testing.T) {
			for name := range every(tt.client()) {
				t.Run(name, func(t *testing.T) {
					c := tt.client()
					call := every(c)[name]
					for _, key := range []string{"a", "b", "other"} { // of several masters; leaves a connection to each in the pool
						if err := c.Set(ctx, key, key, 0).Err(); err != nil {
							t.Fatal(err)
						}
					}
					before := runtime.NumGoroutine()
					for _, wait := range []time.Duration{0, 0, 20 * time.Millisecond} { // before it is sent, and in the wait
						want := context.Canceled
						ending, cancel := context.WithCancel(ctx)
						if wait > 0 {
							ending, cancel = context.WithTimeout(ctx, wait)
							want = context.DeadlineExceeded
						}
						for _, s := range tt.servers {
							s.Pause()
						}
						result := make(chan error, 1)
						go func() { result <- call(ending) }()
						if wait == 0 {
							cancel()
						}
						var err error
						hangs := redistest.Poll(30*time.Second, func() bool {
							select {
							case err = <-result:
								return true
							default:
								return false
							}
						})
						cancel()
						for _, s := range tt.servers {
							s.Resume()
						}
						switch {
						case hangs != nil:
							t.Fatalf("its context has ended, and the call still waits for the server: %v", hangs)
						case !errors.Is(err, want):
							t.Errorf("got %v, want the context's error", err)
						}
						for _, key := range []string{"a", "b", "other"} {
							if got, err := c.Get(ctx, key).Result(); got != key || err != nil {
								t.Errorf("%s afterwards: %q, %v", key, got, err)
							}
						}
					}
					redistest.Eventually(t, "nothing is left running", func() bool { return runtime.NumGoroutine() <= before })
					c.Close()
				})
			}
		})
	}
}

func TestANilContextIsAnError(t *testing.T) {
	c := redistest.Single(t)
	opened := open(t, conn.Options{URLs: []string{"redis://" + c.Options().Addr}})
	for _, client := range []redis.UniversalClient{c, opened} {
		for name, call := range every(client) {
			if err := call(nil); err == nil { //nolint:staticcheck // that is what is tested
				t.Errorf("%s: no error", name)
			}
		}
	}
}

// The client library would give one connection to two calls in a row: the second must not see the reply of the first.
func TestAnInterruptedConnectionIsNotUsedAgain(t *testing.T) {
	server := redistest.Start(t)
	c := redis.NewClient(&redis.Options{Addr: server.Addr, ReadTimeout: time.Hour, PoolSize: 1})
	defer c.Close()
	for i := range 50 {
		ending, cancel := context.WithCancel(ctx)
		go cancel() // before, during and after the call
		got, err := conn.Once(ending, c, "incr", "n").Int64()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		count, _ := c.Get(ctx, "n").Int64()
		if text, err := conn.Ask(ctx, c, redis.NewStringCmd(ctx, "echo", i)); err != nil || text == "" {
			t.Fatalf("echo: %q, %v", text, err)
		}
		if err == nil && got != count {
			t.Fatalf("counted to %d, and then there is %d", got, count)
		}
		cancel()
	}
}

// A hook that a caller's client has sees the calls; and of a connection it had before nothing is sent twice.
func TestACallersClientStaysItsOwn(t *testing.T) {
	server := redistest.Start(t)
	ending, cancel := context.WithCancel(ctx)
	defer cancel()
	c := redis.NewClient(&redis.Options{Addr: server.Addr, MaxRetries: -1, PoolSize: 3})
	defer c.Close()
	var idle []*redis.Conn
	for range 3 { // connections of before
		cn := c.Conn()
		if err := cn.Ping(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		idle = append(idle, cn)
	}
	for _, cn := range idle {
		cn.Close()
	}
	trips := &redistest.Trips{}
	c.AddHook(trips)
	push := conn.NewScript(`return redis.call('INCR', KEYS[1])`)
	for want := int64(1); want <= 5; want++ {
		if n, err := push.Run(ending, c, []string{"n"}).Int64(); err != nil || n != want {
			t.Fatalf("counted to %d, %v; want %d", n, err, want)
		}
		if err := conn.Pipeline(ending, c, func(p redis.Pipeliner) { p.Get(ctx, "n") }); err != nil {
			t.Fatal(err)
		}
		if n := trips.N.Swap(0); want > 1 && n != 2 {
			t.Errorf("a hook saw %d trips, want 2", n)
		}
	}
}
