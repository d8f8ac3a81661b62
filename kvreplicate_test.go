package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/pebbledb"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/redistest"
)

// flagsFrom are those of `replicate` for a server.
func (s server) flagsFrom() (out []string) {
	for _, f := range s.flags {
		if f == "--url" {
			f = "--from"
		}
		out = append(out, f)
	}
	if len(out) > 2 { // one seed of a cluster tells of the others
		out = out[:3]
	}
	return out
}

// replicateUntil runs the command until it has said something, interrupts it and returns what it said.
func replicateUntil(t *testing.T, says string, args ...string) string {
	t.Helper()
	life, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	told := &firstLines{stop: stop, enough: func(text string) bool { return strings.Contains(text, says) }}
	if code := run(life, append(args, "replicate", "--refresh", "100ms"), nil, io.Discard, told); code != done || !strings.Contains(told.String(), says) {
		t.Fatalf("exit %d before %q: %s", code, says, told)
	}
	return told.String()
}

// master opens a database of a server; changes makes some more of every sort.
func (s server) master(t *testing.T, db string, o redisdb.Options) *redisdb.Store {
	t.Helper()
	m, err := redisdb.Open(s.c, db, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func change(t *testing.T, m kvstore.KVStore, n int) {
	t.Helper()
	for i := range n {
		key, value := fmt.Append(nil, "k", rand.IntN(60)), fmt.Append(nil, rand.Uint64(), "\xff")
		var err error
		switch i % 3 {
		case 0:
			err = m.Put(&kvstore.KVPair{Key: key, Value: value, ExpireTS: farAway}, kvPair("empty", "", 0))
		case 1:
			_, err = m.CompareAndSet(&kvstore.CompareAndSetRequest{Key: key, NewValue: value})
		case 2:
			err = m.Delete(key)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func content(t *testing.T, s kvstore.KVStore) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := kvstore.NewIteration(s, nil).ForEach(func(p *kvstore.KVPair) error {
		out[string(p.Key)] = fmt.Sprintf("%q until %d", p.Value, p.ExpireTS)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func openFolder(t *testing.T, dir string) *pebbledb.Store {
	t.Helper()
	r, err := pebbledb.Open(dir, pebbledb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// same checks that the replica in a folder is all of the master.
func same(t *testing.T, dir string, m *redisdb.Store) {
	t.Helper()
	r := openFolder(t, dir)
	defer r.Close()
	applied, _ := r.GetLatestAppliedChangeNumber()
	latest, err := m.GetLatestCommittedChangeNumber()
	if got, want := content(t, r), content(t, m); err != nil || applied != latest || !maps.Equal(got, want) || len(want) == 0 {
		t.Errorf("%d applied of %d, %v\n got %v\nwant %v", applied, latest, err, got, want)
	}
}

func TestReplicateFollowsADatabaseAndGoesOnWhereItEnded(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		dir := filepath.Join(t.TempDir(), "new", "replica")
		m := s.master(t, "db:1", redisdb.Options{})
		args := append([]string{"--db", "db:1", "--to", dir, "--read-only"}, s.flagsFrom()...)
		defer func() {
			if n := s.c.Exists(ctx, "kv:{db%3A1}:replicas").Val(); n != 0 {
				t.Error("it reported under --read-only")
			}
		}()
		for range 3 {
			change(t, m, 700)
			said := replicateUntil(t, "applied, 0 behind\n", args...)
			if !strings.HasPrefix(said, "replica of db:1: ") || strings.Contains(said, "snapshot") {
				t.Errorf("%s", said)
			}
			same(t, dir, m)
		}
	})
}

// The replica reports itself to its master under a name, for whoever looks at the database.
func TestReplicateReportsHowFarItIs(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		m := s.master(t, "db", redisdb.Options{})
		change(t, m, 30)
		host, err := os.Hostname()
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name []string
			want string
		}{{nil, host + ":copy"}, {[]string{"--name", "mine"}, "mine"}} {
			args := append([]string{"--db", "db", "--to", filepath.Join(t.TempDir(), "copy")}, tt.name...)
			replicateUntil(t, "applied, 0 behind\n", append(args, s.flagsFrom()...)...)
			rows, err := redisdb.NewRows(s.c, "").Read(ctx, []string{"db"})
			if err != nil || len(rows) != 1 {
				t.Fatal(rows, err)
			}
			all := rows[0].Replicas(time.Now())
			i := slices.IndexFunc(all, func(p redisdb.Replica) bool { return p.Name == tt.want })
			if i < 0 || all[i].Applied != rows[0].Changes || all[i].Lag(rows[0]) != 0 {
				t.Errorf("%q: %+v of %d changes", tt.want, all, rows[0].Changes)
			}
		}
	})
	long := holdfast(t, "replicate", "--from", "redis://127.0.0.1:1", "--db", "d", "--to", t.TempDir(), "--name", strings.Repeat("n", 257))
	if long.code != wrongUsage || !strings.HasPrefix(long.errors, "holdfast: usage: --name: ") {
		t.Errorf("exit %d: %s", long.code, long.errors)
	}
}

func TestReplicateTakesASnapshotWhereTheLogDoesNotReachBack(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		dir := t.TempDir()
		m := s.master(t, "db", redisdb.Options{Retain: 1})
		args := append([]string{"--db", "db", "--to", dir}, s.flagsFrom()...)
		for range 2 { // an empty replica, and one that was away for too long
			change(t, m, 900)
			if said := replicateUntil(t, "applied, 0 behind\n", args...); !strings.Contains(said, "snapshot") {
				t.Errorf("%s", said)
			}
			same(t, dir, m)
		}
		path := filepath.Join(t.TempDir(), "backup")
		s.run(t, "backup", "db", path).ok(t)
		change(t, m, 30)
		replicateUntil(t, "applied, 0 behind\n", args...)
		s.run(t, "restore", "db", path, "--replace").ok(t)
		replicateUntil(t, "applied, 0 behind\n", args...)
		same(t, dir, s.master(t, "db", redisdb.Options{}))
	})
}

// The source is restored, and then vanishes, while a replicator is at work: it waits, and goes on.
func TestReplicateOutlivesWhatHappensToItsSource(t *testing.T) {
	redis := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	s := newServer(t, redis.Client(t))
	m := s.master(t, "db", redisdb.Options{})
	change(t, m, 50)
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "backup")
	s.run(t, "backup", "db", path).ok(t)
	change(t, m, 50)

	life, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	told := &lines{}
	ended := make(chan int, 1)
	go func() {
		args := append([]string{"replicate", "--db", "db", "--to", dir, "--refresh", "100ms"}, s.flagsFrom()...)
		ended <- run(life, args, nil, io.Discard, told)
	}()
	latest := func() uint64 {
		n, err := s.master(t, "db", redisdb.Options{}).GetLatestCommittedChangeNumber()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	told.wait(t, fmt.Sprintf("%d changes applied, 0 behind", latest()))
	s.run(t, "restore", "db", path, "--replace").ok(t)
	told.wait(t, "taking a snapshot", fmt.Sprintf("%d changes applied, 0 behind", latest()))
	redis.Kill()
	told.wait(t, "waiting: ")
	redis.Restart(t)
	change(t, s.master(t, "db", redisdb.Options{}), 20)
	told.wait(t, fmt.Sprintf("%d changes applied, 0 behind", latest()))
	stop()
	if code := <-ended; code != done {
		t.Errorf("exit %d: %s", code, told)
	}
	same(t, dir, s.master(t, "db", redisdb.Options{}))
}

// lines gathers what a command says while it works.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer // not embedded: it would be written to without the lock
	seen int
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// wait waits for texts, one after the other, behind those that were waited for before.
func (l *lines) wait(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		err := redistest.Poll(20*time.Second, func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			before, _, said := strings.Cut(l.text.String()[l.seen:], text)
			if said {
				l.seen += len(before) + len(text)
			}
			return said
		})
		if err != nil {
			t.Fatalf("it never says %q: %s", text, l.String())
		}
	}
}

