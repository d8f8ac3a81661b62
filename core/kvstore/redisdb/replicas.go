package redisdb

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/core/kvstore"
)

var _ kvstore.ReplicaRegistry = (*Store)(nil)

// replicaLife is how long a replica that is silent is remembered.
const replicaLife = 24 * time.Hour

// MostReplicas is how many replicas of a database are read, and how many are looked at for being silent.
const MostReplicas = 100

// ReportReplica is kvstore.ReplicaRegistry. It is no change of the database.
func (s *Store) ReportReplica(ctx context.Context, name string, applied uint64) (err error) {
	defer s.done("report", time.Now(), &err)
	const op = "report replica"
	if err := kvstore.CheckReplicaName(name); err != nil {
		return s.fail(op, s.replicas, err)
	}
	if applied > kvstore.MaxChangeNumber {
		return s.fail(op, s.replicas, fmt.Errorf("%w: change number %d", ErrBadArgument, applied))
	}
	epoch, end, err := s.begin()
	if err != nil {
		return s.fail(op, s.replicas, err)
	}
	defer end()
	err = reportScript.Run(ctx, s.c, []string{s.epochKey, s.replicas}, epoch, name, applied, replicaLife.Milliseconds(), MostReplicas).Err()
	return s.fail(op, s.replicas, err)
}

// Replica is what a replica of a database reported of itself.
type Replica struct {
	Name     string    // any bytes
	Applied  uint64    // number of the last change it has applied
	Reported time.Time // by the server's clock
}

// Lag is how many changes of the database the replica has yet to apply.
func (p Replica) Lag(r *Row) uint64 { return r.Changes - min(p.Applied, r.Changes) }

// Replicas are those that have reported within a day before now, which is the server's time, in the order of their names.
func (r *Row) Replicas(now time.Time) []Replica {
	return slices.DeleteFunc(slices.Clone(r.replicas), func(p Replica) bool { return now.Sub(p.Reported) >= replicaLife })
}

// reports reads the hash of replicas.
func reports(said map[string]string) (all []Replica, err error) {
	for _, name := range slices.Sorted(maps.Keys(said)) {
		applied, at, _ := strings.Cut(said[name], " ")
		n, wrong := strconv.ParseUint(applied, 10, 64)
		ms, late := strconv.ParseInt(at, 10, 64)
		if err := cmp.Or(wrong, late); err != nil {
			return nil, fmt.Errorf("%w: replica %q reported %q", errMalformed, name, said[name])
		}
		all = append(all, Replica{Name: name, Applied: n, Reported: time.UnixMilli(ms).UTC()})
	}
	return all, nil
}

// repeated is how much later a report may be and mean the same: it says only that the replica lives. It is shorter than
// the time after which somebody would wonder.
const repeated = 15 * time.Second

func sameReplicas(a, b []Replica) bool {
	return slices.EqualFunc(a, b, func(p, q Replica) bool {
		return p.Name == q.Name && p.Applied == q.Applied && p.Reported.Sub(q.Reported).Abs() <= repeated
	})
}
