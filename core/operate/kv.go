package operate

import (
	"context"
	"fmt"
	"time"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
)

// CreatePair plans to put a new key into a database, with a life of ttl unless that is 0. A key that is there already is
// left alone: it is edited, not overwritten.
func (o *Operator) CreatePair(db, key string, value []byte, ttl time.Duration) (Action, error) {
	id := conn.Escape(db) + ":" + conn.Escape(key)
	if err := kvstore.CheckKey([]byte(key)); err != nil {
		return Action{}, conn.Fail("put", id, err)
	}
	if ttl < 0 || ttl > 0 && ttl < time.Second {
		return Action{}, conn.Fail("put", id, fmt.Errorf("an expiry counts whole seconds, not %v", ttl))
	}
	life := ""
	if ttl > 0 {
		life = fmt.Sprintf(" for %v", ttl)
	}
	return Action{
		Verb: Put, Kind: "pairs", ID: id,
		Summary:  fmt.Sprintf("put %s into %s%s (%d bytes), if it is not there yet", key, db, life, len(value)),
		Commands: []string{o.script("create", "pairs", id, value)},
		run: func(ctx context.Context) (Outcome, error) {
			s, err := o.core.KVContext(ctx, db)
			if err != nil {
				return Outcome{}, err
			}
			defer s.Close()
			pair := &kvstore.KVPair{Key: []byte(key), Value: value}
			if ttl > 0 {
				now, err := o.core.Conn.Now(ctx) // the expiry is of the server's clock
				if err != nil {
					return Outcome{}, err
				}
				pair.ExpireTS = uint64(now.Add(ttl).Unix())
			}
			if err := s.Create(ctx, pair); err != nil {
				return Outcome{}, err
			}
			out := Outcome{Text: fmt.Sprintf("put %s into %s", key, db), After: text(value)}
			if seen, err := o.Load(ctx, "pairs", id); err == nil {
				if undo, err := o.Delete("pairs", id, seen.Version); err == nil {
					out.Undo = &undo
				}
			}
			return out, nil
		},
	}, nil
}
