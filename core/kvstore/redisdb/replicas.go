package redisdb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/core/kvstore"
)

var _ kvstore.ReplicaRegistry = (*Store)(nil)

// replicaLife is how long a replica that is silent is remembered.
const replicaLife = 24 * time.Hour

// MaxReplicas is how many replicas of a database are read, and how many are looked at for being silent.
const MaxReplicas = 100

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
	err = reportScript.Run(ctx, s.c, []string{s.epochKey, s.replicas}, epoch, name, applied, replicaLife.Milliseconds(), MaxReplicas).Err()
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

// Ahead is how many changes the replica has applied that the database does not have: it followed another history.
func (p Replica) Ahead(r *Row) uint64 { return p.Applied - min(p.Applied, r.Changes) }

// MoreReplicas is how many have reported that are not among Replicas, because there are too many to be read.
func (r *Row) MoreReplicas() int64 { return r.reported - int64(len(r.replicas)) }

// Replicas are those that have reported within a day before now, which is the server's time, in the order of their names.
func (r *Row) Replicas(now time.Time) []Replica {
	return slices.DeleteFunc(slices.Clone(r.replicas), func(p Replica) bool { return now.Sub(p.Reported) >= replicaLife })
}

// reports reads fields of the hash of replicas, each behind its name.
func reports(said []string) (all []Replica, err error) {
	for i := 0; i+1 < len(said); i += 2 {
		name := said[i]
		applied, at, _ := strings.Cut(said[i+1], " ")
		n, wrong := strconv.ParseUint(applied, 10, 64)
		ms, late := strconv.ParseInt(at, 10, 64)
		if err := cmp.Or(wrong, late); err != nil {
			return nil, fmt.Errorf("%w: replica %q reported %q", errMalformed, name, said[i+1])
		}
		all = append(all, Replica{Name: name, Applied: n, Reported: time.UnixMilli(ms).UTC()})
	}
	byName := func(p, q Replica) int { return strings.Compare(p.Name, q.Name) }
	slices.SortFunc(all, byName)
	return slices.CompactFunc(all, func(p, q Replica) bool { return p.Name == q.Name }), nil // HSCAN may give one twice
}

// repeated is how much later a report may be and mean the same: it says only that the replica lives. It is shorter than
// the time after which somebody would wonder.
const repeated = 15 * time.Second

func sameReplicas(a, b []Replica) bool {
	return slices.EqualFunc(a, b, func(p, q Replica) bool {
		return p.Name == q.Name && p.Applied == q.Applied && p.Reported.Sub(q.Reported).Abs() <= repeated
	})
}
