package buffer_test

import (
	"context"
	"fmt"

	"holdfast/core/buffer"
	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// A batch stays on the server until its consumer has stored it elsewhere. After a crash anywhere in between the consumer
// asks GetPrepared for the batches that are left, and goes on with them.
func Example() {
	ctx := context.Background()
	client, err := conn.Open(conn.Options{URLs: []string{redistest.URL()}})
	if err != nil {
		panic(err)
	}
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
			panic(err) // never empty a batch that did not come whole
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
