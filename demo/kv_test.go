package demo

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"holdfast/core/kind"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

// db opens a database of the demo as another process would.
func (d *rehearsal) db(name string) *redisdb.Store {
	d.t.Helper()
	s, err := d.KV(name)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { s.Close() })
	return s
}

func pairs(t testing.TB, s kvstore.KVStore) map[string]string {
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

// live lets time pass in which none of our players may fail; gateways do, whose leases core keeps alive in real time.
func (d *rehearsal) live(span, step time.Duration) {
	d.t.Helper()
	for line := range strings.Lines(fmt.Sprint(d.run(span, step))) {
		if strings.HasPrefix(line, "sessions:") || strings.HasPrefix(line, "flags:") || strings.HasPrefix(line, "replicator:") {
			d.t.Fatal(line)
		}
	}
}

func (d *rehearsal) lag() (p kvstore.Progress) {
	d.t.Helper()
	return must[kvstore.Progress](d.t)(kvstore.ReadProgress(d.db(flags), d.db(replica)))
}

func TestTheReplicaLagsAndCatchesUp(t *testing.T) {
	t.Parallel()
	d := rehearse(t, 1)
	if p := d.lag(); p.Applied == 0 {
		t.Errorf("the replica has nothing yet: %+v", p)
	}
	behind, caughtUp, reported := uint64(0), 0, 0
	for range 150 {
		d.live(time.Second, 500*time.Millisecond)
		p := d.lag()
		behind = max(behind, p.Lag())
		row := must[kind.Row](t)(d.Live.ReadRow(ctx, "kv", flags))
		for _, r := range redisdb.Replicas(row, must[time.Time](t)(d.Conn.Time(ctx).Result())) {
			if r.Name == replica && r.Applied == p.Applied {
				reported++
			}
		}
		if p.Lag() == 0 {
			caughtUp++
			if master, copy := pairs(t, d.db(flags)), pairs(t, d.db(replica)); !maps.Equal(master, copy) {
				t.Fatalf("master %v\nreplica %v", master, copy)
			}
		}
	}
	if behind < 6 || caughtUp < 10 || reported < 150 {
		t.Errorf("at most %d behind, caught up in %d of 150 seconds, its report right in %d", behind, caughtUp, reported)
	}
}

func TestSessionsComeAndGo(t *testing.T) {
	t.Parallel()
	d := rehearse(t, 1)
	s := d.db(sessions)
	first := pairs(t, s)
	d.live(200*time.Second, time.Second)
	now := pairs(t, s)
	if len(first) < 10 || len(now) < 20 || len(now) > 200 {
		t.Errorf("%d sessions at first, then %d", len(first), len(now))
	}
	for key := range first {
		if first[key] == now[key] {
			t.Errorf("%s is the same after 200 seconds", key)
		}
	}
	row := must[kind.Row](t)(d.Live.ReadRow(ctx, "kv", sessions))
	if log, changes := redisdb.Columns.LogLength.Of(row), redisdb.Columns.Changes.Of(row); log > 2*keepChanges || changes < 150 {
		t.Errorf("a log of %d changes, of %d", log, changes)
	}
}

// An operator edits a flag, puts a backup in the place of the flags, and breaks a database apart.
func TestAnOperatorWorksOnKVDatabases(t *testing.T) {
	t.Parallel()
	d := rehearse(t, 1)
	shot := must[io.ReadCloser](t)(d.db(flags).GetSnapshot())
	before := must[[]byte](t)(io.ReadAll(shot))
	shot.Close()
	if err := d.db(flags).Put(&kvstore.KVPair{Key: []byte("mine"), Value: []byte("\xff")}); err != nil {
		t.Fatal(err)
	}
	d.until("the replica has it", func() bool {
		got, err := d.db(replica).Get([]byte("mine"))
		return err == nil && len(got) == 1
	})
	if err := d.db(flags).PutSnapshot(io.NopCloser(bytes.NewReader(before))); err != nil {
		t.Fatal(err)
	}
	latest := func() uint64 { return must[uint64](t)(d.db(flags).GetLatestCommittedChangeNumber()) }
	restored := latest()
	d.until("the flags change again, and the replica follows", func() bool {
		got, err := d.db(replica).Get([]byte("mine"))
		return err == nil && len(got) == 0 && latest() > restored+5 && d.lag().Lag() == 0
	})

	if err := d.Conn.Set(ctx, "kv:{"+flags+"}:seq", 3, 0).Err(); err != nil { // the log is ahead: no change can be added
		t.Fatal(err)
	}
	d.until("both begin anew", func() bool { return latest() > 10 && d.lag().Lag() == 0 && d.lag().Applied > 10 })
	if master, copy := pairs(t, d.db(flags)), pairs(t, d.db(replica)); !maps.Equal(master, copy) || len(master) < len(flagNames()) {
		t.Errorf("master %v\nreplica %v", master, copy)
	}
	redistest.Eventually(t, "nothing that was staged is left", func() bool {
		return len(d.Conn.Keys(ctx, "kv:*:load:*").Val()) == 0
	})
}
