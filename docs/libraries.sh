#!/usr/bin/env bash
# Runs libraries whose state holdfast shows (npm: bullmq, redlock; Debian: Sidekiq, RQ, Celery, redis-py, django-redis) against a
# redis-server of their own: with a worker that lives, one that was killed, held locks, and jobs in every state. What they wrote
# goes to core/layout/testdata/LIBRARY.json, with what the library's own interface says of it, for the tests of core/layout.
# On Debian, as root: docs/libraries.sh [LIBRARY...]
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/core/layout/testdata
all=(bullmq redlock sidekiq rq celery redis-py django-redis)
work=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

debian=(redis-server ruby-sidekiq python3-rq celery python3-redis python3-django-redis)
if ! dpkg -s "${debian[@]}" >/dev/null 2>&1; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${debian[@]}" >/dev/null
fi
(cd "$work" && npm init -y >/dev/null && npm install --silent --no-audit --no-fund bullmq redlock ioredis >/dev/null)
python=/usr/bin/python3 # Debian's, which has the libraries

cat >"$work/dump.py" <<'PY'
"""dump.py PORT LIBRARY VERSION: what the server holds, beside what the library said (said.json), as JSON."""
import base64, json, sys, time
import redis
port, library, version = sys.argv[1:]
r = redis.Redis(port=int(port))
def text(b):
    try:
        return b.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(b).decode()}
def content(key, kind):
    if kind == "string": return text(r.get(key))
    if kind == "list": return [text(v) for v in r.lrange(key, 0, -1)]
    if kind == "set": return [text(v) for v in sorted(r.smembers(key))]
    if kind == "zset": return [[text(v), s] for v, s in r.zrange(key, 0, -1, withscores=True)]
    if kind == "hash": return [[text(f), text(v)] for f, v in sorted(r.hgetall(key).items())]
keys = []
for key in sorted(r.scan_iter(count=1000)):
    kind = r.type(key).decode()
    if kind != "stream":  # of events, which no layout reads
        keys.append({"key": text(key), "type": kind, "ttl_ms": r.pttl(key), "content": content(key, kind)})
print(json.dumps({"library": library, "version": version, "at": time.time(), "said": json.load(open("said.json")), "keys": keys}, indent=1))
PY

# wait_for COMMAND...: until it succeeds, at most 60 s
wait_for() {
  for _ in $(seq 600); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  echo "in vain: $*" >&2
  return 1
}
has() { [ "$(redis-cli -p "$port" --raw "$@")" != "0" ]; }
many() { [ "$(redis-cli -p "$port" --raw "${@:2}")" -ge "$1" ]; }
start() { # start COMMAND...: in the background, in a session of its own, so that its children end with it
  setsid "$@" >>"$work/log" 2>&1 &
  pids+=("$!" "-$!")
  last=$!
}
store() { # store LIBRARY VERSION
  (cd "$work" && $python dump.py "$port" "$1" "$2") >"$out/$1.json"
  echo "$1 $2"
}

bullmq() {
  cat >worker.js <<'JS'
const { Worker } = require('bullmq');
const worker = new Worker('mail', async (job) => {
  if (job.name === 'bad') throw new Error('no such address');
  if (job.name === 'long') {
    await new Promise((done) => setTimeout(done, 600000));
  }
}, { connection: { port: +process.argv[2] } });
worker.on('active', (job) => console.log(JSON.stringify({ worker: worker.id, job: job.id, name: job.name })));
JS
  cat >produce.js <<'JS'
const { Queue } = require('bullmq');
const [port, step] = [+process.argv[2], process.argv[3]];
(async () => {
  const queue = new Queue('mail', { connection: { port } });
  if (step === 'work') {
    await queue.add('bad', {}); await queue.add('good', {}); await queue.add('long', { n: 1 }); await queue.add('long', { n: 2 });
  } else if (step === 'wait') {
    for (let i = 0; i < 3; i++) await queue.add('later', { i });
    await queue.add('first', {}, { priority: 5 });
    await queue.add('tomorrow', {}, { delay: 86400000 });
    await queue.add('odd', {}, { jobId: 'odd-id' });
  } else {
    const counts = await queue.getJobCounts();
    const active = (await queue.getActive()).map((job) => ({ id: job.id, processedOn: job.processedOn }));
    const oldest = (await queue.getWaiting(0, 10)).map((job) => job.timestamp).sort()[0];
    console.log(JSON.stringify({ queue: 'mail', counts, active, oldest }));
  }
  await queue.close();
})();
JS
  node produce.js "$port" work
  start node worker.js "$port"
  start node worker.js "$port"
  local killed=$last
  wait_for many 2 llen bull:mail:active
  wait_for many 1 zcard bull:mail:failed
  wait_for many 1 zcard bull:mail:completed
  sleep 1
  kill -9 "$killed"
  node produce.js "$port" wait
  node produce.js "$port" say >said.json
  $python - <<'PY'
import json
said = json.load(open("said.json"))
said["holders"] = {line["job"]: line["worker"] for line in map(json.loads, (l for l in open("log") if l.startswith("{"))) if line["name"] == "long"}
json.dump(said, open("said.json", "w"))
PY
  store bullmq "$(node -p "require('bullmq/package.json').version")"
}

