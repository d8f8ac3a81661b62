//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/docs/rig"
)

// server is a redis-server of our own, filled with actors a0000000, a0000001 and so on.
type server struct{ *rig.Server }

// Row names have seven digits.
const (
	minRows = 100 // more than a screen
	maxRows = 10_000_000
)

func actor(i int) string { return fmt.Sprintf("a%07d", i) }

// document is that of an actor as services store it, about 200 bytes.
func document(i, version int) string {
	return fmt.Sprintf(`{"actorId":"%s","version":"%d","actorTemplateNamespace":"templates","actorTemplateName":"browser",`+
		`"status":"STATUS_RUNNING","ateomPodNamespace":"agents","ateomPodName":"pod-%d","ateomPodIp":"10.%d.%d.%d"}`,
		actor(i), version, i, i>>16&255, i>>8&255, i&255)
}

const batch = 1000

// fill stores n actors, whose versions fall from n to 1, and a little of other kinds.
func (s server) fill(ctx context.Context, n int) error {
	for from := 0; from < n; from += batch {
		p := s.Client.Pipeline()
		for i := from; i < min(n, from+batch); i++ {
			p.Set(ctx, "actor:"+actor(i), document(i, n-i), 0)
		}
		if _, err := p.Exec(ctx); err != nil {
			return err
		}
	}
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{s.URL}}})
	if err != nil {
		return err
	}
	defer c.Conn.Close()
	generations, err := c.GenStore("user", 0)
	if err != nil {
		return err
	}
	for i := range 20 {
		name := fmt.Sprint("bench-", i)
		if _, err := c.Buffers.Push(ctx, name, json.RawMessage(`{"id":1,"text":"a record"}`)); err != nil {
			return err
		}
		if _, err := generations.Bump(ctx, name); err != nil {
			return err
		}
		if _, err := c.Actors.AcquireLock(ctx, "lock:"+name, "token", time.Hour); err != nil {
			return err
		}
	}
	return nil
}

// columns are what the table shows of an actor.
type columns struct {
	ActorID           string `json:"actorId"`
	Version           string `json:"version"`
	TemplateNamespace string `json:"actorTemplateNamespace"`
	TemplateName      string `json:"actorTemplateName"`
	Status            string `json:"status"`
	PodNamespace      string `json:"ateomPodNamespace"`
	PodName           string `json:"ateomPodName"`
	PodIP             string `json:"ateomPodIp"`
}

// bareRead reads all actors with SCAN and MGET, as plainly as it can be done, and keeps each as keep makes it.
func bareRead[T any](ctx context.Context, s server, n int, keep func(text string) (T, error)) (time.Duration, error) {
	start := time.Now()
	found := make(map[string]T)
	for cursor := uint64(0); ; {
		keys, next, err := s.Client.Scan(ctx, cursor, "actor:*", batch).Result()
		if err != nil {
			return 0, err
		}
		if len(keys) > 0 {
			values, err := s.Client.MGet(ctx, keys...).Result()
			if err != nil {
				return 0, err
			}
			for i, v := range values {
				text, _ := v.(string)
				if found[keys[i]], err = keep(text); err != nil {
					return 0, err
				}
			}
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	if len(found) != n {
		return 0, fmt.Errorf("the bare read found %d actors", len(found))
	}
	return time.Since(start), nil
}

func asText(text string) (string, error) { return text, nil }

func asColumns(text string) (c columns, err error) {
	err = json.Unmarshal([]byte(text), &c)
	return c, err
}

// usage is what the server has done since its start.
func (s server) usage(ctx context.Context) (cpu time.Duration, calls map[string]int64, err error) {
	text, err := s.Client.Info(ctx, "cpu", "commandstats").Result()
	if err != nil {
		return 0, nil, err
	}
	cpu, calls = parseInfo(text)
	return cpu, calls, nil
}

// parseInfo reads the processor time and the calls by command, subcommands as the server names them: client|list.
func parseInfo(text string) (cpu time.Duration, calls map[string]int64) {
	calls = map[string]int64{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_user" || name == "used_cpu_sys" {
			seconds, _ := strconv.ParseFloat(value, 64)
			cpu += time.Duration(seconds * float64(time.Second))
		}
		if command, ok := strings.CutPrefix(name, "cmdstat_"); ok {
			first, _, _ := strings.Cut(strings.TrimPrefix(value, "calls="), ",")
			calls[command], _ = strconv.ParseInt(first, 10, 64)
		}
	}
	return cpu, calls
}
