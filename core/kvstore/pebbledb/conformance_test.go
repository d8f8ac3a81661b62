package pebbledb_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/internal/kvtest"
	"holdfast/core/kvstore/pebbledb"
)

// clock stands still until it is moved.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(1_800_000_000)
	return c
}

func (c *clock) now() time.Time          { return time.Unix(c.at.Load(), 0) }
func (c *clock) seconds() uint64         { return uint64(c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d / time.Second)) }

// place remembers where a store is, to open it again.
type place struct {
	dir  string
	opts pebbledb.Options
}

// harness keeps each database in a folder, or a memory, of its own.
func harness(memory bool) kvtest.Harness {
	c := newClock()
	places := map[string]place{}
	open := func(t testing.TB, p place) *pebbledb.Store {
		s, err := pebbledb.Open(p.dir, p.opts)
		if err != nil {
			t.Fatal(err)
		}
		places[s.Dir()] = p
		return s
	}
	var n int
	return kvtest.Harness{
		Open: func(t testing.TB, keep int) kvstore.Engine {
			n++
			p := place{opts: pebbledb.Options{KeepChanges: uint64(keep), Clock: c.seconds}}
			if memory {
				p.dir, p.opts.FS = filepath.Join("memory", t.Name(), string(rune('a'+n%26)), time.Duration(n).String()), vfs.NewMem()
			} else {
				p.dir = filepath.Join(t.TempDir(), "db")
			}
			return open(t, p)
		},
		Reopen: func(t testing.TB, e kvstore.Engine) kvstore.Engine {
			s := e.(*pebbledb.Store)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, places[s.Dir()])
		},
		Now:     c.now,
		Advance: c.advance,
	}
}

func TestOnDisk(t *testing.T)   { kvtest.Run(t, harness(false)) }
func TestInMemory(t *testing.T) { kvtest.Run(t, harness(true)) }
