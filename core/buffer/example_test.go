package buffer_test

import (
	"context"
	"fmt"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"holdfast/core/buffer"
)

// A batch is safe on the server until its consumer has it elsewhere: a crash anywhere in between is mended by going
// through GetPrepared again.
func Example() {
	ctx := context.Background()
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		panic(err)
	}
	defer server.Close()
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()

	b := buffer.New(client, buffer.Options{})
	for n, id := range []string{"op-1", "op-2", "op-2"} { // the third repeats a call whose reply was lost
		stats, err := b.Push(ctx, "orders", fmt.Appendf(nil, `{"order":%d}`, n), buffer.WithID(id))
		if err != nil {
			panic(err)
		}
		fmt.Println(stats.Count, stats.Bytes, stats.Keys, stats.Repeated)
	}

	at, found, err := b.Prepare(ctx, "orders", "")
	if err != nil || !found {
		panic(err)
	}
	for record, err := range b.Records(ctx, "orders", at) {
		if err != nil {
			panic(err) // never empty what did not come whole
		}
		fmt.Println(string(record))
	}
	if err := b.Empty(ctx, "orders", at); err != nil {
		panic(err)
	}
	// Output:
	// 1 11 [order] false
	// 2 22 [order] false
	// 2 22 [order] true
	// {"order":0}
	// {"order":1}
}
