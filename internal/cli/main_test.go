package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adrg/xdg"
	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

// TestMain hides the configuration of whoever runs the tests.
func TestMain(m *testing.M) {
	if report := os.Getenv(reportTo); report != "" {
		os.Exit(measure(report, os.Args[1:]))
	}
	home, err := os.MkdirTemp("", "holdfast-config-")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CONFIG_HOME", home)
	xdg.Reload()
	redistest.Main(m, func() { os.RemoveAll(built.dir); os.RemoveAll(home) })
}

var ctx = context.Background()

// answer is what one run of the command gave.
type answer struct {
	code        int
	out, errors string
}

// holdfast runs the command in this process, with nothing in the environment.
func holdfast(t *testing.T, args ...string) answer {
	t.Helper()
	return holdfastWith(t, nil, args...)
}

func holdfastWith(t *testing.T, environ []string, args ...string) answer {
	t.Helper()
	var out, errors bytes.Buffer
	code := run(t.Context(), args, environ, &out, &errors)
	return answer{code, out.String(), errors.String()}
}

// line is the one line that an error other than one of usage is.
func (a answer) line(t *testing.T) string {
	t.Helper()
	if strings.Count(a.errors, "\n") != 1 || !strings.HasPrefix(a.errors, "holdfast: ") || a.out != "" {
		t.Errorf("exit %d, out %q, errors %q: want one line", a.code, a.out, a.errors)
	}
	return a.errors
}

// ok is the output of a run that must succeed, without a word on the other stream.
func (a answer) ok(t *testing.T) string {
	t.Helper()
	if a.code != done || a.errors != "" {
		t.Fatalf("exit %d, out %q, errors %q", a.code, a.out, a.errors)
	}
	return a.out
}

// objects reads the JSON array that get printed.
func objects(t *testing.T, text string) []map[string]any {
	t.Helper()
	var out []map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&out); err != nil || out == nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

// checkout is the root of the project, seen from here.
var checkout, _ = filepath.Abs("../..")

// built is the real binary, made once for all tests that need a process to kill.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func binary(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "holdfast-binary-"); built.err != nil {
			return
		}
		text, err := exec.Command("go", "build", "-buildvcs=false", "-o", built.dir, checkout).CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, text)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "holdfast")
}

// server is what a test of the command works with.
type server struct {
	flags []string // that reach it
	c     redis.UniversalClient
	core  *core.Core
}

func newServer(t *testing.T, c redis.UniversalClient) server {
	t.Helper()
	s := server{c: c}
	o := conn.Options{}
	if single, ok := c.(*redis.Client); ok {
		o.URLs = []string{"redis://" + single.Options().Addr}
	} else {
		o.Cluster = true
		for _, addr := range redistest.ClusterAddrs(t) {
			o.URLs = append(o.URLs, "redis://"+addr)
		}
		s.flags = []string{"--cluster"}
	}
	for _, u := range o.URLs {
		s.flags = append(s.flags, "--url", u)
	}
	var err error
	if s.core, err = core.Open(core.Options{Conn: o}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.core.Close() })
	return s
}

// each runs a test on a single server and, with --cluster, on a cluster.
func each(t *testing.T, test func(t *testing.T, s server)) {
	t.Helper()
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) { test(t, newServer(t, c)) })
}

// run runs the command against the server.
func (s server) run(t *testing.T, args ...string) answer {
	t.Helper()
	return holdfast(t, append(args, s.flags...)...)
}

func (s server) get(t *testing.T, args ...string) []map[string]any {
	t.Helper()
	return objects(t, s.run(t, append([]string{"get", "-o", "json"}, args...)...).ok(t))
}

func (s server) set(t *testing.T, key, value string, ttl time.Duration) {
	t.Helper()
	if err := s.c.Set(ctx, key, value, ttl).Err(); err != nil {
		t.Fatal(err)
	}
}

// push adds records to the live buffer of a store.
func (s server) push(t *testing.T, store string, records ...string) {
	t.Helper()
	for _, r := range records {
		if _, err := s.core.Buffers.Push(ctx, store, []byte(r)); err != nil {
			t.Fatal(err)
		}
	}
}

// prepare moves a buffer aside and returns its timestamp.
func (s server) prepare(t *testing.T, store string) int64 {
	t.Helper()
	at, found, err := s.core.Buffers.Prepare(ctx, store, "")
	if err != nil || !found {
		t.Fatal(found, err)
	}
	return at
}

// put stores pairs in a key-value database, as one change.
func (s server) put(t *testing.T, db string, pairs ...*kvstore.KVPair) {
	t.Helper()
	store, err := s.core.KV(db)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Put(pairs...); err != nil {
		t.Fatal(err)
	}
}

// create makes a record, on a new lease if that is to live, and returns its version and the lease.
func (s server) create(t *testing.T, namespace, key, value string, life time.Duration) (version, lease int64) {
	t.Helper()
	space, err := s.core.Records(namespace)
	if err != nil {
		t.Fatal(err)
	}
	r := record.Record{Key: record.Key(key), Value: []byte(value)}
	if life > 0 {
		l, err := space.Lessor().NewLease(ctx, life, false)
		if err != nil {
			t.Fatal(err)
		}
		r.Lease = l.Id()
	}
	v, err := space.Create(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	return int64(v), int64(r.Lease)
}

// file writes a file for one test.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	actorA1 = `{"actorId":"a1","version":"7","actorTemplateNamespace":"tns","actorTemplateName":"tmpl","status":"STATUS_RUNNING","ateomPodNamespace":"ns","ateomPodName":"pod-0","ateomPodIp":"10.0.0.7","later":{"n":12345678901234567890}}`
	actorA2 = `{"actorId":"a2","version":"1","status":"STATUS_SUSPENDED","ateomPodNamespace":"ns","ateomPodName":"pod-1","workerPoolName":"pool","atespace":"sp"}`
	worker  = `{"workerNamespace":"ns","workerPool":"pool","workerPod":"pod-0","actorNamespace":"tns","actorTemplate":"tmpl","actorId":"a1","ip":"10.0.0.7","version":"2"}`
)

// keys are all keys of the server, sorted.
func (s server) keys(t *testing.T) []string {
	t.Helper()
	var out []string
	err := conn.Scan(ctx, s.c, "", 1000, func(page []string) error { out = append(out, page...); return nil })
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}
