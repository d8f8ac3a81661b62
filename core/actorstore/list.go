package actorstore

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"

	"holdfast/core/actorstore/internal/sentinel"
	"holdfast/core/conn"
)

const (
	page     = 1000 // how many keys a SCAN asks for, and about how many GETs share a round trip
	inFlight = 3    // pages read at a time, so that the server works while we decode
)

// eachPage scans the keys under a prefix and hands them to read, page by page and several at a time. The functions that
// read returns are called one at a time, to collect.
func eachPage(ctx context.Context, c redis.UniversalClient, prefix string, read func(keys []string) (collect func(), err error)) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error // of the first page that could not be read; guarded by mu
	slots := make(chan struct{}, inFlight)
	err := conn.Scan(ctx, c, conn.EscapeGlob(prefix)+"*", page, func(keys []string) error {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			collect, err := read(keys)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				collect()
			} else if failed == nil {
				failed = err
			}
		})
		mu.Lock()
		defer mu.Unlock()
		return failed
	})
	wg.Wait()
	if failed != nil {
		return failed
	}
	return err
}

// list reads the documents under a prefix. A key deleted between SCAN and GET is skipped.
func list[T any](ctx context.Context, c redis.UniversalClient, op, prefix string, decode func(name, doc string) (*T, error)) ([]*T, error) {
	var good []*T
	var bad BadRecords
	err := eachPage(ctx, c, prefix, func(keys []string) (func(), error) {
		cmds := make([]*redis.StringCmd, len(keys))
		err := conn.Pipeline(ctx, c, func(p redis.Pipeliner) {
			for i, key := range keys {
				cmds[i] = p.Get(ctx, key)
			}
		})
		if err != nil {
			return nil, err
		}
		pageGood := make([]*T, 0, len(keys))
		var pageBad BadRecords
		for i, cmd := range cmds {
			doc, err := cmd.Result() // a string already: of a million documents none is copied
			if err == redis.Nil {
				continue
			}
			var one *T
			if err = sentinel.AsRecord(err); err == nil {
				one, err = decode(keys[i][len(prefix):], doc)
			}
			if err != nil {
				pageBad = append(pageBad, conn.Fail(op, keys[i], err))
				continue
			}
			pageGood = append(pageGood, one)
		}
		return func() {
			good = append(good, pageGood...)
			bad = append(bad, pageBad...)
		}, nil
	})
	if err != nil {
		return nil, conn.Fail(op, "", err)
	}
	return good, bad.orNil()
}
