package genstore_test

import (
	"context"
	"fmt"
	"time"

	"holdfast/core/conn"
	"holdfast/core/genstore"
	"holdfast/internal/redistest"
)

// A cache stores the generation beside each entry. Whoever changes the data bumps it, and entries with an older generation are
// stale for everybody.
func Example() {
	ctx := context.Background()
	client, err := conn.Open(conn.Options{URLs: []string{redistest.URL()}})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	gens := genstore.NewRedisGenStoreWithTTL(client, "user", 24*time.Hour)
	cached, err := gens.Snapshot(ctx, "single:user:42")
	if err != nil {
		panic(err)
	}
	if _, err := gens.Bump(ctx, "single:user:42"); err != nil { // another process has changed user 42
		panic(err)
	}
	now, err := gens.SnapshotMany(ctx, []string{"single:user:42", "single:user:43"})
	if err != nil {
		panic(err)
	}
	fmt.Println("user 42 is stale:", now["single:user:42"] != cached)
	fmt.Println("user 43 is stale:", now["single:user:43"] != cached)
	// Output:
	// user 42 is stale: true
	// user 43 is stale: false
}
