package conn_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// A connection that swallows the reply of the first command makes go-redis send it again, even on a cluster client.
func TestScriptActsAtMostOnceWhenTheReplyIsLost(t *testing.T) {
	push := conn.NewScript(`return redis.call('RPUSH', KEYS[1], ARGV[1])`)
	redistest.EachReal(t, func(t *testing.T, c redis.UniversalClient) {
		ctx := context.Background()
		if err := push.Run(ctx, c, []string{"warm"}, "x").Err(); err != nil { // loads the script
			t.Fatal(err)
		}
		dial := redistest.LoseReplies(2)
		var lossy redis.UniversalClient
		if _, cluster := c.(*redis.ClusterClient); cluster {
			lossy = redis.NewClusterClient(&redis.ClusterOptions{Addrs: redistest.ClusterAddrs(t), Dialer: dial.Dial})
		} else {
			lossy = redis.NewClient(&redis.Options{Addr: c.(*redis.Client).Options().Addr, Dialer: dial.Dial})
		}
		defer lossy.Close()
		if err := lossy.LLen(ctx, "warm").Err(); err != nil { // dials the node of the key: a lost greeting would prove nothing
			t.Fatal(err)
		}
		dial.Arm()
		if err := push.Run(ctx, lossy, []string{"warm"}, "y").Err(); !conn.Unreachable(err) {
			t.Fatalf("a lost reply must be told as such, got %v", err)
		}
		if got := c.LLen(ctx, "warm").Val(); got != 2 {
			t.Fatalf("the push ran %d times, want once", got-1)
		}
	})
}

func TestScriptReachesAServerThatForgotIt(t *testing.T) {
	s := conn.NewScript(`return redis.call('INCR', KEYS[1])`)
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx := context.Background()
		for want := int64(1); want <= 2; want++ {
			if n, err := s.Run(ctx, c, []string{"n"}).Int64(); err != nil || n != want {
				t.Fatalf("got %d, %v; want %d", n, err, want)
			}
			_ = c.ScriptFlush(ctx)
		}
	})
}

func TestOnceActsAtMostOnceToo(t *testing.T) {
	c := redistest.Single(t)
	if n, err := conn.Once(ctx, c, "incr", "n").Int64(); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	dial := redistest.LoseReplies(2)
	lossy := redis.NewClient(&redis.Options{Addr: c.Options().Addr, Dialer: dial.Dial})
	defer lossy.Close()
	if err := lossy.Ping(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	dial.Arm()
	if err := conn.Once(ctx, lossy, "incr", "n").Err(); !conn.Unreachable(err) {
		t.Errorf("a lost reply is told as %v", err)
	}
	if n, _ := c.Get(ctx, "n").Int(); n != 2 {
		t.Errorf("counted to %d, want 2", n)
	}
}