redlock() {
  cat >lock.js <<'JS'
const Redis = require('ioredis'); const Redlock = require('redlock');
(async () => {
  const redis = new Redis(+process.argv[2]);
  const locks = new Redlock([redis]);
  const lock = await locks.lock('resource:orders', 600000);
  console.log(JSON.stringify({ locks: [{ key: 'resource:orders', token: lock.value, expires: lock.expiration }] }));
  redis.disconnect();
})();
JS
  node lock.js "$port" >said.json
  store redlock "$(node -p "require('redlock/package.json').version")"
}

sidekiq() {
  cat >jobs.rb <<'RB'
require 'sidekiq'
require 'sidekiq/api'
Sidekiq.configure_server { |c| c.redis = { port: ENV['PORT'].to_i } }
Sidekiq.configure_client { |c| c.redis = { port: ENV['PORT'].to_i } }
class Job
  include Sidekiq::Worker
  def perform(what)
    raise 'no such address' if what == 'bad'
    sleep 600 if what == 'long'
  end
end
RB
  cat >produce.rb <<'RB'
require_relative 'jobs'
require 'json'
case ARGV[0]
when 'work'
  Job.perform_async('good')
  Job.set(retry: 3).perform_async('bad')
  Job.set(retry: 0).perform_async('bad')
  2.times { Job.perform_async('long') }
when 'wait'
  3.times { Job.set(queue: 'low').perform_async('good') }
  Job.perform_in(86400, 'good')
when 'say'
  queues = Sidekiq::Queue.all.map { |q| { name: q.name, size: q.size, oldest: q.to_a.map { |j| j.enqueued_at.to_f }.min } }
  processes = Sidekiq::ProcessSet.new(false).map { |p| { identity: p['identity'], hostname: p['hostname'], queues: p['queues'], busy: p['busy'], beat: p['beat'], started_at: p['started_at'], quiet: p['quiet'] } }
  work = Sidekiq::Workers.new.map { |process, thread, job| { process: process } }
  puts JSON.dump(queues: queues, processes: processes, work: work, scheduled: Sidekiq::ScheduledSet.new.size, retry: Sidekiq::RetrySet.new.size,
                 dead: Sidekiq::DeadSet.new.size, processed: Sidekiq::Stats.new.processed)
end
RB
  export PORT=$port
  ruby produce.rb work
  start sidekiq -r ./jobs.rb -q default -c 1
  start sidekiq -r ./jobs.rb -q default -c 1
  local killed=$last
  wait_for many 2 scard processes
  wait_for many 1 zcard retry
  wait_for many 1 zcard dead
  busy() { [ "$(for p in $(redis-cli -p "$port" smembers processes); do redis-cli -p "$port" hget "$p" busy; done | grep -c 1)" = 2 ]; }
  wait_for busy
  kill -9 -"$killed"
  ruby produce.rb wait
  ruby produce.rb say >said.json
  store sidekiq "$(ruby -e 'require "sidekiq"; puts Sidekiq::VERSION')"
}

rq() {
  cat >jobs.py <<'PY'
import time
def good(): return 1
def bad(): raise ValueError("no such address")
def long(): time.sleep(600)
PY
  cat >produce.py <<'PY'
import json, sys
from datetime import timedelta
import redis
from rq import Queue, Worker
from rq.registry import *
import jobs
c = redis.Redis(port=int(sys.argv[1]))
default, low = Queue("default", connection=c), Queue("low", connection=c)
if sys.argv[2] == "work":
    default.enqueue(jobs.good); default.enqueue(jobs.bad); default.enqueue(jobs.long); default.enqueue(jobs.long)
elif sys.argv[2] == "wait":
    for _ in range(3): low.enqueue(jobs.good)
    default.enqueue_in(timedelta(days=1), jobs.good)
else:
    queues = [{"name": q.name, "count": q.count, "active": len(StartedJobRegistry(queue=q)), "scheduled": len(ScheduledJobRegistry(queue=q)),
               "failed": len(FailedJobRegistry(queue=q)), "finished": len(FinishedJobRegistry(queue=q)),
               "oldest": min([j.enqueued_at.isoformat() for j in q.jobs], default=None)} for q in Queue.all(connection=c)]
    workers = [{"name": w.name, "hostname": w.hostname, "queues": w.queue_names(), "state": w.get_state(), "job": w.get_current_job_id(),
                "birth": w.birth_date.isoformat()} for w in Worker.all(connection=c)]
    locks = [{"key": "rq:scheduler-lock:default", "token": c.get("rq:scheduler-lock:default").decode()}]
    print(json.dumps({"queues": queues, "workers": workers, "locks": locks}))
PY
  export PYTHONPATH=$work
  $python produce.py "$port" work
  start $python -m rq.cli worker --url "redis://127.0.0.1:$port" --name lives --with-scheduler default
  wait_for many 1 zcard rq:wip:default
  start $python -m rq.cli worker --url "redis://127.0.0.1:$port" --name killed default
  local killed=$last
  wait_for many 2 zcard rq:wip:default
  wait_for many 1 exists rq:scheduler-lock:default
  sleep 1
  for child in $(pgrep -g "$killed"); do pids+=("$child"); done
  kill -9 -"$killed"
  $python produce.py "$port" wait
  $python produce.py "$port" say >said.json
  store rq "$($python -c 'import rq; print(rq.__version__)')"
}

