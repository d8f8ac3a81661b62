//go:build unix

package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/core/kvstore"
	"holdfast/internal/redistest"
)

// Every action of every view, by its keys in a real terminal, and what the server has afterwards.

// actions is a server with one row of each kind to edit, whose content says EDITME, and one to delete.
func actions(t *testing.T) (s server, release string) {
	t.Helper()
	s = newServer(t, redistest.Start(t).Client(t))
	note := func(doc string) string { return strings.Replace(doc, "{", `{"note":"EDITME",`, 1) }
	s.push(t, "orders", `{"id":1}`, `{"id":2}`)
	s.push(t, "stuck", `{"id":3}`)
	if _, ok, err := s.core.Buffers.Lock(ctx, "stuck", 0, time.Hour); !ok || err != nil {
		t.Fatal(ok, err)
	}
	s.set(t, "gen:user:u1", "4", 0)
	s.set(t, "actor:a1", note(actorA1), time.Hour)
	s.set(t, "actor:a2", actorA2, time.Hour)
	s.set(t, "worker:ns:pool:pod-0", note(worker), time.Hour)
	s.set(t, "worker:ns:pool:pod-1", strings.ReplaceAll(worker, "pod-0", "pod-1"), time.Hour)
	if ok, err := s.core.Actors.AcquireLock(ctx, "lock:nightly", "cron-1", time.Hour); !ok || err != nil {
		t.Fatal(ok, err)
	}
	_, lease := s.create(t, "cfg", "edited", `{"note":"EDITME","n":1}`, time.Hour)
	s.create(t, "cfg", "other", "other", 0)
	in := uint64(time.Now().Add(time.Hour).Unix())
	s.put(t, "db", &kvstore.KVPair{Key: []byte("edited"), Value: []byte(`{"note":"EDITME","n":1}`), ExpireTS: in},
		&kvstore.KVPair{Key: []byte("other"), Value: []byte("other"), ExpireTS: in})
	return s, fmt.Sprintf("rec:{cfg}:lease:%d", lease)
}

// has waits until a key of the server has a text in it; an empty text: until it is gone.
func (s server) has(t *testing.T, key, text string) {
	t.Helper()
	content := ""
	err := redistest.Poll(10*time.Second, func() bool {
		if text == "" {
			return !s.exists(t, key)
		}
		content = s.c.Get(ctx, key).Val()
		if s.c.Type(ctx, key).Val() == "hash" {
			content = s.c.HGet(ctx, key, "value").Val()
		}
		return strings.Contains(content, text)
	})
	if err != nil {
		t.Errorf("%s is %q, want %q in it, or nothing at all", key, content, text)
	}
}

