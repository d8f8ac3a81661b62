package conn

import "testing"

// A node of a cluster that announces a bare address is checked for the name in the URL, and one that announces none is
// dialled where the URL leads.
func TestWhatIsDialledAndCheckedFor(t *testing.T) {
	for _, tt := range []struct {
		name, seed, announced, dialled, checked string
	}{
		{"", "redis.example:6380", "redis.example:6380", "redis.example:6380", "redis.example"},
		{"", "redis.example:6380", "10.0.0.7:6381", "10.0.0.7:6381", "redis.example"},
		{"", "redis.example:6380", "node7.example:6381", "node7.example:6381", "node7.example"},
		{"", "10.0.0.1:6380", "10.0.0.7:6381", "10.0.0.7:6381", "10.0.0.7"},
		{"", "redis.example:6380", ":6381", "redis.example:6381", "redis.example"},
		{"", "redis.example:6380", "?:6381", "redis.example:6381", "redis.example"},
		{"own.example", "127.0.0.1:6380", "10.0.0.7:6381", "10.0.0.7:6381", "own.example"},
		{"", "/run/redis.sock", "/run/redis.sock", "/run/redis.sock", "/run/redis.sock"},
	} {
		d := dialer{name: tt.name, seeds: []string{tt.seed}}
		if got := d.address(tt.announced); got != tt.dialled {
			t.Errorf("%+v: dials %s", tt, got)
		}
		if got := d.serverName(tt.announced); got != tt.checked {
			t.Errorf("%+v: checks for %s", tt, got)
		}
	}
}
