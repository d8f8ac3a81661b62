package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
)

// Three KV databases: sessions, which expire; feature flags, which are changed under compare-and-set; and a replica of the
// flags, whose replicator stands still now and then, so that it lags.
const (
	sessions = "sessions"
	flags    = "flags"
	replica  = "flags-replica"
)

// keepChanges is how much of the log these databases keep: enough for a replica that stood still.
const keepChanges = 400

func (s *session) castKV() {
	r := s.stream(sessions)
	log := s.database(sessions, func() []*kvstore.KVPair { return nil })
	visit := log.turn(s.browse(r))
	for ago := 40 * time.Second; ago > 0; ago -= time.Second {
		s.before(ago, visit.once)
	}
	s.enter("sessions", about(r, 500*time.Millisecond), visit)

	r = s.stream(flags)
	switches := s.database(flags, initialFlags)
	turn := switches.turn(s.toggle(r))
	s.before(70*time.Second, turn.once)
	for ago := 60 * time.Second; ago > 0; ago -= 3 * time.Second {
		s.before(ago, turn.once)
	}
	s.enter("flags", about(r, time.Second), turn)

	r = s.stream(replica)
	follow := s.follower(r, switches, s.database(replica, func() []*kvstore.KVPair { return nil }))
	s.before(30*time.Second, follow.once)
	s.enter("replicator", about(r, 2*time.Second), follow)
}

// database is a KV database that is opened when it is needed.
type database struct {
	s       *session
	name    string
	initial func() []*kvstore.KVPair
	open    *redisdb.Store // nil: not yet, or no more
}

func (s *session) database(name string, initial func() []*kvstore.KVPair) *database {
	return &database{s: s, name: name, initial: initial}
}

// store opens the database unless it is open.
func (d *database) store() (*redisdb.Store, error) {
	if d.open != nil {
		return d.open, nil
	}
	c := d.s.core
	store, err := redisdb.Open(c.Conn, d.name, redisdb.Options{Prefix: c.Prefixes.Of(redisdb.KeyPrefix), Retain: keepChanges})
	if err == nil {
		d.open = store
	}
	return store, err
}

// turn lets a player use the database. A handle that is stale, because an operator restored the database, is opened anew
// at the next turn. What else does not pass by itself is that somebody broke the keys apart: then it is begun again.
func (d *database) turn(use func(*redisdb.Store) (time.Duration, error)) turn {
	return func(context.Context) (time.Duration, error) {
		store, err := d.store()
		if err != nil {
			return 0, err
		}
		rest, err := use(store)
		switch {
		case err == nil:
			return rest, nil
		case !errors.Is(err, kvstore.ErrStale):
			err = errors.Join(err, d.begin(store))
		}
		d.open = nil
		return rest, errors.Join(err, store.Close())
	}
}

// begin replaces what the database holds by what it began with.
func (d *database) begin(store *redisdb.Store) error {
	var b bytes.Buffer
	w, err := kvstore.NewSnapshotWriter(&b, kvstore.SnapshotHeader{})
	if err != nil {
		return err
	}
	for _, p := range d.initial() {
		if err := w.Add(p); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return store.PutSnapshot(io.NopCloser(&b))
}

// browse lets visitors log in, go on and log out; who does neither is logged out by the expiry.
func (s *session) browse(r *rand.Rand) func(*redisdb.Store) (time.Duration, error) {
	return func(store *redisdb.Store) (time.Duration, error) {
		key := fmt.Appendf(nil, "user/%04d", 1000+r.IntN(90))
		rest := about(r, 500*time.Millisecond)
		if r.IntN(6) == 0 {
			return rest, store.Delete(key)
		}
		ends := uint64(s.now.Add(about(r, 2*time.Minute)).Unix())
		value := fmt.Appendf(nil, `{"device":%q,"pages":%d,"cart":"cart/%06x"}`, pick(r, []string{"phone", "tablet", "desk"}), 1+r.IntN(40), r.IntN(1<<24))
		pairs := []*kvstore.KVPair{{Key: key, Value: value, ExpireTS: ends}}
		if r.IntN(4) == 0 { // the token goes with it, in the same change
			token := make([]byte, 16)
			for i := range token {
				token[i] = byte(r.Uint32())
			}
			pairs = append(pairs, &kvstore.KVPair{Key: append(bytes.Clone(key), "/token"...), Value: token, ExpireTS: ends})
		}
		return rest, store.Put(pairs...)
	}
}

func flagNames() []string {
	return []string{"beta/dark-mode", "beta/voice-search", "checkout/express", "checkout/gift-wrap", "limits/upload-mb", "mail/digest", "search/semantic", "shipping/drones"}
}

// initialFlags are in the order of their keys.
func initialFlags() (pairs []*kvstore.KVPair) {
	for _, name := range flagNames() {
		pairs = append(pairs, &kvstore.KVPair{Key: []byte(name), Value: []byte(`{"on":false,"percent":0}`)})
	}
	return pairs
}

// toggle changes one flag if nobody else has since it was read. One that is missing it creates, unless somebody else
// does; an announcement that comes with a change ends by itself.
func (s *session) toggle(r *rand.Rand) func(*redisdb.Store) (time.Duration, error) {
	return func(store *redisdb.Store) (time.Duration, error) {
		key, percent := []byte(pick(r, flagNames())), r.IntN(101)
		rest := about(r, 1500*time.Millisecond)
		value := fmt.Appendf(nil, `{"on":%t,"percent":%d}`, percent > 0, percent)
		if r.IntN(10) == 0 {
			notice := &kvstore.KVPair{Key: append([]byte("notice/"), key...), Value: value, ExpireTS: uint64(s.now.Add(time.Minute).Unix())}
			return rest, store.Put(notice)
		}
		was, err := store.Get(key)
		if err != nil {
			return rest, err
		}
		ask := &kvstore.CompareAndSetRequest{Key: key, NewValue: value}
		if len(was) == 1 {
			ask.OldValue = was[0].Value
		}
		_, err = store.CompareAndSet(ask)
		return rest, err
	}
}

// follower applies the changes of one database to another, a batch a turn, and takes a snapshot where the log cannot
// help. Now and then it stands still for a while.
func (s *session) follower(r *rand.Rand, master, copy *database) turn {
	return func(ctx context.Context) (time.Duration, error) {
		from, err := master.store()
		if err != nil {
			return 0, err
		}
		return copy.turn(func(to *redisdb.Store) (time.Duration, error) {
			rest := about(r, 2*time.Second)
			if r.IntN(8) == 0 {
				rest = 10*time.Second + about(r, 20*time.Second)
			}
			_, err := (&kvstore.Replicator{From: from, To: to, Batch: 50}).Step()
			if errors.Is(err, kvstore.ErrTrimmed) || errors.Is(err, kvstore.ErrAhead) || errors.Is(err, kvstore.ErrHistory) {
				err = kvstore.Bootstrap(ctx, from, to)
			}
			if applied, wrong := to.GetLatestAppliedChangeNumber(); err == nil && wrong == nil {
				_ = from.ReportReplica(ctx, replica, applied) // a report that is refused is no reason to begin anew
			}
			return rest, err
		})(ctx)
	}
}
