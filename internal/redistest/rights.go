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

// Withheld is what became of a call whose user lacked one right.
type Withheld struct {
	Command              string            // that was not allowed
	Before, After, Whole map[string]string // what Dump tells, Whole after the call with all rights
	Err                  error
}

// EachRightWithheld runs act once for each command that it sends, as a user who may run every command but that one, and
// fails where the refused call left something behind: the whole keyspace must be as prepare made it, or the call must have
// succeeded and made as many keys of each type as with all rights. The user loses the right after prepare, whose client
// may be kept for act.
func EachRightWithheld(t *testing.T, prepare func(t *testing.T, c redis.UniversalClient), act func(c redis.UniversalClient) error) {
	t.Helper()
	EachRight(t, prepare, act, Withheld.WholeOrNothing)
}

// WholeOrNothing fails where the call was neither carried out nor left undone.
func (w Withheld) WholeOrNothing(t *testing.T) {
	t.Helper()
	switch {
	case w.Err != nil && !maps.Equal(w.Before, w.After):
		t.Errorf("refused (%v), and yet the keyspace changed:\nbefore %v\nafter  %v", w.Err, w.Before, w.After)
	case w.Err == nil && !maps.Equal(countTypes(w.Whole), countTypes(w.After)):
		t.Errorf("succeeded without %s, but left %v, want %v", w.Command, countTypes(w.After), countTypes(w.Whole))
	}
}

// EachRight is EachRightWithheld with a judgement of one's own.
func EachRight(t *testing.T, prepare func(t *testing.T, c redis.UniversalClient), act func(c redis.UniversalClient) error, judge func(w Withheld, t *testing.T)) {
	t.Helper()
	ctx := context.Background()
	server := Start(t)
	admin := server.Client(t)
	allow := func(t *testing.T, rule ...any) {
		t.Helper()
		if err := admin.Do(ctx, append([]any{"ACL", "SETUSER", "limited"}, rule...)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	fresh := func(t *testing.T) *redis.Client {
		t.Helper()
		if err := admin.FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		allow(t, "reset", "on", ">any", "~*", "&*", "+@all")
		limited := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "limited", Password: "any", MaxRetries: -1})
		t.Cleanup(func() { limited.Close() })
		prepare(t, limited)
		return limited
	}
	limited := fresh(t)
	admin.ConfigResetStat(ctx)
	if err := act(limited); err != nil {
		t.Fatalf("with all rights: %v", err)
	}
	used := commandsUsed(t, admin)
	whole := Dump(t, admin)
	for _, command := range used {
		t.Run(command, func(t *testing.T) {
			limited := fresh(t)
			allow(t, "-"+command)
			w := Withheld{Command: command, Before: Dump(t, admin), Whole: whole}
			w.Err = act(limited)
			w.After = Dump(t, admin)
			judge(w, t)
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