celery() {
  cat >tasks.py <<'PY'
import os, time
from celery import Celery
url = "redis://127.0.0.1:" + os.environ["PORT"]
app = Celery("tasks", broker=url, backend=url)
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=1)
@app.task
def good(): return 1
@app.task
def bad(): raise ValueError("no such address")
@app.task
def long(): time.sleep(600)
PY
  cat >produce.py <<'PY'
import json, sys
from celery.result import AsyncResult
import tasks
if sys.argv[1] == "work":
    json.dump([tasks.good.delay().id, tasks.bad.delay().id], open("ids.json", "w"))
    tasks.long.delay(); tasks.long.delay()
elif sys.argv[1] == "wait":
    for _ in range(3): tasks.good.delay()
else:
    results = [{"id": i, "status": AsyncResult(i, app=tasks.app).status, "done": AsyncResult(i, app=tasks.app).date_done.isoformat()} for i in json.load(open("ids.json"))]
    with tasks.app.connection() as c:
        waiting = c.default_channel.queue_declare("celery", passive=True).message_count
        unacked = sorted(c.default_channel.client.hkeys("unacked"))
    active = [{"id": t["id"], "name": t["name"]} for ts in json.load(open("active.json")) for t in ts]
    print(json.dumps({"results": results, "waiting": waiting, "unacked": [u.decode() for u in unacked], "active": active}))
PY
  export PORT=$port C_FORCE_ROOT=1
  $python produce.py work
  start $python -m celery -A tasks worker --concurrency=1 -n lives --without-mingle
  start $python -m celery -A tasks worker --concurrency=1 -n killed --without-mingle
  local killed=$last
  wait_for many 2 hlen unacked
  results() { [ "$(redis-cli -p "$port" --raw keys 'celery-task-meta-*' | wc -l)" = 2 ]; }
  wait_for results
  wait_for many 2 hlen unacked
  sleep 2
  $python -c 'import json, tasks; json.dump(list((tasks.app.control.inspect(timeout=5).active() or {}).values()), open("active.json", "w"))'
  kill -9 -"$killed"
  $python produce.py wait
  $python produce.py say >said.json
  store celery "$($python -c 'import celery; print(celery.__version__)')"
}

redis-py() {
  $python - "$port" >said.json <<'PY'
import json, sys
import redis
c = redis.Redis(port=int(sys.argv[1]))
lock, ever = c.lock("orders", timeout=600), c.lock("ever")
assert lock.acquire() and ever.acquire() and lock.owned()
print(json.dumps({"locks": [{"key": l.name, "token": l.local.token.decode()} for l in (lock, ever)]}))
PY
  store redis-py "$($python -c 'import redis; print(redis.__version__)')"
}

django-redis() {
  $python - "$port" >said.json <<'PY'
import json, sys
from django.conf import settings
settings.configure(CACHES={"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://127.0.0.1:" + sys.argv[1]}})
from django.core.cache import cache
lock = cache.lock("orders", timeout=600)
assert lock.acquire()
print(json.dumps({"locks": [{"key": str(lock.name), "token": lock.local.token.decode()}]}))
PY
  store django-redis "$($python -c 'import django_redis; print(django_redis.__version__)')"
}

for library in "${@:-${all[@]}}"; do
  cd "$work"
  : >log
  port=$($python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  start redis-server --bind 127.0.0.1 --port "$port" --save "" --appendonly no --dir "$work"
  wait_for redis-cli -p "$port" ping
  trap 'cat "$work/log" >&2' ERR
  set -E
  "$library"
  set +E
  trap - ERR
  for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  pids=()
done
