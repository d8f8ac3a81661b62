package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"holdfast/core"
	"holdfast/core/record"
)

// Two namespaces of records live by leases: gateways, whose processes keep them alive, and carts, which nobody keeps.
const (
	gateways = "gateways"
	carts    = "carts"
)

func (s *session) castLeases() {
	for _, city := range []string{"ams", "fra", "iad", "nrt", "sao"} {
		r := s.stream("gateway in " + city)
		g := &gateway{core: s.core, r: r, name: "edge-" + city}
		s.before(0, turn(g.turn).once)
		s.enter(g.name, about(r, 2*time.Second), g.turn)
	}
	r := s.stream("visitors")
	visit := s.visitor(r)
	for ago := 8 * time.Second; ago >= 0; ago -= 2 * time.Second {
		s.before(ago, visit.once)
	}
	s.enter("visitors", time.Second, visit)
}

// gateway announces itself by a record under a lease that it keeps alive, and counts its connections there. Now and then
// it restarts.
type gateway struct {
	core  *core.Core
	r     *rand.Rand
	name  string
	lease record.Lease // nil while it is down
	open  int
}

func (g *gateway) key() record.Key { return record.Key(g.name + "/status") }

func (g *gateway) turn(ctx context.Context) (time.Duration, error) {
	space, err := g.core.Records(gateways)
	if err != nil {
		return 0, err
	}
	if g.lease == nil {
		return about(g.r, 2*time.Second), g.start(ctx, space)
	}
	if g.r.IntN(20) == 0 {
		return about(g.r, 4*time.Second), g.end()
	}
	was, err := space.Get(ctx, g.key())
	if errors.Is(err, record.ErrNotFound) { // an operator released the lease, or deleted the record
		return about(g.r, time.Second), errors.Join(err, g.end())
	}
	if err != nil {
		return 0, err
	}
	g.open = max(0, g.open+g.r.IntN(41)-20)
	_, err = space.CasByVersion(ctx, record.Record{Key: g.key(), Value: g.status(), Version: was.Version})
	return about(g.r, 2*time.Second), err
}

// leaseTTL is how long a gateway that died is still announced.
const leaseTTL = 20 * time.Second

func (g *gateway) start(ctx context.Context, space record.Storage) error {
	lease, err := space.Lessor().NewLease(ctx, leaseTTL, true)
	if err != nil {
		return err
	}
	g.lease, g.open = lease, 100+g.r.IntN(400)
	address := fmt.Sprintf("10.8.%d.%d:8443", g.r.IntN(8), 1+g.r.IntN(200))
	own := record.Records{{Key: g.key(), Value: g.status()}, {Key: record.Key(g.name + "/address"), Value: record.Value(address)}}
	for _, r := range own {
		r.Lease = lease.Id()
		if _, err := space.Create(ctx, r); err != nil {
			return errors.Join(err, g.end())
		}
	}
	return nil
}

// end releases the lease, and with it the records. That it is gone already is no error.
func (g *gateway) end() error {
	err := g.lease.Release()
	if err == nil || errors.Is(err, record.ErrWrongLeaseId) {
		g.lease, err = nil, nil
	}
	return err
}

func (g *gateway) status() record.Value {
	return record.Value(fmt.Sprintf(`{"connections":%d,"draining":false,"load":{"cpu":%d,"memory_mb":%d}}`, g.open, 5+g.open/10, 200+g.open))
}

// visitor fills carts that live as long as a lease which nobody prolongs.
func (s *session) visitor(r *rand.Rand) turn {
	return func(ctx context.Context) (time.Duration, error) {
		space, err := s.core.Records(carts)
		if err != nil {
			return 0, err
		}
		lease, err := space.NewLease(ctx, about(r, 10*time.Second), false)
		if err != nil {
			return 0, err
		}
		cart := fmt.Sprintf("cart/%06x", r.IntN(1<<24))
		for i := range 1 + r.IntN(3) {
			item := fmt.Sprintf(`{"product":%d,"quantity":%d,"price":%.2f}`, 1000+r.IntN(300), 1+r.IntN(4), price(r))
			key := record.Key(fmt.Sprintf("%s/%d", cart, i))
			if _, err := space.Create(ctx, record.Record{Key: key, Value: record.Value(item), Lease: lease.Id()}); err != nil {
				return 0, err
			}
		}
		return about(r, 1300*time.Millisecond), nil
	}
}
