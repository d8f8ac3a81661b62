package live_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

var ctx = context.Background()

// open opens a core; refresh 0 is the usual second.
func open(t testing.TB, o conn.Options, refresh time.Duration) *core.Core {
	t.Helper()
	c, err := core.Open(core.Options{Conn: o, Refresh: refresh})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func single(t testing.TB) conn.Options {
	return conn.Options{URLs: []string{"redis://" + redistest.Single(t).Options().Addr}}
}

func cluster(t testing.TB) conn.Options {
	redistest.Cluster(t) // empties it
	o := conn.Options{Cluster: true}
	for _, addr := range redistest.ClusterAddrs(t) {
		o.URLs = append(o.URLs, "redis://"+addr)
	}
	return o
}

func mini(t testing.TB) (conn.Options, *miniredis.Miniredis) {
	_, m := redistest.Mini(t)
	return conn.Options{URLs: []string{"redis://" + m.Addr()}}, m
}

// each runs a test with a core on a single server, on a cluster of three masters, and on miniredis.
func each(t *testing.T, test func(t *testing.T, c *core.Core)) {
	t.Helper()
	t.Run("single", func(t *testing.T) { test(t, open(t, single(t), 0)) })
	t.Run("cluster", func(t *testing.T) { test(t, open(t, cluster(t), 0)) })
	if !testing.Short() { // as redistest.Each
		t.Run("mini", func(t *testing.T) { o, _ := mini(t); test(t, open(t, o, 0)) })
	}
}

// run runs the live model until the test ends or stop is called.
func run(t testing.TB, c *core.Core) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); _ = c.Live.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func until(t testing.TB, c *core.Core, what string, ok func(s *live.Snapshot) bool) *live.Snapshot {
	t.Helper()
	redistest.Eventually(t, what, func() bool { return ok(c.Live.Snapshot()) })
	return c.Live.Snapshot()
}

// look makes one reading that goes through the whole keyspace.
func look(t testing.TB, c *core.Core) *live.Snapshot {
	t.Helper()
	s, err := c.Live.ReadAll(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ok fails the test on the error of something that is only prepared.
func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, c redis.UniversalClient, key, text string) {
	t.Helper()
	ok(t, c.Set(ctx, key, text, 0).Err())
}

// actorDoc is the document of an actor as other writers store it.
func actorDoc(id, more string) string {
	return `{"actorId":"` + id + `","version":"7","actorTemplateNamespace":"tns","actorTemplateName":"tmpl","status":"STATUS_RUNNING"` + more + `}`
}

// fill stores actors from..to-1.
func fill(t testing.TB, c redis.UniversalClient, from, to int) {
	t.Helper()
	inPipelines(t, c, to-from, func(p redis.Pipeliner, i int) {
		i += from
		id := fmt.Sprintf("a%07d", i)
		p.Set(ctx, "actor:"+id, actorDoc(id, fmt.Sprintf(`,"ateomPodNamespace":"ns","ateomPodName":"pod-%d","ateomPodIp":"10.0.%d.%d"`, i, i>>8&255, i&255)), 0)
	})
}

// inPipelines does something n times, a few thousand at once.
func inPipelines(t testing.TB, c redis.UniversalClient, n int, do func(p redis.Pipeliner, i int)) {
	t.Helper()
	for from := 0; from < n; from += 10_000 {
		p := c.Pipeline()
		for i := from; i < min(n, from+10_000); i++ {
			do(p, i)
		}
		_, err := p.Exec(ctx)
		ok(t, err)
	}
}
