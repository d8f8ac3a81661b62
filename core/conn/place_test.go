package conn_test

import (
	"crypto/tls"
	"testing"

	"holdfast/core/conn"
)

func TestAConnectionTellsItsDatabaseAndItsTrust(t *testing.T) {
	for _, c := range []struct {
		o          conn.Options
		db         int
		place      string
		unverified bool
	}{
		{conn.Options{}, 0, "127.0.0.1:6379", false},
		{conn.Options{URLs: []string{"redis://h:1/3"}}, 3, "h:1/3", false},
		{conn.Options{URLs: []string{"redis://h:1?db=3"}}, 3, "h:1/3", false},
		{conn.Options{URLs: []string{"unix:///run/r.sock?db=2"}}, 2, "/run/r.sock?db=2", false},
		{conn.Options{URLs: []string{"redis://a:1/4", "redis://b:1/4"}, SentinelMaster: "m"}, 4, "a:1,b:1/4", false},
		{conn.Options{URLs: []string{"redis://a:1", "redis://b:1"}, Cluster: true}, 0, "a:1,b:1", false},
		{conn.Options{URLs: []string{"rediss://h:1/1"}}, 1, "h:1/1", false},
		{conn.Options{URLs: []string{"rediss://h:1?skip_verify=true"}}, 0, "h:1", true},
		{conn.Options{URLs: []string{"rediss://h:1?skip_verify=true"}, TLS: &tls.Config{}}, 0, "h:1", true},
		{conn.Options{URLs: []string{"rediss://a:1", "rediss://b:1?skip_verify=true"}, Cluster: true}, 0, "a:1,b:1", true},
		{conn.Options{URLs: []string{"redis://h:1"}, TLS: &tls.Config{InsecureSkipVerify: true}}, 0, "h:1", true},
		{conn.Options{URLs: []string{"redis://h:1"}, TLS: &tls.Config{}}, 0, "h:1", false},
	} {
		got, err := conn.Open(c.o)
		if err != nil {
			t.Fatal(err)
		}
		if got.DB() != c.db || got.Place() != c.place || got.Unverified() != c.unverified {
			t.Errorf("%+v: database %d, %s, unverified %v", c.o, got.DB(), got.Place(), got.Unverified())
		}
		got.Close()
	}
}