func TestEveryActionInATerminal(t *testing.T) {
	t.Parallel()
	s, lease := actions(t)
	dir := t.TempDir()
	x := dashboard(t, []string{"EDITOR=" + script(t, "EDITME", "edited-by-hand")}, append(s.flags, "--flush-dir", dir, "--refresh", "200ms")...)
	x.shows("[1 Overview]", "LIVE (pushed)")

	const (
		actor, suspended = "actor:a1", "actor:a2"
		pod, idle        = "worker:ns:pool:pod-0", "worker:ns:pool:pod-1"
		rec, free        = "rec:{cfg}:r:edited", "rec:{cfg}:r:other"
		pair, gone       = "kv:{db}:d:edited", "kv:{db}:d:other"
		no               = "cannot undo: "
	)
	for _, act := range []struct {
		name    string
		to      string   // keys that lead to the row
		row     string   // that the cursor is on then
		keys    string   // that begin it, and what is asked then
		asked   []string // on the screen before the yes
		done    string   // on the screen after it
		key     string   // of the server
		is      string   // in it afterwards; empty: it is gone
		undone  string   // on the screen after undo
		backTo  string   // in the key after undo
		keepTTL bool
	}{
		{"bump", "3", "u1", "b", []string{"EVALSHA (bump)"}, "user:u1 is at generation 5", "gen:user:u1", "5", no + "generations only rise", "5", false},
		{"lock", "6", "", "le2e\r", []string{"take lock:e2e for 30s"}, "done: took lock:e2e", "lock:e2e", "holdfast-", "done: released lock:e2e", "", false},
		{"unlock", "6", "lock:nightly", "u", []string{"cron-1", "> no <"}, "done: released lock:nightly", "lock:nightly", "", no + "nobody can take the lock again", "", false},
		{"flush", "2g", "orders", "f", []string{"flush orders", "> no <"}, "done: flushed 2 records", "buf:{orders}:list", "", no + "the records are in the file", "", false},
		{"unlock a buffer", "2G", "stuck", "u", []string{"> no <"}, "done: unlocked buffer stuck", "buf:{stuck}:lock", "", no + "nobody can take the lock again", "", false},
		{"edit an actor", "4g", "a1", "e", []string{"+", "edited-by-hand"}, "done: saved a1", actor, "edited-by-hand", "done: saved a1, version 9", "EDITME", true},
		{"delete an actor", "4G", "a2", "d", []string{"> no <"}, "done: deleted a2", suspended, "", "done: put a2 back", `"actorId":"a2"`, true},
		{"edit a worker", "5g", "pod-0", "e", []string{"edited-by-hand"}, "done: saved ns:pool:pod-0", pod, "edited-by-hand", "done: saved ns:pool:pod-0, version 4", "EDITME", true},
		{"delete a worker", "5G", "pod-1", "d", []string{"> no <"}, "done: deleted ns:pool:pod-1", idle, "", "done: put ns:pool:pod-1 back", "pod-1", true},
		{"edit a record", "8g", "edited", "e", []string{"edited-by-hand"}, "done: saved cfg:edited", rec, "edited-by-hand", "done: saved cfg:edited", "EDITME", false},
		{"delete a record", "8G", "other", "d", []string{"> no <"}, "done: deleted cfg:other", free, "", "done: put cfg:other back", "other", false},
		{"put a pair", "9", "db", "nfresh\tvalue\t1h\r", []string{"put fresh into db for 1h0m0s"}, "done: put fresh into db", "kv:{db}:d:fresh", "value", "done: deleted db:fresh", "", false},
		{"edit a pair", "9\r\rg", "edited", "e", []string{"edited-by-hand"}, "done: saved db:edited", pair, "edited-by-hand", "done: saved db:edited", "EDITME", true},
		{"delete a pair", "9\r\rG", "other", "d", []string{"> no <"}, "done: deleted db:other", gone, "", "done: put db:other back", "other", true},
		{"release a lease", "7", "", "d", []string{"release cfg:", "> no <"}, "done: released lease cfg:", lease, "", no + "a released lease is gone", "", false},
	} {
		x.types("1")
		x.shows("[1 Overview]")
		for _, key := range act.to {
			x.types(string(key))
			if key == '\r' {
				x.until("nothing opened", func() bool { return strings.Contains(x.text(), "browse") || strings.Contains(x.text(), "Pairs of db") })
			}
		}
		if act.row != "" {
			x.on(act.row)
		} else {
			x.hides("[1 Overview]")
		}
		if act.name == "lock" {
			x.see("l", "take a lock")
			x.types(act.keys[1:])
		} else if strings.HasPrefix(act.keys, "n") {
			x.see("n", "put a key into db")
			x.types(act.keys[1:])
		} else {
			x.types(act.keys)
		}
		x.shows(append(act.asked, "sends")...)
		x.see("y", act.done)
		s.has(t, act.key, act.is)
		x.types("z")
		if !strings.HasPrefix(act.undone, no) {
			x.shows("sends", "yes")
			x.types("y")
			x.hides("sends")
		}
		x.shows(act.undone)
		s.has(t, act.key, act.backTo)
		if life := s.c.PTTL(ctx, act.key).Val(); act.keepTTL && (life < 50*time.Minute || life > time.Hour) {
			t.Errorf("%s: %s lives %v afterwards", act.name, act.key, life)
		}
		if t.Failed() {
			t.Fatalf("at %s:\n%s", act.name, x.text())
		}
	}
	s.has(t, rec, "") // it went with its lease
	if files, _ := listed(t, dir); len(files) != 1 {
		t.Errorf("files %v", files)
	}
	x.see("Z", "Undo one of the last actions", "released lease cfg:", "flushed 2 records of orders")
	x.leave("Undo one of the last actions")
	x.types("q")
	x.quits()
}

// A write under the open editor: the editor itself lets another connection write before it saves.
func TestNoUpdateIsLostInATerminal(t *testing.T) {
	s, _ := actions(t)
	dir := t.TempDir()
	meddle, editor := filepath.Join(dir, "meddle"), filepath.Join(dir, "editor")
	text := fmt.Sprintf("#!/bin/sh\nif [ -e %s ]; then sh %[1]s; rm %[1]s; fi\nsed -i 's/EDITME/mine/' \"$1\"\necho >>\"$1\"\n", meddle) // always changed: else it would look like one that forks
	if err := os.WriteFile(editor, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	x := dashboard(t, []string{"EDITOR=" + editor}, append(s.flags, "--refresh", "200ms")...)
	x.shows("[1 Overview]", "LIVE (pushed)")
	for _, tt := range []struct{ view, id, key, to, row string }{
		{"actors", "a1", "actor:a1", "4g", "a1"},
		{"workers", "ns:pool:pod-0", "worker:ns:pool:pod-0", "5g", "pod-0"},
		{"records", "cfg:edited", "rec:{cfg}:r:edited", "8g", "edited"},
	} {
		stored := s.c.Get(ctx, tt.key).Val()
		if stored == "" {
			stored = s.c.HGet(ctx, tt.key, "value").Val()
		}
		theirs := file(t, strings.Replace(stored, "{", `{"theirs":1,`, 1))
		command := fmt.Sprintf("%s edit %s %s --file %s %s >/dev/null\n", binary(t), tt.view, tt.id, theirs, strings.Join(s.flags, " "))
		if err := os.WriteFile(meddle, []byte(command), 0o600); err != nil {
			t.Fatal(err)
		}
		life := s.c.PTTL(ctx, tt.key).Val()
		x.types(tt.to)
		x.on(tt.row)
		x.see("e", "save "+tt.view, "mine", "> yes <")
		x.see("y", "conflict on "+tt.id, "theirs: only they changed it", "note: only you changed it", "> edit merged <")
		x.see(enter, "save "+tt.view, "mine", "> yes <")
		x.see("y", "done: saved "+tt.id)
		s.has(t, tt.key, `"theirs":1`)
		s.has(t, tt.key, `"mine"`)
		if now := s.c.PTTL(ctx, tt.key).Val(); now > life || life-now > time.Minute {
			t.Errorf("%s lived %v and now %v", tt.key, life, now)
		}
	}
	x.types("q")
	x.quits()
}
