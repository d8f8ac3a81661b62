package kvstore

import (
	"context"
	"fmt"
	"time"
)

// MaxReplicaName is how long the name of a replica may be, in bytes.
const MaxReplicaName = 256

// CheckReplicaName is ErrReplica unless a name is of a legal length.
func CheckReplicaName(name string) error {
	if name == "" || len(name) > MaxReplicaName {
		return fmt.Errorf("name of %d bytes: %w", len(name), ErrReplica)
	}
	return nil
}

// ReplicaRegistry is a master that notes how far its replicas are, for whoever looks after it. It changes nothing for
// the replicas, and a name is whoever says so: two replicas should not share one.
type ReplicaRegistry interface {
	// ReportReplica notes that a replica has applied the changes up to a number, just now. What a replica has not
	// repeated for a day is forgotten.
	ReportReplica(ctx context.Context, name string, applied uint64) error
}

// How often a replicator reports: what is new at most once in the one time, what is not as often as the other.
const (
	reportEvery = time.Second
	repeatEvery = 10 * time.Second
)

// progressReporter tells a registry how far a replica is. That a report fails is nobody's business: the next one makes it good.
type progressReporter struct {
	to      ReplicaRegistry // nil: nobody is told
	name    string
	applied uint64    // now
	told    uint64    // what the registry knows
	knows   bool      // the last report did not fail
	at      time.Time // of the last report; zero: there was none
}

func (r *Replicator) reporter() *progressReporter {
	registry, is := r.From.(ReplicaRegistry)
	if !is || r.Name == "" {
		return &progressReporter{}
	}
	return &progressReporter{to: registry, name: r.Name}
}

func (h *progressReporter) news() bool { return !h.knows || h.applied != h.told }

// progress notes how far the replica is, and reports it if it is time to.
func (h *progressReporter) progress(ctx context.Context, applied uint64) {
	h.applied = applied
	wait := repeatEvery
	if h.news() {
		wait = reportEvery
	}
	if h.to != nil && (h.at.IsZero() || time.Since(h.at) >= wait) {
		h.report(ctx)
	}
}

// leave reports what nobody was told yet, also when the context has ended. Before the first progress there is nothing.
func (h *progressReporter) leave(ctx context.Context) {
	if h.to != nil && !h.at.IsZero() && h.news() {
		h.report(context.WithoutCancel(ctx))
	}
}

func (h *progressReporter) report(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, reportEvery)
	defer stop()
	h.at = time.Now()
	h.knows = h.to.ReportReplica(ctx, h.name, h.applied) == nil
	h.told = h.applied
}
