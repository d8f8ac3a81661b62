package redistest

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"
)

// EachRightWithheld runs act once for each command that it sends, as a user who may run every command but that one, and
// fails where the refused call left something behind: the whole keyspace must be as prepare made it, or the call must have
// succeeded and made as many keys of each type as with all rights.
func EachRightWithheld(t *testing.T, prepare func(t *testing.T, c redis.UniversalClient), act func(c redis.UniversalClient) error) {
	t.Helper()
	ctx := context.Background()
	server := Start(t)
	admin := server.Client(t)
	fresh := func(t *testing.T) {
		if err := admin.FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		prepare(t, admin)
	}
	fresh(t)
	admin.ConfigResetStat(ctx)
	if err := act(admin); err != nil {
		t.Fatalf("with all rights: %v", err)
	}
	used := commandsUsed(t, admin)
	whole := countTypes(Dump(t, admin))
	for _, command := range used {
		t.Run(command, func(t *testing.T) {
			fresh(t)
			if err := admin.Do(ctx, "ACL", "SETUSER", "limited", "reset", "on", "nopass", "~*", "&*", "+@all", "-"+command).Err(); err != nil {
				t.Fatal(err)
			}
			limited := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "limited", Password: "any", MaxRetries: -1})
			defer limited.Close()
			before := Dump(t, admin)
			err := act(limited)
			after := Dump(t, admin)
			switch {
			case err != nil && !maps.Equal(before, after):
				t.Errorf("refused (%v), and yet the keyspace changed:\nbefore %v\nafter  %v", err, before, after)
			case err == nil && !maps.Equal(whole, countTypes(after)):
				t.Errorf("succeeded without %s, but left %v, want %v", command, countTypes(after), whole)
			}
		})
	}
}

var commandStat = regexp.MustCompile(`(?m)^cmdstat_([^:|]+)`)

// commandsUsed lists the commands that the server has run since CONFIG RESETSTAT, those of scripts among them, without
// what connections and this package send.
func commandsUsed(t testing.TB, admin *redis.Client) []string {
	t.Helper()
	info, err := admin.Info(context.Background(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, m := range commandStat.FindAllStringSubmatch(info, -1) {
		switch m[1] {
		case "hello", "auth", "client", "config", "info", "select", "ping", "script":
		default:
			used = append(used, m[1])
		}
	}
	slices.Sort(used)
	return slices.Compact(used)
}

// Dump returns each key's type, serialized value and expiry, to compare one state of a server with another.
func Dump(t testing.TB, c *redis.Client) map[string]string {
	t.Helper()
	ctx := context.Background()
	all := map[string]string{}
	keys := c.Scan(ctx, 0, "", 1000).Iterator()
	for keys.Next(ctx) {
		key := keys.Val()
		value, err := c.Dump(ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		all[key] = fmt.Sprintf("%s %q until %d", c.Type(ctx, key).Val(), value, c.PExpireTime(ctx, key).Val().Milliseconds())
	}
	if err := keys.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func countTypes(dump map[string]string) map[string]int {
	counts := map[string]int{}
	for _, value := range dump {
		var kind string
		_, _ = fmt.Sscan(value, &kind)
		counts[kind]++
	}
	return counts
}
