package conn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

// A page of elements is bounded by its bytes: large ones come in smaller pages, and one that is too large is told.
func TestPagesOfElementsAreBoundedByBytes(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client(t)
	c := open(t, conn.Options{URLs: []string{server.URL()}})
	long := strings.Repeat("x", 1<<20)
	for i := range 60 {
		name := fmt.Sprint(i)
		for _, err := range []error{admin.HSet(ctx, "hash", name, long).Err(), admin.SAdd(ctx, "set", name+long).Err()} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	read := func(scan, key string) (found map[string]bool, err error) {
		found = map[string]bool{}
		for cursor, over := uint64(0), false; !over; over = cursor == 0 {
			var page []string
			if page, cursor, err = conn.Elements(ctx, c, scan, key, cursor, 256); err != nil {
				return found, err
			}
			bytes := 0
			for _, one := range page {
				found[one], bytes = true, bytes+len(one)
			}
			if bytes > 16<<20 {
				t.Errorf("a page of %s has %d bytes", key, bytes)
			}
		}
		return found, nil
	}
	if found, err := read("sscan", "set"); len(found) != 60 || err != nil {
		t.Errorf("%d of 60 members, %v", len(found), err)
	}
	if found, err := read("hscan", "hash"); len(found) != 61 || err != nil {
		t.Errorf("%d of 60 fields and their value, %v", len(found), err)
	}
	if err := admin.HSet(ctx, "hash", "huge", strings.Repeat("x", 40<<20)).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := read("hscan", "hash"); !errors.Is(err, conn.ErrTooLarge) || conn.Unreachable(err) {
		t.Errorf("a huge value: %v", err)
	}
	if got, err := c.HLen(ctx, "hash").Result(); got != 61 || err != nil {
		t.Errorf("afterwards: %d, %v", got, err)
	}
}
