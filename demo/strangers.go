package demo

import (
	"context"
	"errors"
	"time"

	"holdfast/core/actorstore"
	"holdfast/core/buffer"
	"holdfast/core/genstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/record"
)

// What other programs left under our prefixes: keys of a wrong type, broken documents, bytes that are no text. A
// dashboard shows each as a bad row, or as a harmless one, and the good ones beside it.

func (s *session) castStrangers() {
	s.before(2*time.Minute, s.strangers)
	s.enter("strangers", 5*time.Minute, func(ctx context.Context) (time.Duration, error) { return 5 * time.Minute, s.strangers(ctx) })
}

// strangers puts all of them there unless something is there already. They come from outside, so they come as bare commands.
func (s *session) strangers(ctx context.Context) error {
	c, p := s.core.Conn, s.core.Prefixes
	gen, actor, worker := p.Of(genstore.KeyPrefix), p.Of(actorstore.ActorPrefix), p.Of(actorstore.WorkerPrefix)
	buf, lock, rec, kv := p.Of(buffer.KeyPrefix), p.Of(actorstore.LockPrefix), p.Of(record.KeyPrefix), p.Of(redisdb.KeyPrefix)
	return errors.Join(
		c.HSetNX(ctx, gen+"product:single:product:1066", "gen", 7).Err(), // wrong type
		c.SetNX(ctx, gen+"user:single:user:10099", "seven", 0).Err(),     // no number
		c.SetNX(ctx, actor+"browser-torn", `{"actorId":"browser-torn","version":"3","status":"STATUS_RUN`, 0).Err(),
		c.SetNX(ctx, worker+"agents-eu:standard", `{}`, 0).Err(), // no pod
		c.SetNX(ctx, buf+"legacy-import", "2019-03-01", 0).Err(),
		c.HSetNX(ctx, lock+"job:nightly", "holder", "cron").Err(),
		c.SetNX(ctx, rec+"dump", "\x1f\x8b\x08\x00", 0).Err(),
		c.SetNX(ctx, kv+"import.lock", "4711", 0).Err(),                        // of no database
		c.HSetNX(ctx, kv+"{"+sessions+"}:d:user/0007", "device", "desk").Err(), // wrong type
		// Tokens and values are anybody's bytes; no terminal may see these raw.
		c.SetNX(ctx, lock+"job:import", "\x1b[31mroot\x1b]0;owned\x07\u202e\xff\n", 0).Err(),
	)
}
