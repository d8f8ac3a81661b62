package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/core/actorstore"
)

// seat is a pod that runs at most one actor.
type seat struct {
	namespace, pool, pod, ip, node string
}

// seats are all pods. Two of them are kept for what an operator is to find: the first of the gpu pool for an actor that
// is stuck, the last for a half assignment.
func seats() (usual []seat, stuck, half seat) {
	pool := func(namespace, pool string, n, net int) (out []seat) {
		for i := range n {
			out = append(out, seat{namespace, pool, fmt.Sprintf("%s-%d", pool, i), fmt.Sprintf("10.42.%d.%d", net, 10+i), fmt.Sprintf("node-%d-%d", net, i/2)})
		}
		return out
	}
	gpu := pool("agents-eu", "gpu", 3, 9)
	usual = append(pool("agents-eu", "standard", 5, 7), gpu[1])
	return append(usual, pool("agents-us", "standard", 4, 21)...), gpu[0], gpu[2]
}

func (s *session) castWorkers() {
	usual, stuck, half := seats()
	all := append(usual, stuck, half)
	s.before(time.Minute, func(ctx context.Context) error {
		for _, w := range all {
			if err := s.create(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
	next := 0
	s.enter("keeper of the pods", time.Second, func(ctx context.Context) (time.Duration, error) {
		w := all[next]
		next = (next + 1) % len(all)
		_, err := s.worker(ctx, w)
		if errors.Is(err, actorstore.ErrNotFound) {
			err = s.create(ctx, w)
		}
		return 500 * time.Millisecond, err
	})
	s.enter("reconciler", 10*time.Second, s.reconciler(half))
}

func (s *session) create(ctx context.Context, w seat) error {
	return s.core.Actors.CreateWorker(ctx, &actorstore.Worker{
		WorkerNamespace: w.namespace, WorkerPool: w.pool, WorkerPod: w.pod, Ip: w.ip, NodeName: w.node, WorkerPodUid: "uid-" + w.namespace + "-" + w.pod,
	})
}

func (s *session) worker(ctx context.Context, w seat) (*actorstore.Worker, error) {
	return s.core.Actors.GetWorker(ctx, w.namespace, w.pool, w.pod)
}

// reconciler mends what stays a half assignment between two of its rounds, except that of the pod which is to show one.
func (s *session) reconciler(except seat) turn {
	spare := except.namespace + ":" + except.pool + ":" + except.pod
	seen := map[actorstore.Half]bool{}
	return func(ctx context.Context) (time.Duration, error) {
		halves, err := s.core.Actors.Halves(ctx)
		if _, bad := errors.AsType[actorstore.BadRecords](err); bad {
			err = nil // those of strangers
		}
		before := seen
		seen = map[actorstore.Half]bool{}
		for _, h := range halves {
			if h.Worker == spare {
				continue
			}
			if before[h] {
				err = errors.Join(err, s.core.Actors.Mend(ctx, h))
			}
			seen[h] = true
		}
		return 10 * time.Second, err
	}
}
