package insight

import (
	"time"

	"holdfast/core/kind"
	"holdfast/core/kvstore/redisdb"
)

var kvColumns = &redisdb.Columns

var kvRules = []*Rule{
	{
		Code: "replica-behind", Severity: Warn, Kind: "kv", Count: 1000, needs: []known{kvColumns.Changes, kvColumns.Replicas},
		When:   "A replica of a database has more than COUNT changes to apply",
		Advice: "look at the replica: it is slower than the writes",
		judge: func(in *look, r kind.Row) verdict {
			p, ok := furthest(in, r, redisdb.Replica.Lag)
			if !ok || p.Lag(r) <= uint64(in.count()) {
				return fine()
			}
			return wrong(time.Time{}, says("replica %s has more than %s changes to apply", p.Name, count(in.count())))
		},
	},
	{
		Code: "replica-silent", Severity: Warn, Kind: "kv", Age: 30 * time.Second, needs: []known{kvColumns.Changes, kvColumns.Replicas},
		When:   "A replica that has changes to apply has reported nothing for longer than AGE",
		Advice: "look whether the replica runs",
		judge: func(in *look, r kind.Row) verdict {
			var silent redisdb.Replica
			var due time.Time
			for _, p := range redisdb.Replicas(r, in.s.ServerNow(in.now)) {
				if p.Lag(r) == 0 {
					continue
				}
				switch at := in.ours(p.Reported).Add(in.age()); {
				case in.now.Before(at) && (due.IsZero() || at.Before(due)):
					due = at
				case !in.now.Before(at) && (silent.Name == "" || p.Reported.Before(silent.Reported)):
					silent = p
				}
			}
			if silent.Name == "" {
				return fine(due)
			}
			since := in.ours(silent.Reported)
			return wrong(since, says("replica %s has changes to apply and reported ", silent.Name).moment(since).then(" ago")).until(due)
		},
	},
	{
		Code: "replica-ahead", Severity: Bad, Kind: "kv", needs: []known{kvColumns.Changes, kvColumns.Replicas},
		When:   "A replica has applied changes that the database does not have: it followed another history",
		Advice: "start the replica from a snapshot",
		judge: func(in *look, r kind.Row) verdict {
			p, ok := furthest(in, r, redisdb.Replica.Ahead)
			if !ok {
				return fine()
			}
			return wrong(time.Time{}, says("replica %s has applied change %d of %d; it followed another history, start it from a snapshot", p.Name, p.Applied, kvColumns.Changes.Of(r)))
		},
	},
	{
		Code: "log-trimmed-past-replica", Severity: Bad, Kind: "kv", needs: []known{kvColumns.Changes, kvColumns.Replicas, kvColumns.LogLength, kvColumns.Restoring},
		When:   "The log of a database no longer has the next change that a replica needs: it can only go on from a snapshot",
		Advice: "start the replica from a snapshot; keep a longer log",
		judge: func(in *look, r kind.Row) verdict {
			p, ok := furthest(in, r, redisdb.Replica.Lag)
			if !ok || kvColumns.Restoring.Of(r) || p.Lag(r) <= uint64(kvColumns.LogLength.Of(r)) {
				return fine()
			}
			return wrong(time.Time{}, says("replica %s needs change %d, and the log begins with %d; it can only go on from a snapshot",
				p.Name, p.Applied+1, kvColumns.Changes.Of(r)-uint64(kvColumns.LogLength.Of(r))+1))
		},
	},
}

// furthest is the replica of a database that has most of something; ok is false where none has any.
func furthest(in *look, r kind.Row, of func(redisdb.Replica, kind.Row) uint64) (most redisdb.Replica, ok bool) {
	for _, p := range redisdb.Replicas(r, in.s.ServerNow(in.now)) {
		if n := of(p, r); n > 0 && (!ok || n > of(most, r)) {
			most, ok = p, true
		}
	}
	return most, ok
}
