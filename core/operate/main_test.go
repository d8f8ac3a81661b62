package operate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/kvstore"
	"holdfast/core/layout"
	"holdfast/core/operate"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

var ctx = context.Background()

// stage is an operator at work on a server.
type stage struct {
	*operate.Operator
	core  *core.Core
	c     redis.UniversalClient // a client of the test's own
	dir   string                // flushed files
	audit string
}

// connected are the options that reach the server of a test's client.
func connected(t *testing.T, c redis.UniversalClient) conn.Options {
	if single, ok := c.(*redis.Client); ok {
		return conn.Options{URLs: []string{"redis://" + single.Options().Addr}}
	}
	o := conn.Options{Cluster: true}
	for _, addr := range redistest.ClusterAddrs(t) {
		o.URLs = append(o.URLs, "redis://"+addr)
	}
	return o
}

func newStage(t *testing.T, c redis.UniversalClient, reach conn.Options, o operate.Options) *stage {
	t.Helper()
	s := &stage{c: c, dir: filepath.Join(t.TempDir(), "flushed"), audit: filepath.Join(t.TempDir(), "audit")}
	if o.FlushDir == "" {
		o.FlushDir = s.dir
	}
	if o.AuditFile == "" {
		o.AuditFile = s.audit
	}
	var err error
	if s.core, err = core.Open(core.Options{Conn: reach, Layouts: foreign(t)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.core.Close() })
	if s.Operator, err = operate.New(s.core, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// each runs a test with an operator on every kind of server.
func each(t *testing.T, test func(t *testing.T, s *stage)) {
	t.Helper()
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		test(t, newStage(t, c, connected(t, c), operate.Options{}))
	})
}

// single is for what does not depend on the kind of server.
func single(t *testing.T, o operate.Options) *stage {
	t.Helper()
	c := redistest.Single(t)
	return newStage(t, c, connected(t, c), o)
}

const (
	actorA1  = `{"actorId":"a1","version":"7","actorTemplateNamespace":"tns","actorTemplateName":"tmpl","status":"STATUS_RUNNING","ateomPodNamespace":"ns","ateomPodName":"pod-0","ateomPodIp":"10.0.0.7","later":{"n":12345678901234567890,"e":"<\u00e9\/>","empty":[]}}`
	actorOff = `{"actorId":"off","version":"3","actorTemplateNamespace":"tns","actorTemplateName":"tmpl","status":"STATUS_SUSPENDED"}`
	worker   = `{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0","actorNamespace":"tns","actorTemplate":"tmpl","actorId":"a1","ip":"10.0.0.7","version":"2"}`
)

// seen is what populate put on the server.
type seen struct {
	lease                   string // its row
	recordID                string
	version                 int64 // of the record
	token, bufferLock       string
	raw                     operate.Raw // of a generation that cannot be read
	fence, count, size, old int64
	rows                    map[string]kind.Row // of layouts
}

// foreign are layouts of other libraries' state.
func foreign(t *testing.T) []layout.Spec {
	t.Helper()
	specs, err := layout.Parse("foreign.toml", []byte(`
[[layout]]
name = "mutex"
view = "locks"
keys = ["mutex:{name}"]
type = "string"
columns = [{ name = "token", from = "value" }, { name = "ttl_ms", from = "ttl" }]
release = { how = "compare-and-delete", then = "A waiter takes it.", publish = "mutex-free", message = "{name}" }

[[layout]]
name = "rlock"
view = "locks"
keys = ["rlock:{name}"]
type = "hash"
rows = "field"
skip = ["mode"]
columns = [{ name = "token", from = "member" }, { name = "ttl_ms", from = "ttl" }]
release = { how = "delete-field", publish = "rlock-free:{name}", message = "0", with-last = ["mode"] }

[[layout]]
name = "job-locks"
view = "locks"
keys = ["job:{name}:lock"]
type = "string"
columns = [{ name = "token", from = "value" }]
release = { how = "never", because = "the job would run twice" }

[[layout]]
name = "fences"
view = "generations"
keys = ["fence:{{{key}}}"]
type = "string"
columns = [{ name = "key", from = "part", part = "key" }, { name = "fence", from = "value" }]
bump = { how = "new-fence", length = 32, delete = "cached:{{{key}}}", then = "Readers fill it again." }

[[layout]]
name = "dead"
view = "workers"
keys = ["dead:jobs"]
type = "zset"
rows = "member"
columns = [{ name = "pod", from = "member" }, { name = "alive_until", from = "score", format = "unix" }]
release = { how = "remove-member" }

[[layout]]
name = "state"
view = "state"
keys = ["state:{id}"]
type = "hash"
columns = [{ name = "data", from = "field", field = "data" }]
edit = "data"
version = "version"
`))
	if err != nil {
		t.Fatal(err)
	}
	return specs
}

// row reads a row of a kind.
func (s *stage) row(t *testing.T, of kind.Name, id string) kind.Row {
	t.Helper()
	k, _ := s.core.Kind(of)
	rows, err := k.Source.Read(ctx, []string{id})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%s %s: %v, %v", of, id, rows, err)
	}
	return rows[0]
}