func TestReplicateRefusesWhatIsNoReplicaOfIt(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	m := s.master(t, "db", redisdb.Options{})
	change(t, m, 30)
	change(t, s.master(t, "other", redisdb.Options{}), 60)
	replicate := func(db, dir string) answer {
		t.Helper()
		return holdfast(t, append([]string{"replicate", "--db", db, "--to", dir}, s.flagsFrom()...)...)
	}
	dir := t.TempDir()
	replicateUntil(t, "0 behind", append([]string{"--db", "db", "--to", dir}, s.flagsFrom()...)...)
	replicate("other", dir).want(t, refused, dir, "another database", "db")
	replicate("none", t.TempDir()).want(t, failed, "none", "not found")

	open := openFolder(t, dir)
	replicate("db", dir).want(t, failed, dir, pebbledb.ErrInUse.Error())
	open.Close()
	same(t, dir, m)

	own := t.TempDir()
	local := openFolder(t, own)
	change(t, local, 3)
	want := content(t, local)
	local.Close()
	replicate("db", own).want(t, refused, own, "not empty")
	local = openFolder(t, own)
	if got := content(t, local); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	local.Close()

	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "letter"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	replicate("db", foreign).want(t, failed, foreign, "letter")
	replicate("db", filepath.Join(foreign, "letter")).want(t, failed, "letter")

	// A master that lost its changes must not take the replica's with it.
	had, err := m.GetLatestCommittedChangeNumber()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.c.FlushAll(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	replicate("db", dir).want(t, failed, "not found")
	again := s.master(t, "db", redisdb.Options{})
	change(t, again, 1)
	replicate("db", dir).want(t, refused, "ahead of the master")
	open = openFolder(t, dir)
	defer open.Close()
	if n, err := open.GetLatestAppliedChangeNumber(); err != nil || n != had {
		t.Errorf("%d, %v, it had %d", n, err, had)
	}
}

func TestReplicateOfAServerThatDoesNotAnswer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	dir := filepath.Join(t.TempDir(), "replica")
	holdfast(t, "replicate", "--db", "db", "--to", dir, "--from", "redis://user:s3cr3t@"+addr).want(t, unreachable, addr)
	if _, err := os.Stat(dir); err == nil {
		t.Error("a folder was made")
	}
}

