package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// A database that the server does not have is named.
func TestADatabaseThatIsNotThere(t *testing.T) {
	c := open(t, conn.Options{URLs: []string{"redis://" + redistest.Single(t).Options().Addr + "/99"}})
	if err := c.Reach(ctx); err == nil || !contains(err.Error(), "the server has no database 99") {
		t.Error(err)
	}
}

// A node of a cluster shows a third of the keys: the whole cluster is joined.
func TestANodeOfAClusterLeadsToAll(t *testing.T) {
	for _, addr := range redistest.ClusterAddrs(t) {
		c := open(t, conn.Options{URLs: []string{"redis://" + addr}})
		if err := c.Reach(ctx); err != nil || c.Mode != conn.Cluster || c.Addr != addr {
			t.Fatalf("%v, %s at %s", err, c.Mode, c.Addr)
		}
		if s, err := c.Status(ctx); err != nil || s.Role != "cluster of 3" {
			t.Errorf("%+v, %v", s, err)
		}
		for i := range 20 {
			if err := conn.Once(ctx, c, "set", fmt.Sprint("k", i), 1).Err(); err != nil {
				t.Error(err)
			}
		}
		if c.Log.Sent() == 0 {
			t.Error("nothing is logged")
		}
		for _, db := range []string{"/1", "?db=2"} {
			other := open(t, conn.Options{URLs: []string{"redis://" + addr + db}})
			refused := func(err error) bool {
				return err != nil && (contains(err.Error(), "only database 0") || contains(err.Error(), "has no database "+db[len(db)-1:]))
			}
			if err := other.Reach(ctx); !refused(err) {
				t.Errorf("database %s: %v", db, err)
			}
			var text *redis.StringCmd
			if err := conn.Pipeline(ctx, other, func(p redis.Pipeliner) { text = p.Get(ctx, "k") }); err == nil {
				t.Errorf("a pipeline that was never sent: %q, %v", text.Val(), text.Err())
			}
			if err := other.Join(ctx); !refused(err) {
				t.Errorf("database %s: %v", db, err)
			}
		}
	}
	single := open(t, conn.Options{URLs: []string{"redis://" + redistest.Single(t).Options().Addr}})
	if err := single.Reach(ctx); err != nil || single.Mode != conn.Single {
		t.Errorf("%v, %s", err, single.Mode)
	}
	mini, _ := redistest.Mini(t)
	single = open(t, conn.Options{URLs: []string{"redis://" + mini.Options().Addr}})
	if err := single.Reach(ctx); err != nil || single.Mode != conn.Single {
		t.Errorf("%v, %s", err, single.Mode)
	}
}

// Through a port forward the addresses that the nodes announce lead nowhere.
func TestAClusterWhoseAddressesLeadNowhere(t *testing.T) {
	slots := "*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$9\r\n127.0.0.1\r\n:1\r\n$40\r\n" + strings.Repeat("a", 40) + "\r\n"
	addr := redistest.Scripted(t, func(name string) string {
		return map[string]string{"hello": "%1\r\n+proto\r\n:3\r\n", "client": "+OK\r\n", "ping": "+PONG\r\n", "info": "$17\r\ncluster_enabled:1\r\n", "cluster": slots, "command": "*0\r\n"}[name]
	})
	c := open(t, conn.Options{URLs: []string{"redis://" + addr}, Timeout: time.Second})
	err := c.Reach(ctx)
	if !errors.Is(err, conn.ErrUnreachable) || !contains(err.Error(), "cluster of 1") || !contains(err.Error(), "127.0.0.1:1") || c.Mode != conn.Single {
		t.Errorf("%v", err)
	}
}

// What a server says to a PING is told with what to do about it, or taken for an answer.
func TestAnAnswerIsAnAnswer(t *testing.T) {
	for reply, says := range map[string]string{
		"-MISCONF Redis is configured to save RDB snapshots": "", "-NOPERM this user has no permissions": "", "-ERR unknown command 'PING'": "",
		"-ERR max number of clients reached":              "maxclients",
		"-LOADING Redis is loading the dataset in memory": "still loading its data",
		"-BUSY Redis is busy running a script.":           "SCRIPT KILL",
		"-NOAUTH Authentication required.":                "NOAUTH",
		"-DENIED Redis is running in protected mode":      "protected mode",
	} {
		c := open(t, conn.Options{Timeout: time.Second, URLs: []string{"redis://" + redistest.Scripted(t, func(name string) string {
			if name == "ping" {
				return reply + "\r\n"
			}
			return sound[name]
		})}})
		if err := c.Reach(ctx); (err == nil) != (says == "") || err != nil && !contains(err.Error(), says) {
			t.Errorf("%s: %v", reply, err)
		}
	}
}

