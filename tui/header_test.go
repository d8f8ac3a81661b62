package tui_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/tui"
)

// The header names the database that is not 0 and warns of a certificate that nobody looked at; on any width the state of
// the data stands beside them.
func TestHeaderOfAConnection(t *testing.T) {
	const unverified = "TLS NOT VERIFIED"
	widths := []int{40, 80, 160}
	if testing.Short() {
		widths = widths[1:2]
	}
	for url, c := range map[string]struct {
		place, database string
		warns           bool
	}{
		"redis://redis.example:6379/3":                                           {"redis.example:6379/3", "/3 ", false},
		"redis://redis.example:6379?db=3":                                        {"redis.example:6379/3", "/3 ", false},
		"redis://redis.example:6379/0":                                           {"redis.example:6379 ", "", false},
		"unix:///run/redis.sock?db=3":                                            {"/run/redis.sock?db=3", "?db=3 ", false},
		"rediss://redis.example:6379/3":                                          {"redis.example:6379/3", "/3 ", false},
		"rediss://redis.example:6379/3?skip_verify=true":                         {"redis.example:6379/3", "/3 ", true},
		"rediss://" + strings.Repeat("long.", 20) + "example/3?skip_verify=true": {"…/3 ", "/3 ", true},
	} {
		to, err := conn.Open(conn.Options{URLs: []string{url}})
		must(t, err)
		defer to.Close()
		for state, set := range map[string]func(*live.Snapshot){
			"LIVE (pushed)": func(s *live.Snapshot) { s.Pushed = true },
			"POLL 1s":       func(s *live.Snapshot) { s.Pushed, s.Refresh = false, time.Second },
			"STALE ":        func(s *live.Snapshot) { s.State, s.Err = live.Lost, errors.New("gone") },
			"PAUSED ":       func(s *live.Snapshot) { s.Paused = true },
		} {
			for _, width := range widths {
				d := drive(t, options{conn: to, readOnly: true, others: tui.Connections{Here: "production", Colour: "bad"}}, shop)
				d.snap = set
				d.read()
				d.resize(width, 24)
				header, _, _ := strings.Cut(d.screen(), "\n")
				if !strings.Contains(header, state) || strings.Contains(header, unverified) != c.warns || width >= 80 && !strings.Contains(header, "READ-ONLY") {
					t.Errorf("%s at %d, %s: %q", url, width, state, header)
				}
				if width >= 80 && !strings.Contains(header, c.database) || width == 160 && !strings.Contains(header, c.place) {
					t.Errorf("%s at %d: %q", url, width, header)
				}
			}
		}
	}
}
