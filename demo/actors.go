package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"holdfast/core/actorstore"
)

// The actors are sandboxes that agents work in. Each lives its own life: it waits suspended, resumes on a free pod, runs,
// and is suspended or paused again.

const (
	stuckActor    = "notebook-stuck"  // its image never arrives
	oneSidedActor = "browser-crashed" // its scheduler died between the two writes of an assignment
)

func (s *session) castActors() {
	usual, stuck, half := seats()
	for i := range 38 {
		kind := []string{"code-sandbox", "browser", "notebook"}[i%3]
		l := life{s: s, id: fmt.Sprintf("%s-%02d", kind, i), template: kind, seats: usual}
		if i >= 34 {
			l.atespace = []string{"team-blue", "team-green"}[i%2]
		}
		l.r = s.stream(l.name())
		s.before(50*time.Second, l.create)
		rest := time.Duration(l.r.Int64N(int64(30 * time.Second)))
		if i < 9 { // these are resuming, running or about to suspend already
			for range 1 + i%3 {
				s.before(10*time.Second, turn(l.turn).once)
			}
			rest = about(l.r, 3*time.Second)
		}
		s.enter(l.name(), rest, l.turn)
	}

	l := life{s: s, id: stuckActor, template: "notebook", seats: []seat{stuck}, stuck: true, r: s.stream(stuckActor)}
	s.before(50*time.Second, l.create)
	s.before(40*time.Second, turn(l.turn).once)
	s.enter(l.name(), 30*time.Second, l.turn)

	crash := s.crash(half)
	s.before(30*time.Second, crash.once)
	s.enter("scheduler that crashes", time.Minute, crash)
}

// life is that of one actor. It keeps nothing in mind: what the server says decides each turn.
type life struct {
	s            *session
	r            *rand.Rand
	id, atespace string // with an atespace the actor lies in the newer layout
	template     string
	seats        []seat // the pods it may run on
	stuck        bool   // it never gets past resuming
}

// name is that of the actor's key, behind the prefix.
func (l *life) name() string {
	if l.atespace == "" {
		return l.id
	}
	return l.atespace + ":" + l.id
}

func (l *life) create(ctx context.Context) error {
	if l.atespace != "" { // core reads and updates the newer layout, but creates only the documented one
		doc := fmt.Sprintf(`{"actorId":%q,"version":"1","actorTemplateNamespace":"templates","actorTemplateName":%q,`+
			`"status":"STATUS_SUSPENDED","atespace":%q,"egressPolicy":{"allow":["pypi.example"]}}`, l.id, l.template, l.atespace)
		return l.s.core.Conn.SetNX(ctx, l.s.core.Prefixes.Of(actorstore.ActorPrefix)+l.name(), doc, 0).Err()
	}
	return l.s.core.Actors.CreateActor(ctx, &actorstore.Actor{
		ActorId: l.id, ActorTemplateNamespace: "templates", ActorTemplateName: l.template, Status: actorstore.StatusSuspended,
		WorkerSelector: &actorstore.Selector{MatchLabels: map[string]string{"runtime": "gvisor"}},
	})
}

func (l *life) turn(ctx context.Context) (time.Duration, error) {
	a, err := l.s.core.Actors.GetActor(ctx, l.name())
	if errors.Is(err, actorstore.ErrNotFound) {
		return about(l.r, 5*time.Second), l.create(ctx)
	}
	if err != nil {
		return 10 * time.Second, err
	}
	switch {
	case a.Status == actorstore.StatusResuming && l.stuck:
		return 30 * time.Second, nil
	case a.Status == actorstore.StatusResuming:
		return l.become(ctx, a, actorstore.StatusRunning, 5*time.Second)
	case a.Status == actorstore.StatusRunning && l.r.IntN(4) == 0:
		return l.become(ctx, a, actorstore.StatusPausing, time.Second)
	case a.Status == actorstore.StatusRunning:
		a.InProgressSnapshot = l.snapshot()
		return l.become(ctx, a, actorstore.StatusSuspending, 2*time.Second)
	case a.AteomPodName != "":
		return about(l.r, 28*time.Second), l.leave(ctx, a)
	}
	return l.resume(ctx, a)
}

func (l *life) become(ctx context.Context, a *actorstore.Actor, status actorstore.Status, rest time.Duration) (time.Duration, error) {
	a.Status = status
	return about(l.r, rest), l.s.core.Actors.UpdateActor(ctx, a, a.Version)
}

func (l *life) snapshot() string { return fmt.Sprintf("snap-%08x", l.r.Uint32()) }

// resume puts the actor on a free pod, if it finds one.
func (l *life) resume(ctx context.Context, a *actorstore.Actor) (time.Duration, error) {
	for range 3 {
		w, err := l.s.worker(ctx, pick(l.r, l.seats))
		if err != nil || w.ActorId != "" {
			continue
		}
		a.Status = actorstore.StatusResuming
		return about(l.r, 2*time.Second), l.s.core.Actors.Assign(ctx, a, w)
	}
	return about(l.r, 8*time.Second), nil
}

// leave takes the actor off its pod. Where the pod knows nothing of it, it just goes.
func (l *life) leave(ctx context.Context, a *actorstore.Actor) error {
	if a.Status == actorstore.StatusPausing {
		a.Status = actorstore.StatusPaused
		a.LatestSnapshotInfo = &actorstore.SnapshotInfo{
			Type: "SNAPSHOT_TYPE_LOCAL", Local: &actorstore.LocalSnapshot{SnapshotPrefix: l.snapshot()},
		}
	} else {
		a.Status = actorstore.StatusSuspended
		a.LatestSnapshotInfo = &actorstore.SnapshotInfo{
			Type: "SNAPSHOT_TYPE_EXTERNAL", External: &actorstore.ExternalSnapshot{SnapshotUriPrefix: "s3://snapshots/" + l.id + "/" + l.snapshot()},
		}
	}
	a.InProgressSnapshot = ""
	w, err := l.s.core.Actors.GetWorker(ctx, a.AteomPodNamespace, a.WorkerPoolName, a.AteomPodName)
	if err == nil {
		err = l.s.core.Actors.Release(ctx, a, w)
	}
	if errors.Is(err, actorstore.ErrNotFound) || errors.Is(err, actorstore.ErrFailedPrecondition) || errors.Is(err, actorstore.ErrInvalid) {
		a.AteomPodNamespace, a.AteomPodName, a.AteomPodIp, a.AteomPodUid, a.WorkerPoolName = "", "", "", "", ""
		err = l.s.core.Actors.UpdateActor(ctx, a, a.Version)
	}
	return err
}

// crash claims a pod for an actor and goes no further, as an assignment does that dies between its two writes. Once an
// operator has mended that, it happens again.
func (s *session) crash(half seat) turn {
	actor := life{s: s, id: oneSidedActor, template: "browser"}
	return func(ctx context.Context) (time.Duration, error) {
		if err := actor.create(ctx); err != nil && !errors.Is(err, actorstore.ErrAlreadyExists) {
			return 0, err
		}
		w, err := s.worker(ctx, half)
		if err != nil || w.ActorId != "" {
			return time.Minute, err
		}
		w.ActorNamespace, w.ActorTemplate, w.ActorId = "templates", actor.template, actor.id
		return time.Minute, s.core.Actors.UpdateWorker(ctx, w, w.Version)
	}
}
