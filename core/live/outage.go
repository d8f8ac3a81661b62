package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// Of a cluster some masters may not answer while the others do. Their rows stay as they are; what the others hold is read.

// outages are the masters that do not answer, by address; the empty one stands for slots that no master serves.
type outages struct {
	client *conn.Conn
	of     map[string]error
	all    int       // masters there were when the last pass began
	tried  time.Time // when all of them were asked last
	gaps   uint64    // of push by then
}

// avoid are the masters that a pass which begins now leaves out: each try may take until a timeout, so those that are down
// are asked once in a while, and when a connection comes or goes.
func (o *outages) avoid(now time.Time, gaps uint64) map[string]error {
	if gaps == o.gaps && now.Sub(o.tried) < maxRetry {
		return maps.Clone(o.of)
	}
	o.tried, o.gaps = now, gaps
	return nil
}

// met takes in how the masters answered as a pass began; what was known of others is past.
func (o *outages) met(all int) { o.of, o.all = nil, all }

// note takes a master for down. It is false where none is left that could answer.
func (o *outages) note(addr string, err error) bool {
	if o.of == nil {
		o.of = map[string]error{}
	}
	o.of[addr] = err
	up := o.all
	for addr := range o.of {
		if addr != "" {
			up--
		}
	}
	return up > 0
}

// list is what a snapshot shows of them.
func (o *outages) list() []Down {
	var down []Down
	for _, addr := range slices.Sorted(maps.Keys(o.of)) {
		down = append(down, Down{addr, o.of[addr]})
	}
	return down
}

// err is why not all rows could be read; nil if every master answers.
func (o *outages) err() error {
	var all []error
	for _, d := range o.list() {
		if d.Addr == "" {
			all = append(all, d.Err)
			continue
		}
		all = append(all, fmt.Errorf("master %s does not answer: %w", d.Addr, d.Err))
	}
	return errors.Join(all...)
}

// byMaster sorts rows by the master that holds them.
func (o *outages) byMaster(ctx context.Context, f feed, ids []string) map[string][]string {
	of := map[string][]string{}
	for _, id := range ids {
		addr := conn.OwnerAddr(ctx, o.client, f.Source.Keys(id)[0])
		of[addr] = append(of[addr], id)
	}
	return of
}

// unreadable are rows that could not be read, by the master that holds them.
type unreadable map[string]outage

type outage struct {
	ids []string
	err error
}

// read reads a batch. Where a master of a cluster does not answer, what the others hold is read all the same.
func (o *outages) read(ctx context.Context, f feed, batch []string, down map[string]error) (rows []kind.Row, out unreadable, err error) {
	if len(down) == 0 {
		rows, err := f.readInTime(ctx, batch)
		if err == nil || ctx.Err() != nil || o.client.Mode != conn.Cluster || !conn.NoAnswer(err) {
			return rows, nil, err
		}
	}
	out = unreadable{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	for addr, ids := range o.byMaster(ctx, f, batch) {
		if err := down[addr]; err != nil {
			out[addr] = outage{ids, err}
			continue
		}
		wait.Go(func() {
			found, failed := f.readInTime(ctx, ids)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case failed == nil:
				rows = append(rows, found...)
			case ctx.Err() == nil && conn.NoAnswer(failed):
				out[addr] = outage{ids, failed}
			default:
				err = failed
			}
		})
	}
	wait.Wait()
	return rows, out, err
}

// roster is which masters there are, and who those are that told.
type roster map[string]*conn.Identity // by address; nil: it did not tell

// meet asks every master who it is, while a pass goes on.
func (m *Model) meet(ctx context.Context) {
	met := make(chan roster, 1)
	m.met = met
	go func() {
		all := roster{}
		defer func() { met <- all }()
		ctx, cancel := context.WithTimeout(ctx, meetWait)
		defer cancel()
		nodes, err := conn.Masters(ctx, m.conn)
		if err != nil {
			return
		}
		var mu sync.Mutex
		var wait sync.WaitGroup
		for _, n := range nodes {
			wait.Go(func() {
				id, err := conn.Identify(ctx, n)
				mu.Lock()
				defer mu.Unlock()
				if all[conn.NodeAddr(n)] = nil; err == nil {
					all[conn.NodeAddr(n)] = &id
				}
			})
		}
		wait.Wait()
	}()
}

// meetWait is how long a pass may wait at its end for a master that does not say who it is.
const meetWait = time.Second
