package layout_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/internal/redistest"
)

// Presets of libraries that do not run here: keys as the library's source writes them.
func TestPresetsMadeOfFacts(t *testing.T) {
	const uuid = "0f0e3b1c-6a52-4c1e-9d4f-aa3b2f6f6c11"
	now := time.Now().Truncate(time.Millisecond)
	beat := now.Add(-5 * time.Second)
	server := redistest.Start(t)
	c := server.Client(t)
	ctx := context.Background()
	for key, value := range map[string]string{
		"dear-leader":                  "h1:1:abc",
		"rueidislock:0:a:b":            "token-1",
		"cas:v3:ver:{5f}:s:4:user:a:b": "00112233445566778899aabbccddeeff",
		"redisson_lock_token:{lock-a}": "7",
		"job-lock:prod:reports":        "ADDED:2024-05-01T10:00:00.123Z@host-1:" + uuid,
		"laravel_database_laravel_cache_laravel_unique_job:App\\Jobs\\Send:5":    "owner-1",
		"laravel_database_laravel_cache_laravel-queue-overlap:App\\Jobs\\Send:5": "owner-2",
		"redbeat::lock":                   "token-2",
		"lock||app||orders":               "owner-3",
		"default/directory/user/7":        `{"GrainId":"user/7"}`,
		"{hangfire}:locks:schedulepoller": "owner-4",
		"{hangfire}:job:9:state-lock":     "owner-5",
		"registry:orders":                 uuid,
		"unacked_mutex":                   "token-3",
	} {
		c.Set(ctx, key, value, time.Minute)
	}
	hash := func(key string, pairs ...any) { c.HSet(ctx, key, pairs...) }
	hash("lock-a", uuid+":42", 2, "mode", "read")
	hash("uniquejobs:d41d:LOCKED", "jid-1", "1714557600.5")
	hash("laravel_horizon:supervisor:h-1:sup-1", "name", "h-1:sup-1", "master", "h-1", "pid", 7, "status", "running", "processes", `{"redis:default":3,"redis:low":1}`)
	hash("laravel_horizon:master:h-1", "name", "h-1", "status", "running", "supervisors", `["h-1:sup-1"]`)
	hash("redbeat:send", "definition", `{"name":"send","task":"app.send","enabled":true}`, "meta", `{"total_run_count":12}`)
	hash("myapp||Cart||1||items", "data", `{"n":1}`, "version", 4)
	hash("default/members/prod", "Version", 3, "S127.0.0.1:11111:1", `{"SiloAddress":"S127.0.0.1:11111:1","Status":3,"HostName":"h1","StartTime":"2024-05-01T10:00:00.1234567Z","IAmAliveTime":"2024-05-01T10:05:00Z"}`)
	hash("default/state/user/7/Profile", "etag", "e1", "data", `{"name":"Ada"}`)
	hash("{hangfire}:server:h1:7:guid", "WorkerCount", 4, "StartedAt", beat.UnixMilli(), "Heartbeat", beat.UTC().Format(time.RFC3339Nano))
	hash("{hangfire}:job:9", "CreatedAt", "2024-05-01T10:00:00.0000000Z")
	hash("dramatiq:default.msgs", "m1", `{"actor_name":"send","message_timestamp":1714557600123}`, "m2", `{"actor_name":"send"}`)
	c.SAdd(ctx, "{hangfire}:servers", "h1:7:guid", "h2:8:dead")
	c.RPush(ctx, "{hangfire}:server:h1:7:guid:queues", "default")
	c.RPush(ctx, "{hangfire}:queue:default", "9")
	c.RPush(ctx, "{hangfire}:queue:default:dequeued", "8", "7")
	c.RPush(ctx, "dramatiq:default", "m1")
	c.SAdd(ctx, "dramatiq:__acks__.worker-1.default", "m2")
	c.RPush(ctx, "laravel_database_queues:default", "{}", "{}")
	c.SAdd(ctx, "processes", "h9:9:gone") // of Sidekiq, whose heartbeat has expired
	score := func(key, member string, at float64) { c.ZAdd(ctx, key, redis.Z{Score: at, Member: member}) }
	score("laravel_database_queues:default:reserved", "{}", 1)
	score("laravel_database_queues:default:delayed", "{}", 1)
	score("dramatiq:__heartbeats__", "worker-1", float64(beat.UnixMilli()))
	score("dramatiq:default.XQ", "m0", 1)
	score("redbeat::schedule", "redbeat:send", 1714557600)
	score("default/reminders", `"7"`, 0)

	names, err := c.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	s := look(t, server.URL(), names, map[string]string{"redisson": "lock-{name}", "spring": "registry:{name...}", "dapr": "myapp||{name...}"}, now)
	lock := func(id string, columns map[string]any) {
		t.Helper()
		s.want("locks", id, columns)
		s.within("locks", id, "ttl_ms", 50*time.Second, time.Minute)
	}
	lock("dear-leader", map[string]any{"layout": "sidekiq-leader", "holder": "h1:1:abc"})
	lock("rueidislock:0:a:b", map[string]any{"token": "token-1"})
	lock("job-lock:prod:reports", map[string]any{"holder": "host-1", "held_since": time.Date(2024, 5, 1, 10, 0, 0, 123e6, time.UTC)})
	lock("laravel_database_laravel_cache_laravel_unique_job:App\\Jobs\\Send:5", map[string]any{"layout": "laravel", "token": "owner-1"})
	lock("laravel_database_laravel_cache_laravel-queue-overlap:App\\Jobs\\Send:5", map[string]any{"layout": "laravel-overlap", "token": "owner-2"})
	lock("redbeat::lock", map[string]any{"layout": "redbeat", "token": "token-2"})
	lock("lock||app||orders", map[string]any{"layout": "dapr-locks", "holder": "owner-3"})
	lock("{hangfire}:locks:schedulepoller", map[string]any{"layout": "hangfire-locks", "holder": "owner-4"})
	lock("{hangfire}:job:9:state-lock", map[string]any{"layout": "hangfire-job-locks", "holder": "owner-5"})
	lock("registry:orders", map[string]any{"layout": "spring", "holder": uuid})
	lock("unacked_mutex", map[string]any{"layout": "celery-mutex", "token": "token-3"})
	s.want("locks", "lock-a#"+uuid+":42", map[string]any{"layout": "redisson", "token": uuid + ":42", "holder": uuid, "fence": 7})
	s.want("locks", "uniquejobs:d41d:LOCKED#jid-1", map[string]any{"holder": "jid-1", "held_since": time.Unix(1714557600, 5e8)})
	s.count("locks", 13)

	s.want("generations", "cascache/cas:v3:ver:{5f}:s:4:user:a:b", map[string]any{"namespace": "user", "key": "a:b", "fence": "00112233445566778899aabbccddeeff"})

	worker := func(id string, columns map[string]any) { t.Helper(); s.want("workers", id, columns) }
	worker("horizon/laravel_horizon:supervisor:h-1:sup-1", map[string]any{"pod": "h-1:sup-1", "pool": "redis:default, redis:low", "state": "running"})
	worker("horizon-masters/laravel_horizon:master:h-1", map[string]any{"pod": "h-1", "pool": "h-1:sup-1"})
	worker("dramatiq/dramatiq:__heartbeats__#worker-1", map[string]any{"pod": "worker-1", "alive_until": beat.Add(time.Minute)})
	worker("orleans/default/members/prod#S127.0.0.1:11111:1", map[string]any{"ip": "h1", "state": "Active", "pool": "prod", "alive_until": time.Date(2024, 5, 1, 10, 15, 0, 0, time.UTC)})
	worker("hangfire/{hangfire}:servers#h1:7:guid", map[string]any{"ip": "h1", "pool": "default", "started": beat, "alive_until": beat.Add(time.Minute)})
	worker("hangfire/{hangfire}:servers#h2:8:dead", map[string]any{"alive_until": time.Unix(60, 0)})
	worker("sidekiq/processes#h9:9:gone", map[string]any{"alive_until": time.Unix(60, 0)})
	s.count("workers", 7)

	queue := func(id string, columns map[string]any) { t.Helper(); s.want("queues", id, columns) }
	queue("laravel_database_queues:default", map[string]any{"queue": "default", "waiting": 2, "active": 1, "delayed": 1})
	queue("{hangfire}:queue:default", map[string]any{"queue": "default", "waiting": 1, "active": 2, "oldest": time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)})
	queue("dramatiq:default", map[string]any{"queue": "default", "waiting": 1, "failed": 1, "oldest": time.UnixMilli(1714557600123)})
	s.count("queues", 3)

	s.want("deliveries", "dramatiq:__acks__.worker-1.default#m2", map[string]any{"worker": "worker-1", "queue": "default", "actor": "send", "alive": beat.Add(time.Minute)})
	s.want("schedule", "redbeat::schedule#redbeat:send", map[string]any{"task": "app.send", "enabled": true, "runs": 12, "due": time.Unix(1714557600, 0)})
	s.want("dapr", "myapp||Cart||1||items", map[string]any{"data": `{"n":1}`, "etag": 4})
	s.want("grains", "default/directory/user/7", map[string]any{"grain": "user/7"})
	s.want("grain-state", "default/state/user/7/Profile", map[string]any{"etag": "e1", "data": `{"name":"Ada"}`})
	s.want("reminders", `default/reminders#"7"`, map[string]any{"reminder": `"7"`})
}
