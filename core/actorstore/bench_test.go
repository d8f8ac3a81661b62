package actorstore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// tripsPerOp counts the round trips of one call of ours.
func tripsPerOp(b *testing.B, ours func(i int) error, trips *redistest.Trips) {
	b.Helper()
	before := trips.N.Load()
	must(b, ours(b.N))
	b.ReportMetric(float64(trips.N.Load()-before), "trips/op")
}

// withTrips is the package over a client that counts, beside the shared one for the bare commands.
func withTrips(b *testing.B) (bare *redis.Client, s *actorstore.Persistence, trips *redistest.Trips) {
	bare = redistest.Single(b)
	counted := redis.NewClient(&redis.Options{Addr: bare.Options().Addr, MaxRetries: -1})
	b.Cleanup(func() { counted.Close() })
	trips = &redistest.Trips{}
	counted.AddHook(trips)
	return bare, actorstore.NewPersistence(counted), trips
}

// BenchmarkUpdateActor compares the update of an actor that was read, again and again, with the least script that does
// the same compare-and-set: it decodes the stored version and immutable members and stores a text made beforehand.
func BenchmarkUpdateActor(b *testing.B) {
	bare, s, trips := withTrips(b)
	ctx := b.Context()
	cas := redis.NewScript(`
		local stored = redis.call('GET', KEYS[1])
		if not stored then return 0 end
		local doc = cjson.decode(stored)
		if doc.version ~= ARGV[1] then return -1 end
		if doc.actorId ~= ARGV[2] or doc.actorTemplateNamespace ~= ARGV[3] or doc.actorTemplateName ~= ARGV[4] then return -2 end
		redis.call('SET', KEYS[1], ARGV[5], 'KEEPTTL')
		return 1`)
	compareUpdate(b, bare, s, trips, func(version int) error {
		doc := strings.Replace(actorDoc, `"7"`, fmt.Sprintf(`"%d"`, version+1), 1)
		code, err := cas.Run(ctx, bare, []string{"bare"}, version, "a1", "tns", "tmpl", doc).Int()
		return errors.Join(err, unless(code == 1))
	}, true)
}

// BenchmarkUpdateActorAgainstTextCompare is the harder baseline: a script that only compares the whole stored text,
// which the caller has to know.
func BenchmarkUpdateActorAgainstTextCompare(b *testing.B) {
	bare, s, trips := withTrips(b)
	ctx := b.Context()
	cas := redis.NewScript(`
		if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
		redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
		return 1`)
	last := actorDoc
	compareUpdate(b, bare, s, trips, func(version int) error {
		doc := strings.Replace(actorDoc, `"7"`, fmt.Sprintf(`"%d"`, version+1), 1)
		code, err := cas.Run(ctx, bare, []string{"bare"}, last, doc).Int()
		last = doc
		return errors.Join(err, unless(code == 1))
	}, true)
}

// BenchmarkUpdateActorFromScratch is the first baseline against a caller who never read the actor, so that the stored
// document must be decoded and searched for unknown members, too.
func BenchmarkUpdateActorFromScratch(b *testing.B) {
	bare, s, trips := withTrips(b)
	ctx := b.Context()
	cas := redis.NewScript(`
		local doc = cjson.decode(redis.call('GET', KEYS[1]))
		if doc.version ~= ARGV[1] then return -1 end
		if doc.actorId ~= ARGV[2] or doc.actorTemplateNamespace ~= ARGV[3] or doc.actorTemplateName ~= ARGV[4] then return -2 end
		redis.call('SET', KEYS[1], ARGV[5], 'KEEPTTL')
		return 1`)
	compareUpdate(b, bare, s, trips, func(version int) error {
		doc := strings.Replace(actorDoc, `"7"`, fmt.Sprintf(`"%d"`, version+1), 1)
		code, err := cas.Run(ctx, bare, []string{"bare"}, version, "a1", "tns", "tmpl", doc).Int()
		return errors.Join(err, unless(code == 1))
	}, false)
}

