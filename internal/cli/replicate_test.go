package cli

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
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/pebbledb"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
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
			all := redisdb.Replicas(rows[0], time.Now())
			i := slices.IndexFunc(all, func(p redisdb.Replica) bool { return p.Name == tt.want })
			if i < 0 || all[i].Applied != redisdb.Columns.Changes.Of(rows[0]) || all[i].Lag(rows[0]) != 0 {
				t.Errorf("%q: %+v of %d changes", tt.want, all, redisdb.Columns.Changes.Of(rows[0]))
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
	t.Parallel()
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

// The process is killed at random moments under writes: while it starts, and in every other round after it has applied
// something. Each time the replica is a prefix of its master, and at last all of it.
func TestReplicateSurvivesKills(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		m := s.master(t, "db", redisdb.Options{})
		change(t, m, 3000)
		dir := t.TempDir()
		args := append([]string{"replicate", "--db", "db", "--to", dir, "--refresh", "100ms"}, s.flagsFrom()...)
		works := regexp.MustCompile(`[1-9]\d* changes applied`)
		applied := uint64(0)
		for round := range 12 {
			change(t, m, 100)
			process := exec.Command(binary(t), args...)
			said := &lines{}
			process.Stderr = said
			if err := process.Start(); err != nil {
				t.Fatal(err)
			}
			soon := func() <-chan time.Time { return time.After(time.Duration(rand.IntN(150)) * time.Millisecond) }
			var kill <-chan time.Time
			if round%2 == 0 {
				kill = soon()
			}
			never := time.After(time.Minute)
			for working := true; working; {
				select {
				case <-kill:
					working = false
				case <-never:
					t.Errorf("round %d: nothing was applied: %s", round, said.String())
					working = false
				default:
					change(t, m, 3)
					if kill == nil && works.MatchString(said.String()) {
						kill = soon()
					}
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

// A replica that cannot go on starts from a snapshot with --replace, which the refusal says; nothing else is lost.
func TestReplicateReplacesWhatCannotGoOn(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	m := s.master(t, "db", redisdb.Options{})
	change(t, m, 60)
	dir := t.TempDir()
	args := append([]string{"--db", "db", "--to", dir}, s.flagsFrom()...)
	refusedAs := func(says string) {
		t.Helper()
		before := openFolder(t, dir)
		want := content(t, before)
		before.Close()
		holdfast(t, append([]string{"replicate"}, args...)...).want(t, refused, says, "--replace")
		after := openFolder(t, dir)
		defer after.Close()
		if got := content(t, after); !maps.Equal(got, want) {
			t.Errorf("%s: %d pairs of %d", says, len(got), len(want))
		}
	}
	replaced := func() {
		t.Helper()
		if said := replicateUntil(t, "applied, 0 behind\n", append([]string{"--replace"}, args...)...); !strings.Contains(said, "snapshot") {
			t.Errorf("%s", said)
		}
		same(t, dir, s.master(t, "db", redisdb.Options{}))
		replicateUntil(t, "applied, 0 behind\n", args...)
	}
	replicateUntil(t, "applied, 0 behind\n", args...)
	for _, n := range []int{9, 300} { // the database is made anew, with fewer changes and with more
		if err := s.c.FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		change(t, s.master(t, "db", redisdb.Options{}), n)
		if n == 9 {
			refusedAs("ahead of the master")
		} else {
			refusedAs("history")
		}
		replaced()
	}

	change(t, s.master(t, "other", redisdb.Options{}), 500)
	replicateUntil(t, "0 behind", append([]string{"--db", "other", "--to", dir, "--replace"}, s.flagsFrom()...)...)
	same(t, dir, s.master(t, "other", redisdb.Options{}))
	refusedAs("another database")
	replaced()

	dir = t.TempDir() // a database that is no replica
	args[3] = dir
	local := openFolder(t, dir)
	change(t, local, 30)
	local.Close()
	refusedAs("not empty")
	replaced()
}

// A name that no database has leaves nothing that would refuse the right one.
func TestReplicateOfATypoLeavesNoFolder(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	m := s.master(t, "db", redisdb.Options{})
	change(t, m, 30)
	dir := filepath.Join(t.TempDir(), "new", "replica")
	for _, more := range [][]string{nil, {"--replace"}} {
		args := append([]string{"replicate", "--db", "dv", "--to", dir}, s.flagsFrom()...)
		holdfast(t, append(args, more...)...).want(t, failed, "dv", "not found")
		if _, err := os.Stat(filepath.Dir(dir)); err == nil {
			t.Error("a folder was made")
		}
	}
	replicateUntil(t, "applied, 0 behind\n", append([]string{"--db", "db", "--to", dir}, s.flagsFrom()...)...)
	same(t, dir, m)
}

// A process that is killed while it replaces leaves the old state or the new one, and goes on with whichever it is.
func TestReplaceSurvivesKills(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	var pairs []*kvstore.KVPair
	for i := range 3000 {
		pairs = append(pairs, kvPair(fmt.Sprintf("other%05d", i), strings.Repeat("o", 500), 0))
	}
	s.put(t, "other", pairs...)
	for i, p := range pairs {
		pairs[i] = kvPair(strings.Replace(string(p.Key), "other", "db", 1), string(p.Value), 0)
	}
	s.put(t, "db", pairs...)
	dir := t.TempDir()
	states := map[string]map[string]string{}
	for _, db := range []string{"db", "other"} {
		states[db] = content(t, s.master(t, db, redisdb.Options{}))
	}
	at := "db"
	replicateUntil(t, "applied, 0 behind\n", append([]string{"--db", at, "--to", dir}, s.flagsFrom()...)...)
	turned := 0
	for round := range 14 {
		to := map[string]string{"db": "other", "other": "db"}[at]
		args := append([]string{"replicate", "--db", to, "--to", dir, "--replace"}, s.flagsFrom()...)
		process := exec.Command(binary(t), args...)
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(rand.IntN(100+60*round)) * time.Millisecond)
		_ = process.Process.Kill()
		_ = process.Wait()
		r := openFolder(t, dir)
		got := content(t, r)
		r.Close()
		switch {
		case maps.Equal(got, states[to]):
			at = to
			turned++
		case !maps.Equal(got, states[at]):
			t.Fatalf("round %d: %d pairs are neither %s nor %s", round, len(got), at, to)
		}
		other := map[string]string{"db": "other", "other": "db"}[at]
		holdfast(t, append([]string{"replicate", "--db", other, "--to", dir}, s.flagsFrom()...)...).want(t, refused, "--replace")
		replicateUntil(t, "applied, 0 behind\n", append([]string{"--db", at, "--to", dir}, s.flagsFrom()...)...)
	}
	t.Logf("%d of 14 were replaced", turned)
}
