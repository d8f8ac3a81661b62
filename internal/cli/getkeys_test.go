package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/internal/redistest"
)

// `get keys PREFIX` lists what begins so, and says if that was not all; `get keys --key KEY` prints what one holds.
func TestGetKeys(t *testing.T) {
	server := redistest.Start(t)
	c, ctx := server.Client(t), t.Context()
	_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, "a:s\x1b[2J", "v", 0)
		p.HSet(ctx, "a:h", "f", "\xff")
		p.RPush(ctx, "a:l", "x", "y")
		p.SAdd(ctx, "a:m", "m")
		p.ZAdd(ctx, "a:z", redis.Z{Score: 2.5, Member: "m"})
		p.XAdd(ctx, &redis.XAddArgs{Stream: "a:x", ID: "7-1", Values: []string{"f", "v"}})
		for i := range 12_000 {
			p.Set(ctx, fmt.Sprint("many:", i), "v", 0)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args, out, errors string
		lines, code       int
	}{
		{"keys a: -o jsonl", `"type":"zset","size":1,`, "", 6, 0},
		{"keys a:s", `a:s\x1b[2J`, "", 2, 0},
		{"keys many: -o jsonl", `"key":"many:`, "not all keys were listed: 10000 were", 10_000, 0},
		{"keys many: -o jsonl --limit 0", `"key":"many:`, "", 12_000, 0},
		{"keys many: -o jsonl --limit 300", `"key":"many:`, "not all keys were listed", 300, 0},
		{"keys none:", "KEY", "", 1, 0},
		{"keys --key a:h -o jsonl", `{"field":"f","value":{"base64":"/w=="}}`, "", 1, 0},
		{"keys --key a:l -o jsonl", `{"index":1,"value":"y"}`, "", 2, 0},
		{"keys --key a:m -o csv", "member,error\nm,\n", "", 2, 0},
		{"keys --key a:z -o jsonl", `{"member":"m","score":"2.5"}`, "", 1, 0},
		{"keys --key a:x -o jsonl", `{"id":"7-1","fields":"{\"f\":\"v\"}"}`, "", 1, 0},
		{"keys --key many:7", "VALUE\nv", "", 2, 0},
		{"keys --key none", "", "none", 0, 1},
		{"keys", "", `lists the keys that begin so ("": all)`, 0, 2},
		{"keys a: --key b", "", "get keys --key KEY", 0, 2},
		{"locks --limit 7", "", "--limit goes with get keys", 0, 2},
	} {
		a := holdfast(t, append(append([]string{"get"}, strings.Fields(tt.args)...), "--url", server.URL())...)
		if got := strings.Count(a.out, "\n"); a.code != tt.code || got != tt.lines || !strings.Contains(a.out, tt.out) || !strings.Contains(a.errors, tt.errors) || tt.errors == "" && a.errors != "" {
			t.Errorf("get %s: exit %d, %d lines, %q\n%.300s", tt.args, a.code, got, a.errors, a.out)
		}
	}
}
