package genstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/genstore"
	"holdfast/core/kind"
	"holdfast/internal/redistest"
)

// bumps are the ways in which the script writes.
var bumps = []struct {
	name   string
	stored string
	opts   genstore.RedisGenStoreOptions
}{
	{"new", "", genstore.RedisGenStoreOptions{}},
	{"new with a ttl", "", genstore.RedisGenStoreOptions{TTL: time.Hour}},
	{"new from the time", "", genstore.RedisGenStoreOptions{StartFromTime: true}},
	{"next", "41", genstore.RedisGenStoreOptions{}},
	{"next with a ttl", "41", genstore.RedisGenStoreOptions{TTL: time.Hour}},
	{"carry", "1999999999999999", genstore.RedisGenStoreOptions{}},
}

func TestARefusedBumpLeavesNothingHalfDone(t *testing.T) {
	for _, b := range bumps {
		t.Run(b.name, func(t *testing.T) {
			redistest.EachRightWithheld(t, func(t *testing.T, c redis.UniversalClient) {
				if b.stored != "" {
					set(t, c, "gen:ns:k", b.stored)
				}
			}, func(c redis.UniversalClient) error {
				opts := b.opts
				opts.Client, opts.Namespace = c, "ns"
				s, err := genstore.NewRedisGenStoreWithOptions(opts)
				if err != nil {
					return err
				}
				_, err = s.Bump(ctx, "k")
				return err
			})
		})
	}
}

func TestGenerationsAreRightWhileTheirSlotMoves(t *testing.T) {
	servers := redistest.StartCluster(t)
	redistest.EachSplit(t, servers, "{s}", func(t *testing.T, c *redis.ClusterClient) {
		for i := range 3 {
			set(t, c, fmt.Sprintf("gen:{s}:k%d", i), fmt.Sprint(10+i))
		}
	}, func(t *testing.T, c *redis.ClusterClient) {
		s := genstore.NewRedisGenStoreWithTTL(c, "{s}", time.Hour)
		got, err := s.SnapshotMany(ctx, []string{"k0", "k1", "k2", "k3"})
		if err != nil || fmt.Sprint(got) != "map[k0:10 k1:11 k2:12 k3:0]" {
			t.Errorf("%v, %v", got, err)
		}
		for i := range 3 {
			if got := bump(t, s, fmt.Sprintf("k%d", i)); got != uint64(11+i) {
				t.Errorf("k%d: bumped to %d", i, got)
			}
		}
	})
}

// A refused reply is no value: a time to live that may not be asked for is not known, and the generation is shown.
func TestATimeToLiveThatIsRefusedIsNotKnown(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client(t)
	set(t, admin, "gen:ns:k", "7")
	if err := admin.Do(ctx, "ACL", "SETUSER", "limited", "on", "nopass", "~*", "+@all", "-pttl").Err(); err != nil {
		t.Fatal(err)
	}
	limited := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "limited", Password: "any"})
	defer limited.Close()
	rows, err := genstore.NewRows(limited, "gen:").Read(ctx, []string{"ns:k", "ns:gone"})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	again, err := genstore.NewRows(limited, "gen:").Read(ctx, []string{"ns:k"})
	if err != nil || len(again) != 1 {
		t.Fatal(again, err)
	}
	r, is := rows[0], genstore.Columns
	if r.Problem() != nil || is.Generation.Of(r) != 7 || !conn.Refused(is.Expires.Err(r)) || !kind.Same(r, again[0]) {
		t.Errorf("%v, and then %v", r, again[0])
	}
}
