package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// malformed are answers that are none, or that announce what must not be made room for.
var malformed = []string{
	"%999999999\r\n", "*999999999\r\n", "~999999999\r\n", ">999999999\r\n", "|999999999\r\n", "$999999999999\r\n", "=999999999999\r\n",
	"!999999999999\r\n", "%-7\r\n", "*-7\r\n", "$-7\r\n", "%9223372036854775807\r\n", "*1\r\n$7\r\nmessage\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
	"*2\r\n$1\r\n0\r\n*999999999\r\n", "*2\r\n*999999999\r\n", "*0\r\n", "*-1\r\n", "$-1\r\n", "$0\r\n\r\n", ":7\r\n", "+\r\n", "\r\n", "\n", "#x\r\n",
	",abc\r\n", "(12x\r\n", "_\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-x\r\n", "$5\r\nab\r\n", "*2\r\n+a\r\n", "-\r\n", "-MOVED\r\n",
	"-MOVED x y\r\n", "-ASK 1\r\n", "-MOVED 99999999 127.0.0.1:1\r\n", "%1\r\n*1\r\n:1\r\n:1\r\n", "*3\r\n:1\r\n:2\r\n:3\r\n",
	strings.Repeat("*1\r\n", 100000), strings.Repeat("*1000\r\n", 1000), "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$-1\r\n:7\r\n",
	"*1\r\n*3\r\n:0\r\n:99999999999\r\n*2\r\n$9\r\n127.0.0.1\r\n:1\r\n", "*1\r\n*2\r\n:0\r\n:5\r\n",
}

// sound are answers of a Redis to what is asked at the start.
var sound = map[string]string{
	"hello": "%1\r\n+proto\r\n:3\r\n", "client": ":7\r\n", "ping": "+PONG\r\n", "time": "*2\r\n$1\r\n1\r\n$1\r\n2\r\n", "info": "$2\r\n#x\r\n",
	"select": "+OK\r\n", "scan": "*2\r\n$1\r\n0\r\n*0\r\n", "get": "$1\r\nv\r\n", "dbsize": ":1\r\n", "command": "*0\r\n",
	"subscribe": "*3\r\n$9\r\nsubscribe\r\n$20\r\n__redis__:invalidate\r\n:1\r\n",
}

// Whatever answers, and to whichever command: no panic, no room made for what is only announced, and an end.
func TestNoAnswerHarmsUs(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	free := make(chan struct{}, 16)
	var busy sync.WaitGroup
	try := func(o conn.Options, command, reply string) {
		free <- struct{}{}
		busy.Go(func() {
			defer func() { <-free }()
			var addr atomic.Value
			addr.Store(redistest.Scripted(t, func(name string) string {
				switch {
				case name == command:
					return reply
				case name == "sentinel": // the master is the server itself
					host, port, _ := net.SplitHostPort(addr.Load().(string))
					return fmt.Sprintf("*2\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(host), host, len(port), port)
				}
				return sound[name]
			}))
			o.URLs, o.Timeout = []string{"redis://" + addr.Load().(string)}, 20*time.Millisecond
			c, err := conn.Open(o)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			ending, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
			defer cancel()
			_ = c.Reach(ending)
			_, _ = c.Status(ending)
			_ = conn.Scan(ending, c, "", 10, func([]string) error { return nil })
			_, _ = conn.GetMany(ending, c, []string{"a"})
			if nodes, err := conn.Masters(ending, c); err == nil && !o.Cluster {
				_ = conn.Track(ending, nodes[0], conn.Tracking{Beat: time.Hour, Up: func() {}, Changed: func([]string) {}, Flushed: func() {}})
			}
		})
	}
	for _, reply := range malformed {
		for command := range sound {
			try(conn.Options{}, command, reply)
		}
		for _, command := range []string{"hello", "cluster", "command"} {
			try(conn.Options{Cluster: true}, command, reply)
		}
		for _, command := range []string{"hello", "sentinel", "subscribe"} {
			try(conn.Options{SentinelMaster: "main"}, command, reply)
		}
	}
	busy.Wait()
	runtime.ReadMemStats(&after)
	if grown := after.Sys - before.Sys; grown > 64<<20 {
		t.Errorf("took %d MB", grown>>20)
	}
}

func TestWhatIsNoRedisIsToldAsSuch(t *testing.T) {
	for _, reply := range []string{"HTTP/1.1 400 Bad Request\r\n\r\n", "%999999999\r\n", "$-1\r\n", "*1\r\n:1\r\n", "SSH-2.0-OpenSSH\r\n"} {
		for _, command := range []string{"hello", "ping"} {
			if command == "hello" && reply == "$-1\r\n" {
				continue // as a server that knows no HELLO
			}
			c := open(t, conn.Options{Timeout: time.Second, URLs: []string{"redis://" + redistest.Scripted(t, func(name string) string {
				if name == command {
					return reply
				}
				return sound[name]
			})}})
			err := c.Reach(ctx)
			if !errors.Is(err, conn.ErrNotRedis) || !strings.Contains(err.Error(), c.Addr) || conn.Unreachable(err) {
				t.Errorf("%s answered with %q: %v", command, reply, err)
			}
		}
	}
}
