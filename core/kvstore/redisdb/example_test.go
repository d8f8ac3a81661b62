package redisdb_test

import (
	"fmt"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/internal/redistest"
)

// Every change has a number, without gaps. A reader that remembers the last one it has seen misses nothing.
func Example() {
	client, err := conn.Open(conn.Options{URLs: []string{redistest.URL()}})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	db, err := redisdb.Open(client, "flags", redisdb.Options{})
	if err != nil {
		panic(err)
	}
	defer db.Close()

	if err := db.Put(&kvstore.KVPair{Key: []byte("new-cart"), Value: []byte("on")}); err != nil {
		panic(err)
	}
	swapped, err := db.CompareAndSet(&kvstore.CompareAndSetRequest{Key: []byte("new-cart"), OldValue: []byte("on"), NewValue: []byte("off")})
	if err != nil {
		panic(err)
	}
	fmt.Println("swapped:", swapped)
	changes, err := db.LoadChanges(1, 100)
	if err != nil {
		panic(err)
	}
	for _, c := range changes {
		fmt.Println(c.ChangeNumber, string(c.Trxns[0].Key), string(c.Trxns[0].Value))
	}
	// Output:
	// swapped: true
	// 1 new-cart on
	// 2 new-cart off
}
