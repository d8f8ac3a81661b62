package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"holdfast/core"
	"holdfast/core/actorstore"
	"holdfast/core/kvstore"
	"holdfast/core/record"
)

// world fills a server by the primitives that services use.
type world struct {
	t    testing.TB
	core *core.Core
	mini *miniredis.Miniredis
}

// ago runs f as long before the server's time as said. Spans that are to be read off a screen end on 30 s, so that what
// the test itself takes does not show.
func (w *world) ago(d time.Duration, f func()) {
	w.mini.SetTime(serverTime.Add(-d))
	f()
	w.mini.SetTime(serverTime)
}

func (w *world) push(store string, n int) {
	for i := range n {
		_, err := w.core.Buffers.Push(ctx, store, fmt.Appendf(nil, `{"id":%d,"sum":%d}`, i, i*100))
		must(w.t, err)
	}
}

func (w *world) prepare(store string) int64 {
	at, found, err := w.core.Buffers.Prepare(ctx, store, "")
	must(w.t, err)
	if !found {
		w.t.Fatalf("nothing to prepare in %s", store)
	}
	return at
}

func (w *world) bump(namespace, key string, n int) {
	g, err := w.core.GenStore(namespace, 0)
	must(w.t, err)
	for range n {
		_, err = g.Bump(ctx, key)
		must(w.t, err)
	}
}

func (w *world) actor(id string, status actorstore.Status, worker *actorstore.Worker) {
	a := &actorstore.Actor{ActorId: id, ActorTemplateNamespace: "shop", ActorTemplateName: "agent", Status: actorstore.StatusSuspended}
	must(w.t, w.core.Actors.CreateActor(ctx, a))
	a, err := w.core.Actors.GetActor(ctx, id)
	must(w.t, err)
	if status == actorstore.StatusSuspended && worker == nil {
		return
	}
	a.Status = status
	if worker != nil {
		a.AteomPodNamespace, a.AteomPodName, a.AteomPodIp, a.WorkerPoolName = worker.WorkerNamespace, worker.WorkerPod, worker.Ip, worker.WorkerPool
	}
	must(w.t, w.core.Actors.UpdateActor(ctx, a, a.Version))
}

func (w *world) worker(pod, ip, actor string) *actorstore.Worker {
	one := &actorstore.Worker{WorkerNamespace: "shop", WorkerPool: "small", WorkerPod: pod, Ip: ip, ActorId: actor}
	must(w.t, w.core.Actors.CreateWorker(ctx, one))
	return one
}

func (w *world) lock(key, token string, ttl time.Duration) {
	ok, err := w.core.Actors.AcquireLock(ctx, key, token, ttl)
	must(w.t, err)
	if !ok {
		w.t.Fatalf("%s is held", key)
	}
}

func (w *world) records(namespace string) *record.RedisStorage {
	s, err := w.core.Records(namespace)
	must(w.t, err)
	return s
}

func (w *world) lease(namespace string, ttl time.Duration) record.LeaseId {
	l, err := w.records(namespace).Lessor().NewLease(ctx, ttl, false)
	must(w.t, err)
	return l.Id()
}

func (w *world) record(namespace, key, value string, lease record.LeaseId) {
	_, err := w.records(namespace).Create(ctx, record.Record{Key: record.Key(key), Value: record.Value(value), Lease: lease})
	must(w.t, err)
}

func (w *world) put(db, key, value string) {
	s, err := w.core.KV(db)
	must(w.t, err)
	must(w.t, s.Put(&kvstore.KVPair{Key: []byte(key), Value: []byte(value)}))
	must(w.t, s.Close())
}

// report lets a replica of a database report.
func (w *world) report(db, name string, applied uint64) {
	s, err := w.core.KV(db)
	must(w.t, err)
	must(w.t, s.ReportReplica(ctx, name, applied))
	must(w.t, s.Close())
}

