package live

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// scanner walks the keyspace of every master at once in small steps, pass after pass.
type scanner struct {
	client redis.UniversalClient
	match  string
	pass   uint32           // number of the pass that is walked, from 1
	nodes  []*nodeWalk      // still to walk in this pass
	all    int              // masters there were when it began
	avoid  map[string]error // masters that it leaves out
}

// nodeWalk is how far one master has been walked.
type nodeWalk struct {
	*conn.Walk
	keys []string // of the last page
	err  error
}

// page is what one step found. last tells that it ended a pass; the next step begins a new one.
type page struct {
	keys []string
	down map[string]error // masters that did not, or were left out: the pass goes on without them
	all  int              // masters there are, on the first page of a pass; else 0
	took time.Duration
	last bool
	err  error
}

// restart gives up the pass that is walked.
func (s *scanner) restart() { s.nodes = nil }

// begins tells that the next step begins a pass.
func (s *scanner) begins() bool { return len(s.nodes) == 0 }

// ahead takes a step while the caller does something else, but no other step.
func (s *scanner) ahead(ctx context.Context, count int64) <-chan page {
	c := make(chan page, 1)
	go func() { c <- s.step(ctx, count) }()
	return c
}

// step fetches one page of keys from each master, of those that there are when a pass begins. A pass in which no master
// answers ends there, because what it missed nobody knows: the next step starts over.
func (s *scanner) step(ctx context.Context, count int64) (p page) {
	if s.begins() {
		s.pass++
		nodes, err := conn.Masters(ctx, s.client)
		if err != nil {
			return page{err: err}
		}
		if len(nodes) == 0 { // an empty pass would take every row for deleted
			return page{err: fmt.Errorf("%w: the cluster has no master", conn.ErrUnreachable)}
		}
		for _, n := range nodes {
			if err := s.avoid[conn.NodeAddr(n)]; err != nil {
				p.missed(conn.NodeAddr(n), err)
				continue
			}
			s.nodes = append(s.nodes, &nodeWalk{Walk: conn.NewWalk(n, s.match, count)})
		}
		s.all, p.all = len(nodes), len(nodes)
		if s.begins() { // all are left out
			return p
		}
	}
	start := time.Now()
	var wait sync.WaitGroup
	for _, n := range s.nodes[1:] {
		wait.Go(func() { n.step(ctx) })
	}
	s.nodes[0].step(ctx)
	wait.Wait()
	p.took = time.Since(start)
	for _, n := range s.nodes {
		switch {
		case n.err == nil:
			p.keys = append(p.keys, n.keys...)
		case s.all == 1 || ctx.Err() != nil:
			s.restart()
			return page{err: n.err}
		default:
			p.missed(conn.NodeAddr(n.Node), n.err)
		}
	}
	s.nodes = slices.DeleteFunc(s.nodes, func(n *nodeWalk) bool { return n.err != nil || n.Done() })
	p.last = s.begins()
	return p
}

func (p *page) missed(addr string, err error) {
	if p.down == nil {
		p.down = map[string]error{}
	}
	p.down[addr] = err
}

func (n *nodeWalk) step(ctx context.Context) { n.keys, n.err = n.Next(ctx) }
