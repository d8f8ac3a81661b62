package demo

import (
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"
)

// A pattern that gets past the guard and cannot be matched ends this process.
func TestNoPatternBringsTheServerDown(t *testing.T) {
	d := rehearse(t, 1)
	c := d.Conn
	for pattern, refused := range map[string]bool{
		"[z-a]": true, `[\g]`: true, `x[\`: true, `\\E(`: true, `\\*E(`: false, "[]": false, "[^a-y]*": false, `\[*`: false, `(\`: false, "gen:{a(*": false,
	} {
		for _, err := range []error{c.Keys(ctx, pattern).Err(), c.Scan(ctx, 0, pattern, 10).Err(), c.ZScan(ctx, "none", 0, pattern, 10).Err()} {
			if (err != nil) != refused {
				t.Errorf("%q: %v", pattern, err)
			}
		}
	}
	if keys := c.Keys(ctx, "lock:[j-m]*").Val(); !slices.Contains(keys, "lock:"+longLock) {
		t.Errorf("keys with a class: %q", keys)
	}
	rapid.Check(t, func(r *rapid.T) {
		pattern := strings.Join(rapid.SliceOfN(rapid.SampledFrom(strings.Split(`[ ] \ E Q ( ) * ? ^ - a z : {`, " ")), 1, 12).Draw(r, "pattern"), "")
		if err := c.Keys(ctx, pattern).Err(); err != nil {
			if _, answered := err.(redis.Error); !answered {
				r.Fatalf("%q: %v", pattern, err)
			}
		}
	})
}
