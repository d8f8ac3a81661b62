package core_test

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

var ctx = context.Background()

func open(t *testing.T, o core.Options) *core.Core {
	t.Helper()
	c, err := core.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// each runs a test on the options of a single server, of a cluster of three masters, and of miniredis.
func each(t *testing.T, test func(t *testing.T, o conn.Options)) {
	t.Run("single", func(t *testing.T) {
		test(t, conn.Options{URLs: []string{"redis://" + redistest.Single(t).Options().Addr}})
	})
	t.Run("cluster", func(t *testing.T) {
		redistest.Cluster(t) // empties it
		o := conn.Options{Cluster: true}
		for _, addr := range redistest.ClusterAddrs(t) {
			o.URLs = append(o.URLs, "redis://"+addr)
		}
		test(t, o)
	})
	t.Run("mini", func(t *testing.T) {
		_, m := redistest.Mini(t)
		test(t, conn.Options{URLs: []string{"redis://" + m.Addr()}})
	})
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// use writes one thing of every kind.
func use(t *testing.T, c *core.Core) {
	t.Helper()
	_, err := c.Buffers.Push(ctx, "s", []byte(`{"a":1}`))
	ok(t, err)
	g, err := c.GenStore("ns", time.Hour)
	ok(t, err)
	_, err = g.Bump(ctx, "k")
	ok(t, err)
	ok(t, c.Actors.CreateActor(ctx, &actorstore.Actor{ActorId: "a", ActorTemplateName: "t"}))
	ok(t, c.Actors.CreateWorker(ctx, &actorstore.Worker{WorkerNamespace: "ns", WorkerPool: "p", WorkerPod: "w"}))
	_, err = c.Actors.AcquireLock(ctx, c.Prefixes.Of(actorstore.LockPrefix)+"x", "token", time.Hour)
	ok(t, err)
	if before, usual := strings.CutSuffix(c.Prefixes.Of(actorstore.ActorPrefix), "actor:"); usual {
		ok(t, c.Conn.Set(ctx, before+"atespace:sp", `{}`, 0).Err())
	}
	r, err := c.Records("ns")
	ok(t, err)
	l, err := r.NewLease(ctx, time.Hour, false)
	ok(t, err)
	_, err = r.Create(ctx, record.Record{Key: "k", Value: record.Value("v"), Lease: l.Id()})
	ok(t, err)
}

// The prefixes are the contract of the configuration, and of the layout that services write.
func TestUsualPrefixesAreThoseOfTheLayout(t *testing.T) {
	var got []string
	for _, p := range core.KeyPrefixes() {
		got = append(got, p.Name+" "+p.Usual)
	}
	if want := "buffer buf:, generation gen:, actor actor:, worker worker:, lock lock:, record rec:, kv kv:"; strings.Join(got, ", ") != want {
		t.Errorf("prefixes %q", got)
	}
}

// What the primitives of a core write, its live model shows: they agree on every key, whatever the prefixes.
func TestPrimitivesAndLiveAgreeOnTheKeys(t *testing.T) {
	for name, p := range map[string]kind.Prefixes{
		"usual": {},
		"own":   {"buffer": "prod:b:", "generation": "prod:g:", "actor": "prod:a:", "worker": "prod:w:", "lock": "prod:l:", "record": "prod:r:", "kv": "prod:k:"},
		"globs": {"buffer": "[b]*:", "generation": "?g:", "actor": `\a:`, "worker": "^w-:", "lock": "]l:", "record": "*r:"},
		"some":  {"actor": "agents:"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, o conn.Options) {
				c := open(t, core.Options{Conn: o, Prefixes: p})
				use(t, c)
				s, err := c.Live.ReadAll(ctx)
				ok(t, err)
				for _, name := range []kind.Name{"buffers", "generations", "actors", "workers", "locks", "leases", "records"} {
					table := s.Table(name)
					if table.Len() != 1 || table.Bad != 0 {
						t.Errorf("%s: %d rows, %d bad", table.Kind, table.Len(), table.Bad)
					}
				}
				for _, of := range core.KeyPrefixes() {
					if own, is := p[of.Name]; c.Prefixes.Of(of) != cmp.Or(own, of.Usual) || is && own == of.Usual {
						t.Errorf("prefix %s: %q", of.Name, c.Prefixes.Of(of))
					}
				}
			})
		})
	}
}