func TestAServerThatIsTooOld(t *testing.T) {
	for version, ok := range map[string]bool{"5.0.14": false, "6.0.20": false, "6.2.0": true, "7.0.15": true, "9.1": true, "unknown": true} {
		info := "redis_version:" + version + "\r\n"
		c := open(t, conn.Options{Timeout: time.Second, URLs: []string{"redis://" + redistest.Scripted(t, func(name string) string {
			if name == "info" {
				return fmt.Sprintf("$%d\r\n%s\r\n", len(info), info)
			}
			return sound[name]
		})}})
		if err := c.Reach(ctx); (err == nil) != ok || err != nil && (!contains(err.Error(), version) || !contains(err.Error(), "6.2")) {
			t.Errorf("%s: %v", version, err)
		}
	}
}

func TestSentinelsWithAPasswordOfTheirOwn(t *testing.T) {
	master := guarded(t, "master's")
	sentinel := redistest.Sentinel(t, "main", master)
	direct := sentinel.Client(t)
	for _, args := range [][]any{
		{"SENTINEL", "SET", "main", "auth-pass", "master's"},
		{"ACL", "SETUSER", "default", "on", ">sentinel's"},
	} {
		if err := direct.Do(ctx, args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	url := "redis://:sentinel's@" + sentinel.Addr
	c := open(t, conn.Options{URLs: []string{url}, Password: "master's", SentinelMaster: "main"})
	if err := c.Reach(ctx); err != nil {
		t.Error(err)
	}
	c = open(t, conn.Options{URLs: []string{url}, Password: "master's", SentinelMaster: "mian"})
	if err := c.Reach(ctx); err == nil || !contains(err.Error(), `no master named "mian"`) {
		t.Errorf("another name: %v", err)
	}
	c = open(t, conn.Options{URLs: []string{"redis://:wrong@" + sentinel.Addr}, Password: "master's", SentinelMaster: "main"})
	if err := c.Reach(ctx); err == nil || !contains(err.Error(), "WRONGPASS") {
		t.Errorf("another password: %v", err)
	}
}

// A password that is replaced is asked for again by the next connection.
func TestAPasswordIsAskedForAnew(t *testing.T) {
	server := guarded(t, "old")
	var password atomic.Value
	password.Store("old")
	c := open(t, conn.Options{URLs: []string{server.URL()}, PasswordFrom: func(context.Context) (string, error) { return password.Load().(string), nil }})
	if err := c.Reach(ctx); err != nil {
		t.Fatal(err)
	}
	admin := redis.NewClient(&redis.Options{Addr: server.Addr, Password: "old"})
	defer admin.Close()
	for _, args := range [][]any{{"CONFIG", "SET", "requirepass", "new"}, {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}} {
		if err := admin.Do(ctx, args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	password.Store("new")
	if err := c.Reach(ctx); err != nil {
		t.Error(err)
	}
}

// What a URL may ask for is done.
func TestOptionsOfTheURLAreTaken(t *testing.T) {
	c := open(t, conn.Options{URLs: []string{"redis://h:1/3?read_timeout=7s&write_timeout=8s&dial_timeout=9s&client_name=me&protocol=2&max_retries=5&pool_size=4"}})
	o := c.UniversalClient.(*redis.Client).Options()
	if o.ReadTimeout != 7*time.Second || o.WriteTimeout != 8*time.Second || o.DialTimeout != 9*time.Second || o.ClientName != "me" ||
		o.Protocol != 2 || o.MaxRetries != 5 || o.PoolSize != 4 || o.DB != 3 {
		t.Errorf("%+v", o)
	}
}

func TestWhatAServersTextHoldsIsNotControl(t *testing.T) {
	c := open(t, conn.Options{Timeout: time.Second, URLs: []string{"redis://" + redistest.Scripted(t, func(name string) string {
		switch name {
		case "get":
			return "-ERR \x1b]0;title\x07 \u202e\x00\n no\r\n"[:20] + "\r\n"
		case "type":
			return "+str\x1b[31ming\r\n"
		}
		return sound[name]
	})}})
	_, err := conn.Ask(ctx, c, redis.NewStringCmd(ctx, "get", "k"))
	kind, _ := conn.Ask(ctx, c, redis.NewStatusCmd(ctx, "type", "k"))
	for _, text := range []string{fmt.Sprint(err), kind} {
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) || text == "" {
			t.Errorf("%q", text)
		}
	}
}

func TestNobodyIsThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c := open(t, conn.Options{URLs: []string{"redis://" + l.Addr().String()}, Timeout: time.Second})
	if err := c.Join(ctx); err != nil {
		t.Errorf("it is for the first command to tell: %v", err)
	}
}

// A proxy that hangs up at a HELLO is talked to without one.
func TestAProxyThatKnowsNoHello(t *testing.T) {
	c := open(t, conn.Options{Timeout: time.Second, Password: "p", URLs: []string{"redis://" + redistest.Scripted(t, func(name string) string {
		return map[string]string{"auth": "+OK\r\n", "ping": "+PONG\r\n", "info": "-ERR unknown\r\n", "cluster": "-ERR unknown\r\n", "get": "$1\r\nv\r\n"}[name]
	})}})
	if err := c.Reach(ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := conn.Ask(ctx, c, redis.NewStringCmd(ctx, "get", "k")); got != "v" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
