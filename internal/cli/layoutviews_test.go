package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/redistest"
)

// libraries fills a server with what RQ, Sidekiq and BullMQ keep there: one process of Sidekiq is dead and holds a lock.
func libraries(t *testing.T, s *redistest.Server) {
	t.Helper()
	c := s.Client(t)
	now := time.Now()
	iso := now.Add(-5 * time.Minute).UTC().Format("2006-01-02T15:04:05.000000Z")
	for _, words := range [][]any{
		{"hset", "rq:worker:web1", "hostname", "web1", "queues", "high,mail", "state", "busy", "current_job", "j0", "birth", iso},
		{"expire", "rq:worker:web1", 400},
		{"rpush", "rq:queue:mail", "j1", "j2"}, {"rpush", "rq:queue:high", "j3"},
		{"hset", "rq:job:j1", "enqueued_at", iso}, {"zadd", "rq:failed:mail", 1, "f1"},
		{"sadd", "processes", "host1:1:a", "host2:2:b"},
		{"hset", "host1:1:a", "info", `{"hostname":"host1","queues":["default"],"started_at":1700000000.5}`, "busy", 2, "beat", now.Unix(), "quiet", "false"},
		{"hset", "host2:2:b", "info", `{"hostname":"host2","queues":["default"],"started_at":1700000000.5}`, "busy", 0, "beat", now.Add(-time.Hour).Unix(), "quiet", "false"},
		{"lpush", "queue:default", fmt.Sprintf(`{"class":"A","enqueued_at":%d.5}`, now.Unix()-60)},
		{"set", "dear-leader", "host2:2:b", "ex", 3600},
		{"hset", "bull:video:meta", "version", "bullmq"}, {"lpush", "bull:video:wait", "1", "2"},
		{"set", "bull:video:5:lock", "worker-1:7", "ex", 3600},
		{"set", "lock:actor:a1", "mine", "ex", 3600},
		{"hset", "print:job:77", "state", "stuck"},
	} {
		if err := c.Do(t.Context(), words...).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

const printersLayout = `
[[layout]]
name = "printers"
view = "printers"
keys = ["print:job:{id}"]
type = "hash"
columns = [
  { name = "job", from = "part", part = "id" },
  { name = "state", from = "field", field = "state", type = "status", tones = { stuck = "bad" } },
]
`

// withPrinters is a configuration with a layout of its own view.
func withPrinters(t *testing.T) (config string) {
	t.Helper()
	config = file(t, "[columns]\nprinters = [\"STATE\"]\n")
	folder := filepath.Join(filepath.Dir(config), "layouts")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "own.toml"), []byte(printersLayout), 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

func TestStateOfLibrariesIsReadByItsMeaning(t *testing.T) {
	s := redistest.Start(t)
	libraries(t, s)
	config := withPrinters(t)
	get := func(view, by string) map[string]map[string]any {
		t.Helper()
		out := map[string]map[string]any{}
		for _, o := range objects(t, holdfast(t, "get", view, "-o", "json", "--url", s.URL(), "--config", config).ok(t)) {
			out[fmt.Sprint(o[by])] = o
		}
		return out
	}
	is := func(row map[string]any, want map[string]any) {
		t.Helper()
		for name, value := range want {
			if fmt.Sprint(row[name]) != fmt.Sprint(value) {
				t.Errorf("%s is %v, want %v, in %v", name, row[name], value, row)
			}
		}
	}
	locks := get("locks", "key")
	is(locks["dear-leader"], map[string]any{"layout": "sidekiq-leader", "holder": "host2:2:b", "alive": false, "held_since": nil})
	is(locks["bull:video:5:lock"], map[string]any{"layout": "bullmq", "holder": "worker-1", "alive": nil})
	is(locks["lock:actor:a1"], map[string]any{"layout": nil, "holder": nil, "token": "mine", "alive": nil})
	workers := get("workers", "pod")
	is(workers["web1"], map[string]any{"layout": "rq", "job": "j0", "alive": true, "pool": "high,mail"})
	is(workers["host1:1:a"], map[string]any{"layout": "sidekiq", "job": "2 running", "alive": true})
	is(workers["host2:2:b"], map[string]any{"alive": false})
	queues := get("queues", "queue")
	is(queues["mail"], map[string]any{"layout": "rq-queues", "waiting": 2, "failed": 1, "workers": 1})
	is(queues["high"], map[string]any{"waiting": 1, "workers": 1})
	is(queues["default"], map[string]any{"layout": "sidekiq-queues", "waiting": 1, "workers": 1}) // the other one is dead
	is(queues["video"], map[string]any{"layout": "bullmq-queues", "waiting": 2, "workers": nil})
	is(get("printers", "job")["77"], map[string]any{"state": "stuck"})

	if a := holdfast(t, "get", "nothing", "--url", s.URL(), "--config", config); a.code != wrongUsage || !strings.Contains(a.errors, "printers") {
		t.Errorf("an unknown view: %+v", a)
	}
}

// What only layouts fill has a tab once it has rows; keys and links lead there, and no action of ours is offered.
func TestTheDashboardShowsStateOfLibraries(t *testing.T) {
	s := redistest.Start(t)
	libraries(t, s)
	x := dashboard(t, nil, "--url", s.URL(), "--config", withPrinters(t))
	x.shows("LIVE", "Qs 4", "Prin 1")
	x.see("6", "dear-leader", "LAYOUT", "HOLDER", "ALIVE", "HELD", "seen ")
	x.see("5", "host2:2:b", "sidekiq", "2 running")
	x.see("1", "UNREADABLE")
	x.see("\x1b[Z\x1b[Z", "QUEUE", "WORKERS", "mail", "video")
	x.types("q")
	x.quits()
}