// populate makes one of everything that can be acted on.
func (s *stage) populate(t *testing.T) seen {
	t.Helper()
	var out seen
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.c.Set(ctx, "actor:a1", actorA1, time.Hour).Err())
	must(s.c.Set(ctx, "actor:off", actorOff, 0).Err())
	must(s.c.Set(ctx, "worker:ns:pool:pod-0", worker, time.Hour).Err())
	must(s.c.Set(ctx, "gen:user:k", 41, time.Hour).Err())
	must(s.c.Set(ctx, "gen:unreadable", "x", 0).Err())
	var err error
	out.raw, err = s.Look(ctx, "generations", "unreadable")
	must(err)
	s.push(t, "left", 2)
	at, _, err := s.core.Buffers.Prepare(ctx, "left", "")
	must(err)
	out.old = at
	s.push(t, "both", 1)
	_, _, err = s.core.Buffers.Prepare(ctx, "both", "")
	must(err)
	s.push(t, "both", 1)
	stats := s.push(t, "s", 3)
	out.count, out.size = stats.Count, stats.Bytes
	s.push(t, "locked", 1)
	out.bufferLock, _, err = s.core.Buffers.Lock(ctx, "locked", 0, time.Hour)
	must(err)
	out.token = "theirs"
	out.fence, _, err = s.core.Actors.AcquireLockFenced(ctx, "lock:held", out.token, time.Hour)
	must(err)
	space, err := s.core.Records("ns")
	must(err)
	lease, err := space.Lessor().NewLease(ctx, time.Hour, false)
	must(err)
	version, err := space.Create(ctx, record.Record{Key: "k:1", Value: []byte("old"), Lease: lease.Id()})
	must(err)
	full, err := s.core.KV("full")
	must(err)
	defer full.Close()
	must(full.Put(&kvstore.KVPair{Key: []byte("k"), Value: []byte("old")}))
	must(s.c.Set(ctx, "mutex:a", "theirs", time.Hour).Err())
	must(s.c.HSet(ctx, "rlock:a", "u1:7", "2", "mode", "write").Err())
	must(s.c.PExpire(ctx, "rlock:a", time.Hour).Err())
	must(s.c.Set(ctx, "job:1:lock", "worker-1", time.Hour).Err())
	must(s.c.Set(ctx, "fence:{a}", strings.Repeat("ab", 16), time.Hour).Err())
	must(s.c.Set(ctx, "cached:{a}", "old", time.Hour).Err())
	must(s.c.ZAdd(ctx, "dead:jobs", redis.Z{Score: 1700000000.5, Member: "j1"}).Err())
	must(s.c.HSet(ctx, "state:a", "data", "old", "version", "7", "other", "1").Err())
	out.rows = map[string]kind.Row{
		"mutex": s.row(t, "locks", "mutex:a"), "field": s.row(t, "locks", "rlock:a#u1:7"), "never": s.row(t, "locks", "job:1:lock"),
		"fence": s.row(t, "generations", "fences/fence:{a}"), "member": s.row(t, "workers", "dead/dead:jobs#j1"),
	}
	out.lease, out.recordID, out.version = fmt.Sprintf("ns:%d", lease.Id()), "ns:k%3A1", int64(version)
	return out
}

type pushed struct{ Count, Bytes int64 }

// push adds n records to the live buffer of a store; they are {"n":0}, {"n":1} and so on.
func (s *stage) push(t *testing.T, store string, n int) pushed {
	t.Helper()
	var p pushed
	for i := range n {
		st, err := s.core.Buffers.Push(ctx, store, fmt.Appendf(nil, `{"n":%d}`, i))
		if err != nil {
			t.Fatal(err)
		}
		p = pushed{st.Count, st.Bytes}
	}
	return p
}

// lines are the lines of a file.
func lines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 0 && b[len(b)-1] != '\n' {
		t.Fatalf("the last line of %s has no end: %q", path, b)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// files are the names in the flush directory.
func (s *stage) files(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(s.dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// trail is what the audit file says, oldest first.
func (s *stage) trail(t *testing.T) []map[string]any {
	t.Helper()
	var out []map[string]any
	for _, l := range lines(t, s.audit) {
		var e map[string]any
		d := json.NewDecoder(strings.NewReader(l))
		d.UseNumber()
		if err := d.Decode(&e); err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		out = append(out, e)
	}
	return out
}

// dump is every key of the server with its type and whole content.
func dump(t *testing.T, c redis.UniversalClient) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := conn.Scan(ctx, c, "", 1000, func(keys []string) error {
		for _, k := range keys {
			kind, err := c.Type(ctx, k).Result()
			if err != nil {
				return err
			}
			var content any
			switch kind {
			case "string":
				content = c.Get(ctx, k).Val()
			case "list":
				content = c.LRange(ctx, k, 0, -1).Val()
			case "hash":
				content = c.HGetAll(ctx, k).Val()
			case "set":
				members := c.SMembers(ctx, k).Val()
				slices.Sort(members)
				content = members
			case "zset":
				content = c.ZRangeWithScores(ctx, k, 0, -1).Val()
			}
			out[k] = fmt.Sprint(kind, content)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// do carries an action out that must succeed.
func (s *stage) do(t *testing.T, a operate.Action) operate.Outcome {
	t.Helper()
	out, err := s.Do(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func planned(t *testing.T) func(operate.Action, error) operate.Action {
	return func(a operate.Action, err error) operate.Action {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

func (s *stage) load(t *testing.T, of kind.Name, id string) operate.Document {
	t.Helper()
	doc, err := s.Load(ctx, of, id)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func sameBytes(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}