// replicated is a database with replicas: one at its side, one that lags, one that lags and is silent; and one without.
func replicated(w *world) {
	for i := range 40 {
		w.put("orders", fmt.Sprint("order/", i%9), strings.Repeat("x", 100+i))
	}
	w.put("flags", "dark-mode", "on")
	w.report("orders", "eu-1:copy", 40)
	w.ago(4*time.Second+500*time.Millisecond, func() { w.report("orders", "us-1:copy", 37) })
	w.ago(3*time.Minute+30*time.Second, func() { w.report("orders", evil, 12) })
}

// shop is a little of every kind.
func shop(w *world) {
	w.ago(3*time.Hour+30*time.Second, func() { w.push("clicks", 4); w.prepare("clicks") })
	w.ago(2*time.Hour+5*time.Minute+30*time.Second, func() { w.push("orders", 12) })
	w.ago(42*time.Minute+30*time.Second, func() { w.push("invoices", 3) })

	w.bump("user", "single:user:42", 7)
	w.bump("user", "single:user:7", 2)
	w.bump("catalog", "all", 120)

	w.worker("pod-0", "10.0.0.7", "agent-1")
	w.worker("pod-1", "10.0.0.8", "")
	w.worker("pod-2", "10.0.0.9", "ghost")
	w.actor("agent-1", actorstore.StatusRunning, &actorstore.Worker{WorkerNamespace: "shop", WorkerPool: "small", WorkerPod: "pod-0", Ip: "10.0.0.7"})
	w.actor("agent-2", actorstore.StatusSuspended, nil)
	w.actor("agent-3", actorstore.StatusPausing, nil)
	must(w.t, w.mini.Set("actor:broken", `{"actorId":`))

	w.lock("lock:actor:agent-1", "deploy-7f3a", 2*time.Hour+30*time.Second)
	w.lock("lock:nightly", "cron-1", 3*24*time.Hour+30*time.Second)

	l := w.lease("cfg", 90*time.Minute+30*time.Second)
	w.record("cfg", "replicas", `{"web":3,"worker":{"min":1,"max":8}}`, record.NoLeaseId)
	w.record("cfg", "leader", `host-4`, l)
	w.record("cfg", "blob", "\x00\x01\xff\xfe", record.NoLeaseId)

	w.put("flags", "dark-mode", `{"share":0.5}`)
	w.put("flags", "new-cart", "on")
}

// evil is text that would do harm on a terminal: a control sequence, C1, a clipboard write, a change of direction, line
// breaks, bytes that are not UTF-8, and characters of which terminals disagree how wide they are.
const evil = "\x1b[2J\x1b]52;c;cm0gLXJmIC8=\x07\u009b31m\u202eback\u2066\r\n\t\x00\xff\xfe👨‍👩‍👧 👍🏽 ☎️ e\u0301 שלום 日本語 \u200b\u00a0\u3164"

// hostile has evil text wherever a stranger could put it.
func hostile(w *world) {
	w.record("cfg", "plain", "harmless", record.NoLeaseId)
	w.record("cfg", evil, evil, record.NoLeaseId)
	w.put(evil, evil, evil)
	w.record(evil, "in a bad namespace", `{"`+"k\u202e"+`":"\u001b[31m`+"\u200d\u009b"+`"}`, record.NoLeaseId)
	w.push(evil, 2)
	w.push("lines", 1)
	_, err := w.core.Buffers.Push(ctx, "lines", []byte(`{"a":"`+"\u202e\u009b"+`"}`))
	must(w.t, err)
	w.bump("user", evil, 2)
	w.lock("lock:"+evil, evil, time.Hour+30*time.Second)
	must(w.t, w.mini.Set("actor:"+evil, `{"actorId":"`+"\u202e"+`","status":"`+"\u009b2J"+`"}`))
	must(w.t, w.mini.Set("actor:odd", `{"actorId":"odd","version":"1","status":"STATUS_`+"\u202e\u009b2J"+`","ateomPodName":"`+"\u202e"+`"}`))
	must(w.t, w.mini.Set("worker:ns:pool:"+evil, "\x1b[2J"))
	must(w.t, w.mini.Set("gen:"+evil, evil))
	must(w.t, w.mini.Set("rec:"+evil, evil))
}
