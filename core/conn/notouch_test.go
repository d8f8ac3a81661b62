package conn_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// Servers that crash at it are never asked for CLIENT NO-TOUCH, nor those that lack it or do not tell what they are.
func TestNoTouchIsAskedOfServersThatSurviveIt(t *testing.T) {
	for info, want := range map[string]bool{
		"redis_version:6.2.16": false, "redis_version:7.0.15": false, "redis_version:7.2.6": true, "redis_version:7.4.2": false,
		"redis_version:8.0.6": false, "redis_version:8.2.1": false, "redis_version:8.4.0": true, "redis_version:8.6.1": true, "redis_version:9.0.0": true,
		"redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1": false, "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.0.0": true,
		"redis_version:7.2.4\r\nvalkey_version:8.0.2": false, "redis_version:unknown": false, "": false,
	} {
		var asked atomic.Bool
		addr := redistest.Scripted(t, func(name string) string {
			switch name {
			case "info":
				return fmt.Sprintf("$%d\r\n%s\r\n", len(info)+2, info+"\r\n")
			case "client":
				asked.Store(true)
				return "+OK\r\n"
			}
			return sound[name]
		})
		c := open(t, conn.Options{Timeout: time.Second, NoTouch: true, URLs: []string{"redis://" + addr}})
		if err := c.Ping(ctx).Err(); err != nil || asked.Load() != want {
			t.Errorf("%q: asked %t, %v", info, asked.Load(), err)
		}
	}
}

// Whatever server it is: a connection that asks for it is used as any other, and a client that it wakes does the server
// no harm.
func TestReadsAreNoUse(t *testing.T) {
	admin := redistest.Start(t).Client(t)
	flagsOf := func(o conn.Options) string {
		o.URLs = []string{"redis://" + admin.Options().Addr}
		c := open(t, o)
		info, err := c.Do(ctx, "CLIENT", "INFO").Text()
		if err != nil {
			t.Fatal(err)
		}
		waiting := make(chan error, 1)
		go func() { waiting <- admin.BRPop(ctx, 0, "list").Err() }()
		redistest.Eventually(t, "a client waits", func() bool {
			return strings.Contains(admin.Info(ctx, "clients").Val(), "blocked_clients:1")
		})
		if err := c.RPush(ctx, "list", "x").Err(); err != nil {
			t.Fatal(err)
		}
		if err := <-waiting; err != nil {
			t.Fatal(err)
		}
		_, flags, _ := strings.Cut(info, " flags=")
		flags, _, _ = strings.Cut(flags, " ")
		return flags
	}
	if flags := flagsOf(conn.Options{}); strings.Contains(flags, "T") {
		t.Errorf("unasked: flags %s", flags)
	}
	flagsOf(conn.Options{NoTouch: true})
}
