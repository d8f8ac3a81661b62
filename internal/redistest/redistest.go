// Package redistest starts real Redis servers for tests, as net/http/httptest does web servers: on free loopback
// ports, in temporary folders, stopped with the test. Only tests import it.
//
// Without a redis-server binary a test that asks for one is skipped and says so; with REQUIRE_REDIS=1 it
// fails instead.
package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// Server is one redis-server process.
type Server struct {
	Addr   string // host:port
	dir    string
	config []string // a configuration file, or none
	args   []string
	cmd    *exec.Cmd
}

// URL of the server's database 0.
func (s *Server) URL() string { return "redis://" + s.Addr + "/0" }

// Start runs a server of the test's own, with extra arguments such as "--appendonly", "yes".
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	need(t)
	s, err := launch(args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.remove)
	return s
}

// patience is how long the clients of tests wait for an answer. On a busy machine a script or a pipeline that prepares much
// may take longer than the three seconds of go-redis.
const patience = time.Minute

// Client connects to the server; it is closed with the test.
func (s *Server) Client(t testing.TB) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1, ReadTimeout: patience, WriteTimeout: patience})
	t.Cleanup(func() { c.Close() })
	return c
}

// Kill ends the process as kill -9 does and waits until it is gone.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// Pause and Resume freeze the process, as a network that swallows packets would.
func (s *Server) Pause() { _ = s.cmd.Process.Signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (s *Server) Resume() { _ = s.cmd.Process.Signal(syscall.SIGCONT) }

// Restart runs the server again after Kill, on the same port and folder.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) remove() {
	s.Resume()
	s.Kill()
	os.RemoveAll(s.dir)
}

const binary = "redis-server"

func need(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath(binary); err == nil {
		return
	}
	if os.Getenv("REQUIRE_REDIS") == "1" {
		t.Fatal("redis-server is not installed, and REQUIRE_REDIS=1 demands it")
	}
	t.Skip("redis-server is not installed; install it to run the tests against a real server")
}

func launch(args ...string) (*Server, error) {
	dir, err := os.MkdirTemp("", "holdfast-redis-")
	if err != nil {
		return nil, err
	}
	for attempt := 0; ; attempt++ { // somebody may take the free port before redis-server does
		s := &Server{Addr: freeAddr(), dir: dir, args: args}
		err := s.run()
		if err == nil {
			return s, nil
		}
		if attempt == 4 {
			os.RemoveAll(dir)
			return nil, err
		}
	}
}

func (s *Server) run() error {
	host, port, _ := net.SplitHostPort(s.Addr)
	args := append(s.config, "--bind", host, "--port", port, "--dir", s.dir, "--save", "", "--daemonize", "no", "--loglevel", "warning")
	args = append(args, s.args...)
	s.cmd = exec.Command(binary, args...)
	s.cmd.SysProcAttr = dieWithParent()
	logfile, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logfile.Close()
	s.cmd.Stdout, s.cmd.Stderr = logfile, logfile
	if err := s.cmd.Start(); err != nil {
		return err
	}
	c := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1})
	defer c.Close()
	var answer string
	err = Poll(20*time.Second, func() bool {
		info, ping := c.Info(context.Background(), "server"), c.Ping(context.Background()) // INFO is answered while it is loading, too
		answer = info.Val()
		return info.Err() == nil && ping.Err() == nil
	})
	if err == nil && !strings.Contains(answer, fmt.Sprintf("process_id:%d\r", s.cmd.Process.Pid)) {
		err = errors.New("another server has the port")
	}
	if err != nil {
		s.Kill()
		text, _ := os.ReadFile(logfile.Name())
		return fmt.Errorf("redis-server at %s: %w: %s", s.Addr, err, text)
	}
	return nil
}

// Poll waits until ok holds, asking every few milliseconds, for at most the limit.
func Poll(limit time.Duration, ok func() bool) error {
	deadline := time.Now().Add(limit)
	for !ok() {
		if time.Now().After(deadline) {
			return fmt.Errorf("condition does not hold after %v", limit)
		}
		<-time.After(5 * time.Millisecond)
	}
	return nil
}

