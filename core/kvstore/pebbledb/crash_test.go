package pebbledb_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/pebbledb"
)

// The test binary is also the process that gets killed: with childEnv set it writes to a master, replicates to a
// replica, prints what was acknowledged, and never ends.
const (
	childEnv = "HOLDFAST_PEBBLEDB_CHILD" // the folder of master and replica
	relaxEnv = "HOLDFAST_PEBBLEDB_NOSYNC"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		fmt.Fprintln(os.Stderr, child(dir, os.Getenv(relaxEnv) != ""))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func child(dir string, noSync bool) error {
	opts := pebbledb.Options{NoSync: noSync}
	master, err := pebbledb.Open(filepath.Join(dir, "master"), opts)
	if err != nil {
		return err
	}
	replica, err := pebbledb.Open(filepath.Join(dir, "replica"), opts)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range crashWriters {
		go func() {
			failed <- writeForEver(master, w, func(seq int) { fmt.Printf("%d %d\n", w, seq) })
		}()
	}
	for range 2 {
		r := kvstore.Replicator{From: master, To: replica, Batch: 20, Poll: 1}
		go func() { failed <- r.Run(context.Background()) }()
	}
	return <-failed
}

const crashWriters = 6

// writeForEver writes rising numbers under a key of its own and does all that makes changes to shared keys. It tells of
// each number once it is acknowledged.
func writeForEver(s *pebbledb.Store, w int, acknowledged func(seq int)) error {
	own := fmt.Appendf(nil, "own-%d", w)
	pairs, err := s.Get(own)
	if err != nil {
		return err
	}
	seq := 0
	if len(pairs) == 1 {
		seq, _ = strconv.Atoi(string(pairs[0].Value))
	}
	for {
		seq++
		value := fmt.Append(nil, seq)
		shared := fmt.Appendf(nil, "shared-%d", rand.N(20))
		if seq%2 == 0 {
			err = s.Put(&kvstore.KVPair{Key: shared, Value: value}, &kvstore.KVPair{Key: own, Value: value})
		} else {
			var old []byte
			if seq > 1 {
				old = fmt.Append(nil, seq-1)
			}
			var ok bool
			ok, err = s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: own, OldValue: old, NewValue: value})
			if err == nil && !ok {
				err = fmt.Errorf("writer %d: somebody else wrote number %d", w, seq-1)
			}
		}
		if err == nil && seq%5 == 0 {
			err = s.Delete(shared)
		}
		if err != nil {
			return err
		}
		acknowledged(seq)
	}
}

// replay gives the state that the first changes lead to.
func replay(t testing.TB, s *pebbledb.Store, most int) map[string]string {
	t.Helper()
	changes, err := s.LoadChanges(0, most) // which sees to it that there are no gaps
	if err != nil {
		t.Fatal(err)
	}
	last, err := s.GetLatestCommittedChangeNumber()
	if err != nil || len(changes) != min(int(last), most) {
		t.Fatalf("%d changes of %d, %v", len(changes), last, err)
	}
	state := map[string]string{}
	for i, c := range changes {
		if c.ChangeNumber != uint64(i+1) {
			t.Fatalf("change %d where %d should be", c.ChangeNumber, i+1)
		}
		for _, r := range c.Trxns {
			if r.Type == kvstore.TrxnDelete {
				delete(state, string(r.Key))
			} else {
				state[string(r.Key)] = string(r.Value)
			}
		}
	}
	return state
}

