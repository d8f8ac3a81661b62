package conn_test

import (
	"crypto/tls"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/core/conn"
)

func TestOpenReadsURLs(t *testing.T) {
	own := &tls.Config{ServerName: "own"}
	type want struct {
		mode     conn.Mode
		addr     string
		db       int
		user, pw string
		tls      string // the server name that is verified; empty: no TLS
	}
	for name, tt := range map[string]struct {
		o    conn.Options
		want want
	}{
		"nothing":             {conn.Options{}, want{conn.Single, "127.0.0.1:6379", 0, "", "", ""}},
		"a database":          {conn.Options{URLs: []string{"redis://h:1/7"}}, want{conn.Single, "h:1", 7, "", "", ""}},
		"default port":        {conn.Options{URLs: []string{"redis://h"}}, want{conn.Single, "h:6379", 0, "", "", ""}},
		"IPv6":                {conn.Options{URLs: []string{"redis://[::1]:5/0"}}, want{conn.Single, "[::1]:5", 0, "", "", ""}},
		"user and password":   {conn.Options{URLs: []string{"redis://u:p%40%2F%3A@h:1"}}, want{conn.Single, "h:1", 0, "u", "p@/:", ""}},
		"password only":       {conn.Options{URLs: []string{"redis://:p@h:1"}}, want{conn.Single, "h:1", 0, "", "p", ""}},
		"flags over the URL":  {conn.Options{URLs: []string{"redis://u:p@h:1"}, Username: "v", Password: "q"}, want{conn.Single, "h:1", 0, "v", "q", ""}},
		"TLS":                 {conn.Options{URLs: []string{"rediss://h:1"}}, want{conn.Single, "h:1", 0, "", "", "h"}},
		"TLS of one's own":    {conn.Options{URLs: []string{"redis://h:1"}, TLS: own}, want{conn.Single, "h:1", 0, "", "", "own"}},
		"a socket":            {conn.Options{URLs: []string{"unix://u:p@/run/r.sock?db=3"}}, want{conn.Single, "/run/r.sock", 3, "u", "p", ""}},
		"a cluster":           {conn.Options{URLs: []string{"redis://u:p@a:1", "redis://b:2"}, Cluster: true}, want{conn.Cluster, "a:1,b:2", 0, "u", "p", ""}},
		"sentinels":           {conn.Options{URLs: []string{"redis://a:1/2", "redis://b:2/2"}, SentinelMaster: "m"}, want{conn.Sentinel, "a:1,b:2", 2, "", "", ""}},
		"sentinels, password": {conn.Options{URLs: []string{"redis://a:1"}, SentinelMaster: "m", Password: "p"}, want{conn.Sentinel, "a:1", 0, "", "p", ""}},
	} {
		c, err := conn.Open(tt.o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		defer c.Close()
		got := want{mode: c.Mode, addr: c.Addr}
		var server *tls.Config
		switch u := c.UniversalClient.(type) {
		case *redis.Client: // a sentinel's, too
			o := u.Options()
			got.db, got.user, got.pw, server = o.DB, o.Username, o.Password, o.TLSConfig
			if o.MaxRetries != 0 || o.ReadTimeout != 3*time.Second || !o.ContextTimeoutEnabled {
				t.Errorf("%s: retries %d, timeout %v, context %v", name, o.MaxRetries, o.ReadTimeout, o.ContextTimeoutEnabled)
			}
		case *redis.ClusterClient:
			o := u.Options()
			got.user, got.pw, server = o.Username, o.Password, o.TLSConfig
		}
		if server != nil {
			got.tls = server.ServerName
		}
		if got != tt.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
	}
}

func TestOpenKeepsTheTimeoutItIsGiven(t *testing.T) {
	c, err := conn.Open(conn.Options{Timeout: 70 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if o := c.UniversalClient.(*redis.Client).Options(); o.ReadTimeout != 70*time.Millisecond || o.DialTimeout != 70*time.Millisecond {
		t.Errorf("timeouts %v and %v", o.ReadTimeout, o.DialTimeout)
	}
}

func TestOpenRefusesWhatCannotBeMeant(t *testing.T) {
	for name, tt := range map[string]struct {
		o    conn.Options
		says string
	}{
		"two deployments":       {conn.Options{Cluster: true, SentinelMaster: "m"}, "not both"},
		"several single ones":   {conn.Options{URLs: []string{"redis://a", "redis://b"}}, "--cluster or --sentinel-master"},
		"a cluster's database":  {conn.Options{URLs: []string{"redis://a/1"}, Cluster: true}, "database 0"},
		"a cluster on a socket": {conn.Options{URLs: []string{"unix:///run/r.sock"}, Cluster: true}, "TCP"},
		"another scheme":        {conn.Options{URLs: []string{"http://a"}}, "expected redis://"},
		"no scheme":             {conn.Options{URLs: []string{"localhost:6379?a=b"}}, `url "localhost:6379": expected redis://`},
		"no scheme, an address": {conn.Options{URLs: []string{"127.0.0.1:6379"}}, `url "127.0.0.1:6379": expected redis://`},
		"no scheme, a password": {conn.Options{URLs: []string{"u:secret@localhost:6379"}}, `url "***"`},
		"a database by name":    {conn.Options{URLs: []string{"redis://u:secret@a/main"}}, `url "redis://***@a/main": redis: invalid database number`},
		"an unknown option":     {conn.Options{URLs: []string{"redis://a/0?password=secret"}}, `url "redis://a/0": redis: unexpected option`},
		"a database below 0":    {conn.Options{URLs: []string{"redis://a/-1"}}, "database -1"},
		"too high a database":   {conn.Options{URLs: []string{"redis://a/99999999999"}}, "database 99999999999"},
		"two databases":         {conn.Options{URLs: []string{"redis://a/1", "redis://b/2"}, SentinelMaster: "m"}, "database 2, and 1 in another URL"},
		"two in one URL":        {conn.Options{URLs: []string{"redis://a/1?db=2"}}, "two databases"},
		"a port by name":        {conn.Options{URLs: []string{"redis://:secret"}}, `url "***": malformed`},
		"a socket without path": {conn.Options{URLs: []string{"unix://"}}, "socket path"},
	} {
		_, err := conn.Open(tt.o)
		if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v; want %q", name, err, tt.says)
		}
	}
}

// Passwords come with @ / ? # : and % in them, and are often pasted as they are.
func TestNoErrorRepeatsAPassword(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"SECRET", "TOKEN", "@", "/", "?", "#", ":", "%", "%zz", "://", "1", "=", "&", " ", "[", "\\", "\x00"}), 1, 8)
		password := strings.Join(words.Draw(t, "password"), "")
		raw := rapid.SampledFrom([]string{"redis://", "rediss://", "unix://", "http://", "nonsense://", ""}).Draw(t, "scheme") +
			rapid.SampledFrom([]string{"", "user"}).Draw(t, "user") + ":" + password + "@host" +
			rapid.SampledFrom([]string{"", ":6379", ":port", "/0", "/1", "/0?pool_size=x", "/a/b"}).Draw(t, "rest")
		c, err := conn.Open(conn.Options{URLs: []string{raw}, Cluster: rapid.Bool().Draw(t, "cluster")})
		var shown string
		if err == nil {
			shown = c.Addr
			c.Close()
		} else {
			shown = err.Error()
		}
		for _, part := range []string{"SECRET", "TOKEN"} {
			if strings.Contains(shown, part) {
				t.Fatalf("%q is repeated in %q", raw, shown)
			}
		}
	})
}

func TestAnEncodedPasswordArrivesWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.StringN(1, 12, -1).Draw(t, "password")
		u := url.URL{Scheme: "redis", User: url.UserPassword("u", password), Host: "h:1"}
		c, err := conn.Open(conn.Options{URLs: []string{u.String()}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := c.UniversalClient.(*redis.Client).Options().Password; got != password {
			t.Fatalf("got %q, want %q", got, password)
		}
	})
}
