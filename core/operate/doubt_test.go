package operate_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/operate"
	"holdfast/internal/redistest"
)

// moment is what differs from run to run: timestamps and tokens.
var moment = regexp.MustCompile(`\d{10,}(\.\d+)?|\d\.\d+e\+\d\d|[A-Z2-7]{26}`)

// outline is the keyspace without what differs from run to run, and without the holds of batches, which run out.
func outline(t *testing.T, c redis.UniversalClient) string {
	t.Helper()
	all := dump(t, c)
	maps.DeleteFunc(all, func(key, value string) bool {
		return strings.HasSuffix(key, ":lock") && strings.Contains(value, "flush-")
	})
	var lines []string
	for k, v := range all {
		lines = append(lines, moment.ReplaceAllString(k+" "+v, "…"))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// lost carries one action out through a gate that keeps the reply to its command number n, counted without those that open
// connections, or lets the command not through. It returns what the server has then; fewer tells that there is no such command.
func lost(t *testing.T, name string, n int, hold redistest.Hold) (after, command string, err error, fewer bool) {
	t.Helper()
	c := redistest.Single(t)
	made := newStage(t, c, connected(t, c), operate.Options{})
	on := made.populate(t)
	count := 0
	gate := redistest.NewGate(t, c.Options().Addr, func(_ int, cmd string) redistest.Hold {
		if cmd == "hello" || cmd == "client" || cmd == "ping" {
			return redistest.Pass
		}
		if count++; count == n+1 {
			command = cmd
			return hold
		}
		return redistest.Pass
	}).HangUp()
	s := newStage(t, c, conn.Options{URLs: []string{gate.URL()}}, operate.Options{})
	defer s.core.Close() // the gate waits for its clients
	_, err = s.Do(ctx, everyAction(t, s, on)[name])
	select {
	case <-gate.Held():
		return outline(t, c), command, err, false
	default:
		return "", "", err, true
	}
}

// Whoever hears "failed" does it again, and a generation rises twice. If a lost command would have changed something, the
// operator is told that it may have happened.
func TestALostReplyIsToldAsOne(t *testing.T) {
	names := slices.Sorted(maps.Keys(everyAction(t, single(t, operate.Options{}), seen{})))
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			doubtful := 0
			for n := 0; ; n++ {
				without, command, errBefore, fewer := lost(t, name, n, redistest.Before)
				if fewer {
					break
				}
				with, _, errAfter, _ := lost(t, name, n, redistest.After)
				for when, err := range map[string]error{"not carried out": errBefore, "carried out": errAfter} {
					what := fmt.Sprintf("command %d (%s) %s", n, command, when)
					switch {
					case err == nil:
						if with != without {
							t.Errorf("%s: no error", what)
						}
					case with != without && (!errors.Is(err, operate.ErrInDoubt) || !strings.Contains(err.Error(), "may have happened")):
						t.Errorf("%s: %v", what, err)
					case with != without && strings.Contains(err.Error(), "was not"):
						t.Errorf("%s, and it claims to know: %v", what, err)
					case with == without && errors.Is(err, operate.ErrInDoubt) && (command == "lrange" || command == "scan" || command == "get"):
						t.Errorf("%s, which reads: %v", what, err)
					}
				}
				if with != without {
					doubtful++
				}
			}
			if doubtful == 0 {
				t.Error("no command of it changes anything")
			}
		})
	}
}