// content is what a store holds.
func content(t testing.TB, s kvstore.KVStore) map[string]string {
	t.Helper()
	state := map[string]string{}
	err := kvstore.NewIteration(s, nil).ForEach(func(p *kvstore.KVPair) error {
		state[string(p.Key)] = string(p.Value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// whole checks that the log has no gap and leads to the state.
func whole(t testing.TB, s *pebbledb.Store) map[string]string {
	t.Helper()
	state := content(t, s)
	if replayed := replay(t, s, 1<<30); !maps.Equal(state, replayed) {
		t.Fatalf("the log leads to %v, the state is %v", replayed, state)
	}
	return state
}

func loops() int {
	if n, err := strconv.Atoi(os.Getenv("HOLDFAST_CRASH_LOOPS")); err == nil {
		return n
	}
	return 5
}

func openDir(t testing.TB, dir string) *pebbledb.Store {
	t.Helper()
	s, err := pebbledb.Open(dir, pebbledb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestKilledProcessLosesNothingAcknowledged(t *testing.T) { killed(t, false) }

// Without syncing, some of the last writes may be lost: what remains has no gap, and replicas are not ahead of it.
func TestKilledProcessWithoutSyncLeavesAPrefix(t *testing.T) { killed(t, true) }

func killed(t *testing.T, noSync bool) {
	dir := t.TempDir()
	acknowledged := make([]int, crashWriters)
	for loop := range loops() {
		killChild(t, dir, 100+rand.N(300), noSync, acknowledged)
		master, replica := openDir(t, filepath.Join(dir, "master")), openDir(t, filepath.Join(dir, "replica"))
		state := whole(t, master)
		for w, seq := range acknowledged {
			got, _ := strconv.Atoi(state[fmt.Sprint("own-", w)])
			if (got < seq && !noSync) || got > seq+1 {
				t.Errorf("loop %d: writer %d is at %d, %d was acknowledged", loop, w, got, seq)
			}
			acknowledged[w] = got
		}
		p, err := kvstore.ReadProgress(master, replica)
		if err != nil || p.Applied > p.Latest {
			t.Fatalf("loop %d: %+v, %v", loop, p, err)
		}
		if prefix := replay(t, master, int(p.Applied)); !maps.Equal(content(t, replica), prefix) {
			t.Fatalf("loop %d: the replica is not what the master was at change %d", loop, p.Applied)
		}
		if loop%2 == 1 { // catch up before the next crash, or let it resume far behind
			ctx, stop := context.WithCancel(t.Context())
			r := kvstore.Replicator{From: master, To: replica, Report: func(p kvstore.Progress) {
				if p.Lag() == 0 {
					stop()
				}
			}}
			if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if !maps.Equal(whole(t, replica), state) {
				t.Fatalf("loop %d: the replica has not the master's state", loop)
			}
		}
		if err := errors.Join(master.Close(), replica.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// killChild kills a writing process after so many acknowledgements and notes the last of each writer.
func killChild(t testing.TB, dir string, after int, noSync bool, acknowledged []int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	if noSync {
		cmd.Env = append(cmd.Env, relaxEnv+"=1")
	}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for lines := bufio.NewScanner(out); lines.Scan(); seen++ {
		var w, seq int
		if _, err := fmt.Sscan(lines.Text(), &w, &seq); err != nil {
			break // the last line, cut by the kill
		}
		acknowledged[w] = max(acknowledged[w], seq)
		if seen == after {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	if seen < after {
		t.Fatalf("the process ended by itself: %s", complaint.String())
	}
}

// A power cut loses whatever was not synced, in any part: what was acknowledged before it is there, and so is all that
// the change log had told of.
func TestPowerCutLosesNothingAcknowledged(t *testing.T) { powerCut(t, false) }

// Without syncing, what the change log has shown is there.
func TestPowerCutWithoutSyncLosesNothingShown(t *testing.T) { powerCut(t, true) }

func powerCut(t *testing.T, noSync bool) {
	disk := vfs.NewCrashableMem()
	s, err := pebbledb.Open("db", pebbledb.Options{FS: disk, NoSync: noSync})
	if err != nil {
		t.Fatal(err)
	}
	var acknowledged [crashWriters]atomic.Int64
	steps := make(chan struct{}, 50) // how far writers go on while the disk is looked at
	var busy sync.WaitGroup
	for w := range crashWriters {
		busy.Go(func() {
			err := writeForEver(s, w, func(seq int) {
				acknowledged[w].Store(int64(seq))
				steps <- struct{}{}
			})
			if !errors.Is(err, kvstore.ErrClosed) {
				t.Error(err)
			}
		})
	}
	for loop := range 15 + loops() {
		for range 60 {
			<-steps
		}
		told, err := s.GetLatestCommittedChangeNumber()
		if err != nil {
			t.Fatal(err)
		}
		if shown, err := s.LoadChanges(told-3, 4); err != nil || len(shown) != 4 {
			t.Fatal(len(shown), err)
		}
		var before [crashWriters]int64
		for w := range before {
			before[w] = acknowledged[w].Load()
		}
		after := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * (loop % 3), RNG: rand.New(rand.NewPCG(1, uint64(loop)))})
		again, err := pebbledb.Open("db", pebbledb.Options{FS: after})
		if err != nil {
			t.Fatal(err)
		}
		state := whole(t, again)
		for w, seq := range before {
			if got, _ := strconv.ParseInt(state[fmt.Sprint("own-", w)], 10, 64); got < seq && !noSync {
				t.Errorf("loop %d: writer %d is at %d, %d was acknowledged", loop, w, got, seq)
			}
		}
		if last, err := again.GetLatestCommittedChangeNumber(); err != nil || last < told {
			t.Errorf("loop %d: at change %d after %d was told of, %v", loop, last, told, err)
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	go func() {
		busy.Wait()
		close(steps)
	}()
	for range steps {
	}
}