// Eventually fails the test unless ok holds within half a minute: long enough for a machine that is busy with other work.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	if err := Poll(30*time.Second, ok); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func freeAddr() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err) // no loopback, no tests
	}
	defer l.Close()
	return l.Addr().String()
}

// shared servers live as long as the test binary; Main stops them.
var shared struct {
	mu      sync.Mutex
	single  *Server
	cluster []*Server
}

// Main runs a package's tests and stops the shared servers after them: func TestMain(m *testing.M) { redistest.Main(m) }.
// What else is to be tidied up does after.
func Main(m *testing.M, after ...func()) {
	code := m.Run()
	for _, f := range after {
		f()
	}
	for _, s := range append(shared.cluster, shared.single) {
		if s != nil {
			s.remove()
		}
	}
	os.Exit(code)
}

// Single returns a client of a real server that the package's tests share, emptied. Such tests do not run in parallel.
func Single(t testing.TB) *redis.Client {
	t.Helper()
	need(t)
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.single == nil {
		s, err := launch()
		if err != nil {
			t.Fatal(err)
		}
		shared.single = s
	}
	c := shared.single.Client(t)
	if err := c.FlushAll(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	return c
}

// URL is that of the shared server, emptied, for examples: they have no testing.TB. Without a redis-server binary it is that of
// a miniredis.
func URL() string {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if _, err := exec.LookPath(binary); err != nil && os.Getenv("REQUIRE_REDIS") != "1" {
		m := miniredis.NewMiniRedis()
		if err := m.Start(); err != nil {
			panic(err) // no loopback, no tests
		}
		return "redis://" + m.Addr() + "/0"
	}
	if shared.single == nil {
		s, err := launch()
		if err != nil {
			panic(err)
		}
		shared.single = s
	}
	c := redis.NewClient(&redis.Options{Addr: shared.single.Addr})
	defer c.Close()
	if err := c.FlushAll(context.Background()).Err(); err != nil {
		panic(err)
	}
	return shared.single.URL()
}

// Mini returns a client of an in-process miniredis and the server itself, whose clock the test moves.
func Mini(t testing.TB) (*redis.Client, *miniredis.Miniredis) {
	t.Helper()
	m := miniredis.RunT(t)
	c := redis.NewClient(&redis.Options{Addr: m.Addr(), MaxRetries: -1, ReadTimeout: patience, WriteTimeout: patience})
	t.Cleanup(func() { c.Close() })
	return c, m
}

// Clocked is a miniredis whose clock and expiry move in step.
type Clocked struct {
	*miniredis.Miniredis
	Now time.Time
}

// ClockedMini is Mini with a clock that stands still until it is moved.
func ClockedMini(t testing.TB) (*redis.Client, *Clocked) {
	t.Helper()
	c, m := Mini(t)
	k := &Clocked{m, time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	m.SetTime(k.Now)
	return c, k
}

// Advance lets time pass.
func (k *Clocked) Advance(d time.Duration) {
	k.Now = k.Now.Add(d)
	k.SetTime(k.Now)
	k.FastForward(d)
}

// Each runs a test against a real single server, a real cluster of three masters, and, without -short, miniredis: what runs of
// ours is the same there, and its scripts are slow under the race detector.
func Each(t *testing.T, test func(t *testing.T, c redis.UniversalClient)) {
	t.Helper()
	t.Run("single", func(t *testing.T) { test(t, Single(t)) })
	t.Run("cluster", func(t *testing.T) { test(t, Cluster(t)) })
	if !testing.Short() {
		t.Run("mini", func(t *testing.T) { c, _ := Mini(t); test(t, c) })
	}
}

// EachReal is Each without miniredis, for what that server does not do.
func EachReal(t *testing.T, test func(t *testing.T, c redis.UniversalClient)) {
	t.Helper()
	t.Run("single", func(t *testing.T) { test(t, Single(t)) })
	t.Run("cluster", func(t *testing.T) { test(t, Cluster(t)) })
}
