package redisdb

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
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
func (p Replica) Lag(r kind.Row) uint64 {
	changes := Columns.Changes.Of(r)
	return changes - min(p.Applied, changes)
}

// Ahead is how many changes the replica has applied that the database does not have: it followed another history.
func (p Replica) Ahead(r kind.Row) uint64 { return p.Applied - min(p.Applied, Columns.Changes.Of(r)) }

// MoreReplicas is how many have reported that are not among Replicas, because there are too many to be read.
func MoreReplicas(r kind.Row) int64 { return reported.Of(r) - int64(len(replicasOf(r))) }

// Replicas are those that have reported within a day before now, which is the server's time, in the order of their names.
func Replicas(r kind.Row, now time.Time) []Replica {
	return slices.DeleteFunc(replicasOf(r), func(p Replica) bool { return now.Sub(p.Reported) >= replicaLife })
}

// PackReplicas packs replicas as Columns.Replicas holds them: of each the name with its length, the number, and the moment in milliseconds.
func PackReplicas(all []Replica) []byte {
	var out []byte
	for _, p := range all {
		out = append(binary.AppendUvarint(out, uint64(len(p.Name))), p.Name...)
		out = binary.AppendVarint(binary.AppendUvarint(out, p.Applied), p.Reported.UnixMilli())
	}
	return out
}

// replicasOf are all that a row holds.
func replicasOf(r kind.Row) []Replica {
	var all []Replica
	for packed := Columns.Replicas.Of(r); len(packed) > 0; {
		n, size := binary.Uvarint(packed)
		name := packed[size : size+int(n)]
		packed = packed[size+int(n):]
		applied, size := binary.Uvarint(packed)
		ms, last := binary.Varint(packed[size:])
		packed = packed[size+last:]
		all = append(all, Replica{Name: string(name), Applied: applied, Reported: time.UnixMilli(ms).UTC()})
	}
	return all
}

// reports reads fields of the hash of replicas, each behind its name.
func reports(said []string) (all []Replica, err error) {
	for i := 0; i+1 < len(said); i += 2 {
		name := said[i]
		applied, at, _ := strings.Cut(said[i+1], " ")
		n, wrong := strconv.ParseUint(applied, 10, 64)
		ms, late := strconv.ParseInt(at, 10, 64)
		if err := cmp.Or(wrong, late); err != nil {
			return nil, fmt.Errorf("%w: replica %.60q reported %.60q", errMalformed, name, said[i+1])
		}
		all = append(all, Replica{Name: name, Applied: n, Reported: time.UnixMilli(ms).UTC()})
	}
	byName := func(p, q Replica) int { return strings.Compare(p.Name, q.Name) }
	slices.SortFunc(all, byName)
	return slices.CompactFunc(all, func(p, q Replica) bool { return p.Name == q.Name }), nil // HSCAN may give one twice
}

// weighReplicas counts and weighs what replicas have reported, and tells of which databases it is light enough to be read among
// others. A hash may hold anything: of the rest it reads a page, one database after the other.
func (r *Rows) weighReplicas(ctx context.Context, ids []string, all []answers) (light []bool, err error) {
	key := func(i int) string { return spaceOf(r.prefix, ids[i]).replicas }
	weighs := make([]*redis.IntCmd, len(ids))
	err = conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		for i, id := range ids {
			if !strings.HasPrefix(id, "?") {
				all[i].reported, weighs[i] = p.HLen(ctx, key(i)), p.MemoryUsage(ctx, key(i), MaxReplicas)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	light = make([]bool, len(ids))
	for i := range ids {
		if weighs[i] == nil {
			continue
		}
		a, weight := &all[i], weighs[i]
		n, err := a.reported.Result()
		few := n <= MaxReplicas // so all of them were weighed
		if light[i] = err == nil && few && (n == 0 || weight.Err() == nil && weight.Val() < lightReplicas); light[i] {
			continue
		}
		if a.replicas, _, a.noReplicas = conn.Elements(ctx, r.c, "hscan", key(i), 0, MaxReplicas); a.noReplicas != nil && conn.NoAnswer(a.noReplicas) {
			return nil, a.noReplicas
		}
	}
	return light, nil
}

// lightReplicas is how many bytes of memory a hash of replicas may take to be read among others.
const lightReplicas = 64 << 10

// repeated is how much later a report may be and mean the same: it says only that the replica lives. It is shorter than
// the time after which somebody would wonder.
const repeated = 15 * time.Second

// onlyAlive tells whether a reading says the same as the one before it, but that replicas have repeated their reports.
func onlyAlive(old, r kind.Row) bool {
	same := slices.EqualFunc(replicasOf(old), replicasOf(r), func(p, q Replica) bool {
		return p.Name == q.Name && p.Applied == q.Applied && p.Reported.Sub(q.Reported).Abs() <= repeated
	})
	return same && kind.Same(old, with(r, func(b *kind.Builder) { Columns.Replicas.Set(b, Columns.Replicas.Of(old)) }))
}
