package record

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// push is one subscription to a namespace's channel: sharded where the server has that, else plain. The scripts that
// publish choose the same way.
type push struct {
	sub  *redis.PubSub
	stop context.CancelFunc
	says chan any // a payload as string; anything else confirms that the subscription stands
}

// subscribe starts a subscription, or returns nil if the server cannot be reached. A refused or broken one ends what
// heard delivers.
func subscribe(ctx context.Context, c redis.UniversalClient, channel string) *push {
	// An empty message, which nobody heeds, tries the very command that the scripts use.
	_, err := conn.Ask(ctx, c, redis.NewIntCmd(ctx, "spublish", channel, ""))
	if conn.Unreachable(err) || ctx.Err() != nil {
		return nil
	}
	life, stop := context.WithCancel(ctx)
	p := &push{stop: stop, says: make(chan any, 256)}
	if err == nil {
		p.sub = c.SSubscribe(life, channel)
	} else {
		p.sub = c.Subscribe(life, channel)
	}
	go p.listen(life)
	return p
}

// listen ends at the first error rather than let the client reconnect unseen: what was told meanwhile is lost.
func (p *push) listen(life context.Context) {
	defer close(p.says)
	for {
		m, err := p.sub.Receive(life)
		if err != nil {
			return
		}
		var said any
		switch m := m.(type) {
		case *redis.Message:
			said = m.Payload
		case *redis.Subscription:
			if strings.HasSuffix(m.Kind, "unsubscribe") {
				return // the slot moves to another node
			}
			said = m
		default:
			continue
		}
		select {
		case p.says <- said:
		case <-life.Done():
			return
		}
	}
}

// heard delivers what is said; nil, which blocks for ever, without a subscription.
func (p *push) heard() <-chan any {
	if p == nil {
		return nil
	}
	return p.says
}

// close returns when nothing of the subscription is left.
func (p *push) close() {
	p.stop()
	_ = p.sub.Close()
	for range p.says {
	}
}
