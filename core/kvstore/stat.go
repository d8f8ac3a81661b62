package kvstore

import (
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"holdfast/core/conn"
)

// Stat is what engines tell Prometheus (seed 003). One Stat serves any number of stores on both engines; a nil one
// counts nothing.
type Stat struct {
	// RequestLatency is how long calls took, in seconds, by engine and op ("put", "get", "cas", ...).
	RequestLatency *prometheus.SummaryVec
	// ResponseError counts the calls that failed, by engine and op. A refusal by a precondition is none.
	ResponseError *prometheus.CounterVec
	// StoreMetricsCollector asks the open stores for their change numbers whenever it is collected.
	StoreMetricsCollector prometheus.Collector

	stores *stores
}

// NewStat makes a Stat and registers all of it, or fails as a whole where one of its names is taken.
func NewStat(r prometheus.Registerer) (*Stat, error) {
	labels := []string{"engine", "op"}
	watched := &stores{open: map[storeName][]NumberedStore{}}
	s := &Stat{
		RequestLatency: prometheus.NewSummaryVec(prometheus.SummaryOpts{
			Name: "holdfast_kvstore_request_seconds", Help: "Time a call to a store took.",
			Objectives: map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001},
		}, labels),
		ResponseError: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_kvstore_errors_total", Help: "Calls to a store that failed.",
		}, labels),
		StoreMetricsCollector: watched,
		stores:                watched,
	}
	registered := []prometheus.Collector{}
	for _, c := range []prometheus.Collector{s.RequestLatency, s.ResponseError, s.StoreMetricsCollector} {
		if err := r.Register(c); err != nil {
			for _, done := range registered {
				r.Unregister(done)
			}
			return nil, conn.Fail("kvstore: register metrics", "", err)
		}
		registered = append(registered, c)
	}
	return s, nil
}

// Done notes a call that began at start and ended with err. Engines call it.
func (s *Stat) Done(engine, op string, start time.Time, err error) {
	if s == nil {
		return
	}
	s.RequestLatency.WithLabelValues(engine, op).Observe(time.Since(start).Seconds())
	if err != nil && !errors.Is(err, conn.ErrPrecondition) {
		s.ResponseError.WithLabelValues(engine, op).Inc()
	}
}

// NumberedStore is what the collector asks.
type NumberedStore interface {
	GetLatestCommittedChangeNumber() (uint64, error)
	GetLatestAppliedChangeNumber() (uint64, error)
}

// Watch has the collector ask a store until the function that it returns is called. Of several handles on one database
// it asks the last. Engines call it.
func (s *Stat) Watch(engine, db string, store NumberedStore) (forget func()) {
	if s == nil {
		return func() {}
	}
	return s.stores.add(storeName{engine, db}, store)
}

type storeName struct{ engine, db string }

// stores collects the change numbers of open stores.
type stores struct {
	mu   sync.Mutex
	open map[storeName][]NumberedStore
}

var (
	committedDesc = prometheus.NewDesc("holdfast_kvstore_committed_change", "Number of the last committed change.", []string{"engine", "db"}, nil)
	appliedDesc   = prometheus.NewDesc("holdfast_kvstore_applied_change", "Number of the last change applied from a master.", []string{"engine", "db"}, nil)
)

func (s *stores) add(name storeName, store NumberedStore) (forget func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[name] = append(s.open[name], store)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		left := s.open[name]
		for i := range left {
			if left[i] == store {
				left = append(left[:i:i], left[i+1:]...)
				break
			}
		}
		if s.open[name] = left; len(left) == 0 {
			delete(s.open, name)
		}
	}
}

// Describe is prometheus.Collector.
func (s *stores) Describe(ch chan<- *prometheus.Desc) { ch <- committedDesc; ch <- appliedDesc }

// Collect is prometheus.Collector. A store that does not answer is left out.
func (s *stores) Collect(ch chan<- prometheus.Metric) {
	s.mu.Lock()
	last := make(map[storeName]NumberedStore, len(s.open))
	for name, handles := range s.open {
		last[name] = handles[len(handles)-1]
	}
	s.mu.Unlock() // asking takes a trip, and a store being closed waits for the lock
	for name, store := range last {
		for desc, ask := range map[*prometheus.Desc]func() (uint64, error){
			committedDesc: store.GetLatestCommittedChangeNumber, appliedDesc: store.GetLatestAppliedChangeNumber,
		} {
			if n, err := ask(); err == nil {
				ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(n), name.engine, name.db)
			}
		}
	}
}
