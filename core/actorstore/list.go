package actorstore

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"

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
		var pageBad BadRecords
		pageGood, err := readEach(ctx, c, whole, prefix, keys, decode, func(key string, err error) *T {
			pageBad = append(pageBad, conn.Fail(op, key, err))
			return nil
		})
		return func() {
			good = append(good, pageGood...)
			bad = append(bad, pageBad...)
		}, err
	})
	if err != nil {
		return nil, conn.Fail(op, "", err)
	}
	return good, bad.orNil()
}

// fetcher reads the documents of keys, in their order.
type fetcher func(ctx context.Context, c redis.UniversalClient, keys []string) ([]conn.Head, error)

// whole is a fetcher of documents of any size; conn.Heads is one that reads no large one.
func whole(ctx context.Context, c redis.UniversalClient, keys []string) ([]conn.Head, error) {
	cmds := make([]*redis.StringCmd, len(keys))
	err := conn.Pipeline(ctx, c, func(p redis.Pipeliner) {
		for i, key := range keys {
			cmds[i] = p.Get(ctx, key)
		}
	})
	if err != nil {
		return nil, err
	}
	out := make([]conn.Head, len(keys))
	for i, cmd := range cmds {
		doc, err := cmd.Result() // a string already: of a million documents none is copied
		out[i].Text, out[i].Found = doc, err == nil
		if err != redis.Nil {
			out[i].Err = err
		}
	}
	return out, nil
}

// readEach reads the documents of keys in one pipeline and decodes them by their names behind the prefix. bad may stand
// in for one that cannot be read; nil leaves it out, as missing ones are.
func readEach[T any](ctx context.Context, c redis.UniversalClient, fetch fetcher, prefix string, keys []string,
	decode func(name, doc string) (*T, error), bad func(key string, err error) *T) ([]*T, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	docs, err := fetch(ctx, c, keys)
	if err != nil {
		return nil, err
	}
	out := make([]*T, 0, len(keys))
	for i, doc := range docs {
		if !doc.Found && doc.Err == nil {
			continue
		}
		var one *T
		err := asRecord(doc.Err)
		if err == nil {
			one, err = decode(keys[i][len(prefix):], doc.Text)
		}
		if err != nil {
			one = bad(keys[i], err)
		}
		if one != nil {
			out = append(out, one)
		}
	}
	return out, nil
}
