package kvstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"holdfast/core/kvstore"
)

type numbered struct {
	committed, applied uint64
	err                error
}

func (n *numbered) GetLatestCommittedChangeNumber() (uint64, error) { return n.committed, n.err }
func (n *numbered) GetLatestAppliedChangeNumber() (uint64, error)   { return n.applied, n.err }

func TestStatIsRegisteredAndCounts(t *testing.T) {
	r := prometheus.NewRegistry()
	s, err := kvstore.NewStat(r)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	s.Done("redis", "put", start, nil)
	s.Done("redis", "put", start, errors.New("broken"))
	s.Done("redis", "save", start, kvstore.ErrGap)
	s.Done("pebble", "put", start, nil)
	if n := testutil.ToFloat64(s.ResponseError.WithLabelValues("redis", "put")); n != 1 {
		t.Errorf("%v errors", n)
	}
	got := map[string]uint64{}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() == "holdfast_kvstore_request_seconds" {
				got[m.Label[0].GetValue()+" "+m.Label[1].GetValue()] = m.Summary.GetSampleCount()
			}
		}
	}
	if got["redis put"] != 2 || got["redis save"] != 1 || got["pebble put"] != 1 {
		t.Errorf("latencies of %v", got)
	}
	if n := testutil.CollectAndCount(s.ResponseError); n != 1 {
		t.Errorf("%d kinds of errors: a precondition is none", n)
	}
}

func TestStatAsksTheOpenStores(t *testing.T) {
	r := prometheus.NewRegistry()
	s, err := kvstore.NewStat(r)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := testutil.GatherAndCount(r); err != nil || n != 0 {
		t.Errorf("%d, %v without stores", n, err)
	}
	one, two, mute := &numbered{committed: 5}, &numbered{committed: 7, applied: 6}, &numbered{err: errors.New("away")}
	forgetOne, forgetTwo := s.Watch("redis", "db", one), s.Watch("redis", "db", two)
	defer s.Watch("pebble", "db", mute)()
	expect := func(committed, applied string) {
		t.Helper()
		text := `# HELP holdfast_kvstore_applied_change Number of the last change applied from a master.
# TYPE holdfast_kvstore_applied_change gauge
holdfast_kvstore_applied_change{db="db",engine="redis"} ` + applied + `
# HELP holdfast_kvstore_committed_change Number of the last committed change.
# TYPE holdfast_kvstore_committed_change gauge
holdfast_kvstore_committed_change{db="db",engine="redis"} ` + committed + "\n"
		if err := testutil.GatherAndCompare(r, strings.NewReader(text)); err != nil {
			t.Error(err)
		}
	}
	expect("7", "6")
	forgetTwo()
	expect("5", "0")
	forgetOne()
	if n, err := testutil.GatherAndCount(r); err != nil || n != 0 {
		t.Errorf("%d, %v after the last", n, err)
	}
}

func TestStatRegistersAllOrNothing(t *testing.T) {
	r := prometheus.NewRegistry()
	taken := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "holdfast_kvstore_errors_total", Help: "Calls to a store that failed.",
	}, []string{"engine", "op"})
	r.MustRegister(taken)
	if _, err := kvstore.NewStat(r); err == nil {
		t.Error("a taken name is no error")
	}
	r.Unregister(taken)
	if _, err := kvstore.NewStat(r); err != nil {
		t.Errorf("the failed one left something: %v", err)
	}
	if _, err := kvstore.NewStat(r); err == nil {
		t.Error("twice is no error")
	}
}

func TestNoStatCountsNothing(t *testing.T) {
	var s *kvstore.Stat
	s.Done("redis", "put", time.Now(), nil)
	s.Watch("redis", "db", &numbered{})()
}