// The order of the dashboard, and of who is asked first whose a key is.
func TestKindsStandInTheirOrder(t *testing.T) {
	c := open(t, core.Options{})
	var kinds []string
	for _, k := range c.Kinds() {
		kinds = append(kinds, string(k.Name))
		if found, known := c.Kind(k.Name); !known || found.Source != k.Source {
			t.Errorf("%s is found as %+v, %v", k.Name, found, known)
		}
	}
	if k, known := c.Kind("nonsense"); known || k.Source != nil {
		t.Errorf("an unknown kind is %+v", k)
	}
	if got := strings.Join(kinds, " "); !strings.HasPrefix(got, "buffers generations actors workers locks leases records") {
		t.Error(got)
	}
	for i, table := range c.Live.Snapshot().Tables {
		if string(table.Kind) != kinds[i] {
			t.Errorf("table %d is of %s", i, table.Kind)
		}
	}
}

func TestOpenDialsNothing(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	c := open(t, core.Options{Conn: conn.Options{URLs: []string{server.URL()}}, Refresh: time.Minute})
	if s := c.Live.Snapshot(); s.State != live.Connecting || s.Refresh != time.Minute {
		t.Errorf("%+v", s)
	}
	if err := c.Conn.Reach(ctx); !errors.Is(err, conn.ErrUnreachable) {
		t.Error(err)
	}
	server.Restart(t)
	ok(t, c.Conn.Reach(ctx))
}

func TestOpenRefusesWhatIsNoServer(t *testing.T) {
	for _, o := range []conn.Options{
		{URLs: []string{"http://user:secret@host"}},
		{URLs: []string{"redis://a", "redis://b"}},
		{Cluster: true, SentinelMaster: "m"},
	} {
		if c, err := core.Open(core.Options{Conn: o}); c != nil || err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: %v, %v", o, c, err)
		}
	}
}

func TestGenStoreHasTheCoresPrefixAndItsLife(t *testing.T) {
	c := open(t, core.Options{Conn: conn.Options{URLs: []string{"redis://" + redistest.Single(t).Options().Addr}}, Prefixes: kind.Prefixes{"generation": "g:"}})
	for ns, ttl := range map[string]time.Duration{"short": time.Minute, "long": 0} {
		g, err := c.GenStore(ns, ttl)
		ok(t, err)
		_, err = g.Bump(ctx, "k")
		ok(t, err)
		if left := c.Conn.PTTL(ctx, "g:"+ns+":k").Val(); (left > 0) != (ttl > 0) || left > ttl {
			t.Errorf("%s lives for %v", ns, left)
		}
	}
}

// All who use a namespace share its storage, which ends with the core.
func TestRecordsOfANamespaceAreOneStorage(t *testing.T) {
	each(t, func(t *testing.T, o conn.Options) {
		c := open(t, core.Options{Conn: o})
		a, err := c.Records("a")
		ok(t, err)
		again, err := c.Records("a")
		ok(t, err)
		b, err := c.Records("b")
		ok(t, err)
		if a != again || a == b {
			t.Errorf("%p %p %p", a, again, b)
		}
		if s, err := c.Records(""); s != nil || err == nil {
			t.Errorf("without a name: %v, %v", s, err)
		}
		v, err := a.Create(ctx, record.Record{Key: "k"})
		ok(t, err)
		waited := make(chan error, 1)
		go func() { _, err := a.WaitForVersionChange(ctx, "k", v); waited <- err }()
		ok(t, c.Close())
		if err := <-waited; err == nil {
			t.Error("a wait outlived the core")
		}
		if err := c.Conn.Ping(ctx).Err(); !errors.Is(err, redis.ErrClosed) {
			t.Errorf("the connection: %v", err)
		}
	})
}
