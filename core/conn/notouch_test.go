package conn_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"holdfast/core/conn"
	"holdfast/core/redistest"
)

// A server that can is told that reads of this connection are no use of the keys; one that cannot refuses, and is used
// all the same.
func TestReadsAreNoUse(t *testing.T) {
	ctx := context.Background()
	admin := redistest.Start(t).Client(t)
	open := func(o conn.Options) (flags string, refused int) {
		o.URLs = []string{"redis://" + admin.Options().Addr}
		if err := admin.ConfigResetStat(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		c, err := conn.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Set(ctx, "k", "v", 0).Err(); err != nil {
			t.Fatal(err)
		}
		info, err := c.Do(ctx, "CLIENT", "INFO").Text()
		if err != nil {
			t.Fatal(err)
		}
		_, flags, _ = strings.Cut(info, " flags=")
		flags, _, _ = strings.Cut(flags, " ")
		_, count, _ := strings.Cut(admin.Info(ctx, "errorstats").Val(), "errorstat_ERR:count=")
		_, _ = fmt.Sscan(count, &refused) // nothing to read: none
		return flags, refused
	}
	usual, others := open(conn.Options{}) // the client library asks for more than old servers have
	flags, refused := open(conn.Options{NoTouch: true})
	if strings.Contains(usual, "T") || !strings.Contains(flags, "T") && refused != others+1 {
		t.Errorf("flags %s and %d refused, unasked %s and %d", flags, refused, usual, others)
	}
}