func compareUpdate(b *testing.B, bare *redis.Client, s *actorstore.Persistence, trips *redistest.Trips, plain func(version int) error, read bool) {
	ctx := b.Context()
	put(b, bare, "bare", actorDoc)
	put(b, bare, "actor:a1", actorDoc)
	a, err := s.GetActor(ctx, "a1")
	must(b, err)
	version := 6
	ours := func(int) error {
		if read {
			return s.UpdateActor(ctx, a, a.Version)
		}
		fresh := actorstore.Actor{ActorId: a.ActorId, ActorTemplateNamespace: a.ActorTemplateNamespace, ActorTemplateName: a.ActorTemplateName, Status: a.Status,
			AteomPodNamespace: a.AteomPodNamespace, AteomPodName: a.AteomPodName, AteomPodIp: a.AteomPodIp}
		a.Version++
		return s.UpdateActor(ctx, &fresh, a.Version-1)
	}
	redistest.Compare(b, func(int) error { version++; return plain(version) }, ours)
	tripsPerOp(b, ours, trips)
}

func unless(ok bool) error {
	if ok {
		return nil
	}
	return errors.New("the bare command did not do its work")
}

// BenchmarkAcquireReleaseLock compares a lock with the least scripts that do the same in one trip each: SET NX with a
// fencing number that lives longer, and compare-and-delete.
func BenchmarkAcquireReleaseLock(b *testing.B) {
	bare, s, trips := withTrips(b)
	ctx := b.Context()
	acquire := redis.NewScript(`
		if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
		local fence = redis.call('INCR', KEYS[2])
		redis.call('PEXPIRE', KEYS[2], ARGV[3])
		return fence`)
	release := redis.NewScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end`)
	ours := func(int) error {
		ok, err := s.AcquireLock(ctx, "lock:ours", "token", time.Minute)
		return errors.Join(err, unless(ok), s.ReleaseLock(ctx, "lock:ours", "token"))
	}
	redistest.Compare(b, func(int) error {
		fence, err := acquire.Run(ctx, bare, []string{"{lock:bare}", "{lock:bare}:fence"}, "token", 60000, 3660000).Int64()
		return errors.Join(err, unless(fence > 0), release.Run(ctx, bare, []string{"{lock:bare}"}, "token").Err())
	}, ours)
	tripsPerOp(b, ours, trips)
}

// BenchmarkListWorkers lists 100,000 workers against the same listing by one GET a key: the same SCAN, then GetWorker
// for each. The GETs are measured on 5,000 of the keys and scaled by 20.
func BenchmarkListWorkers(b *testing.B) {
	const n, sample = 100_000, 5_000
	c, s, trips := withTrips(b)
	ctx := b.Context()
	fill(b, c, n)
	single := actorstore.NewPersistence(c)
	var plain, ours time.Duration
	b.ResetTimer()
	for range b.N {
		start := time.Now()
		must(b, conn.Scan(ctx, c, "worker:*", 1000, func([]string) error { return nil }))
		plain += time.Since(start)
		start = time.Now()
		for i := range sample {
			_, err := single.GetWorker(ctx, "ns", "pool", fmt.Sprintf("pod-%06d", i))
			must(b, err)
		}
		plain += time.Since(start) * (n / sample)
		start = time.Now()
		all, err := s.ListWorkers(ctx)
		if err != nil || len(all) != n {
			b.Fatal(len(all), err)
		}
		ours += time.Since(start)
	}
	b.StopTimer()
	b.ReportMetric(float64(plain)/float64(ours), "x-faster")
	b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "ours-ms/op")
	b.ReportMetric(float64(trips.N.Load())/float64(b.N), "trips/op")
}

// BenchmarkReadActorRows reads and decodes rows of 200-byte actors, 2,000 a trip, against the bare pipelined GETs.
func BenchmarkReadActorRows(b *testing.B) {
	const n = 2000
	c, _, _ := withTrips(b)
	ctx := b.Context()
	ids, keys := make([]string, n), make([]string, n)
	for i := range n {
		ids[i] = fmt.Sprintf("actor-%06d", i)
		keys[i] = "actor:" + ids[i]
		put(b, c, keys[i], strings.Replace(actorDoc, "a1", ids[i], 1))
	}
	rows := actorstore.NewActorRows(c, "actor:")
	redistest.Compare(b, func(int) error {
		_, err := conn.GetMany(ctx, c, keys)
		return err
	}, func(int) error {
		_, err := rows.Read(ctx, ids)
		return err
	})
}