// The process is killed at random moments under writes. Each time the replica is a prefix of its master, and at last all
// of it.
func TestReplicateSurvivesKills(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		m := s.master(t, "db", redisdb.Options{})
		change(t, m, 3000)
		dir := t.TempDir()
		args := append([]string{"replicate", "--db", "db", "--to", dir, "--refresh", "100ms"}, s.flagsFrom()...)
		applied := uint64(0)
		for round := 0; round < 12 || applied == 0 && round < 100; round++ { // more where the machine is so busy that each was killed too early
			change(t, m, 100)
			process := exec.Command(binary(t), args...)
			if err := process.Start(); err != nil {
				t.Fatal(err)
			}
			kill := time.After(time.Duration(20+rand.IntN(150)) * time.Millisecond)
			for working := true; working; {
				select {
				case <-kill:
					working = false
				default:
					change(t, m, 3)
				}
			}
			_ = process.Process.Kill() // SIGKILL
			_ = process.Wait()

			r := openFolder(t, dir)
			now, err := r.GetLatestAppliedChangeNumber()
			if err != nil || now < applied {
				t.Fatalf("round %d: %d applied after %d, %v", round, now, applied, err)
			}
			applied = now
			if got, want := content(t, r), prefix(t, m, applied); !maps.Equal(got, want) {
				t.Fatalf("round %d: %v is no prefix of the master, %v", round, got, want)
			}
			r.Close()
		}
		if applied == 0 {
			t.Error("nothing was ever applied")
		}
		process := exec.Command(binary(t), args...)
		told := &lines{}
		process.Stderr = told
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		told.wait(t, "applied, 0 behind")
		_ = process.Process.Signal(syscall.SIGTERM)
		if err := process.Wait(); err != nil {
			t.Errorf("interrupted: %v: %s", err, told.String())
		}
		same(t, dir, m)
	})
}

// prefix is the state that the first n changes of a master make.
func prefix(t *testing.T, m kvstore.ChangePropagator, n uint64) map[string]string {
	t.Helper()
	changes, err := m.LoadChanges(1, int(n))
	if err != nil || uint64(len(changes)) != n {
		t.Fatalf("%d changes: %v", len(changes), err)
	}
	out := map[string]string{}
	for _, c := range changes {
		for _, e := range c.Trxns {
			if e.Type == kvstore.TrxnDelete {
				delete(out, string(e.Key))
			} else {
				out[string(e.Key)] = fmt.Sprintf("%q until %d", e.Value, e.ExpireTS)
			}
		}
	}
	return out
}
