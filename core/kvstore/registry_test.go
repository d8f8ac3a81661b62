package kvstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

// registry is a master that notes each report with the second it came in.
type registry struct {
	log
	born    time.Time
	refuse  error
	reports []string
}

func (r *registry) ReportReplica(ctx context.Context, name string, applied uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	r.reports = append(r.reports, fmt.Sprintf("%.0fs %s %d", time.Since(r.born).Seconds(), name, applied))
	return r.refuse
}

// replicating runs a replicator in a bubble while act goes on, and returns the reports that it made.
func replicating(t *testing.T, name string, refuse error, act func(master *registry)) (reports []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		master, to := &registry{log: log{latest: 3}, born: time.Now(), refuse: refuse}, &replica{}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- (&kvstore.Replicator{From: master, To: to, Name: name}).Run(ctx) }()
		synctest.Wait()
		act(master)
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		to.check(t, master.latest)
		reports = master.reports
	})
	return reports
}

func TestAReplicatorReportsWhatIsNew(t *testing.T) {
	for _, tt := range []struct {
		what, name string
		refuse     error
		act        func(master *registry)
		want       []string
	}{
		{what: "nothing without a name", act: func(m *registry) { time.Sleep(time.Minute) }},
		{what: "once in ten seconds while nothing changes", name: "r", act: func(m *registry) { time.Sleep(25 * time.Second) },
			want: []string{"0s r 3", "10s r 3", "20s r 3"}},
		{what: "once a second while all changes", name: "r", act: func(m *registry) {
			time.Sleep(70 * time.Millisecond) // between two questions of the replicator
			for range 30 {
				m.grow(1)
				time.Sleep(100 * time.Millisecond)
			}
			time.Sleep(5 * time.Second)
		}, want: []string{"0s r 3", "1s r 13", "2s r 23", "3s r 33"}},
		{what: "what nobody was told as it stops", name: "r", act: func(m *registry) {
			m.grow(4)
			time.Sleep(300 * time.Millisecond)
		}, want: []string{"0s r 3", "0s r 7"}},
		{what: "again in a second where that failed, and replicates all the same", name: "r", refuse: errTransport, act: func(m *registry) {
			m.grow(4)
			time.Sleep(2700 * time.Millisecond)
		}, want: []string{"0s r 3", "1s r 7", "2s r 7", "3s r 7"}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			if got := replicating(t, tt.name, tt.refuse, tt.act); !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestNamesOfReplicasAreBounded(t *testing.T) {
	for name, ok := range map[string]bool{"": false, "r": true, "host:dir\xff": true, strings.Repeat("n", 256): true, strings.Repeat("n", 257): false} {
		if err := kvstore.CheckReplicaName(name); (err == nil) != ok || !ok && !errors.Is(err, kvstore.ErrReplica) {
			t.Errorf("%d bytes: %v", len(name), err)
		}
	}
}

func TestAReplicatorReportsToADatabaseOnRedis(t *testing.T) {
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		master, err := redisdb.Open(c, "master", redisdb.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer master.Close()
		to, err := redisdb.Open(c, "replica", redisdb.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer to.Close()
		mutate(t, master, 0, 40)
		ctx, stop := context.WithCancel(t.Context())
		r := kvstore.Replicator{From: master, To: to, Name: "host:dir", Batch: 16, Report: func(p kvstore.Progress) {
			if p.Err == nil && p.Lag() == 0 {
				stop()
			}
		}}
		if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		rows, err := redisdb.NewRows(c, "").Read(t.Context(), []string{"master"})
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		now, err := c.Time(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		got, changes := redisdb.Replicas(rows[0], now), redisdb.Columns.Changes.Of(rows[0])
		if len(got) != 1 || got[0].Name != "host:dir" || got[0].Applied != changes || got[0].Lag(rows[0]) != 0 {
			t.Errorf("%+v of %d changes", got, changes)
		}
	})
}
