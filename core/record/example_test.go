package record_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/core/conn"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

// The leader's record depends on a lease, so it disappears when its process dies. Its version makes sure that nobody overwrites
// what they have not seen.
func Example() {
	ctx := context.Background()
	client, err := conn.Open(conn.Options{URLs: []string{redistest.URL()}})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	space, err := record.New(client, "cfg", record.Options{})
	if err != nil {
		panic(err)
	}
	defer space.Close()

	lease, err := space.Lessor().NewLease(ctx, 30*time.Second, true) // renewed until it is released
	if err != nil {
		panic(err)
	}
	first, err := space.Create(ctx, record.Record{Key: "leader", Value: record.Value("host-4"), Lease: lease.Id()})
	if err != nil {
		panic(err)
	}
	if _, err := space.CasByVersion(ctx, record.Record{Key: "leader", Value: record.Value("host-4:7000"), Version: first}); err != nil {
		panic(err)
	}
	_, err = space.CasByVersion(ctx, record.Record{Key: "leader", Value: record.Value("host-9"), Version: first})
	fmt.Println("a late write is refused:", errors.Is(err, record.ErrWrongVersion))

	if err := lease.Release(); err != nil {
		panic(err)
	}
	_, err = space.Get(ctx, "leader")
	fmt.Println("the record went with its lease:", errors.Is(err, record.ErrNotFound))
	// Output:
	// a late write is refused: true
	// the record went with its lease: true
}
