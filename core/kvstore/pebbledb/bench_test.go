package pebbledb_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/dgraph-io/badger/v4"

	"holdfast/core/kvstore"
	"holdfast/core/kvstore/pebbledb"
	"holdfast/internal/redistest"
)

const benchValue = 128

// bare is what a careful user of Pebble would write without this package: the pair and a log record under a number of
// his own, in one batch, with the same options. His log record holds the same bytes; his numbers are not in the order of
// commits, which is what ours costs. His values carry no expiry.
type bare struct {
	db   *pebble.DB
	next atomic.Uint64
	cas  sync.Mutex
	sync *pebble.WriteOptions
}

func openBare(b *testing.B, noSync bool) *bare {
	o := &pebble.Options{FormatMajorVersion: pebble.FormatNewest, MemTableSize: 8 << 20, CacheSize: 128 << 20, Logger: quiet{}}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	db, err := pebble.Open(b.TempDir(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return &bare{db: db, sync: &pebble.WriteOptions{Sync: !noSync}}
}

type quiet struct{}

func (quiet) Infof(string, ...any)         {}
func (quiet) Errorf(string, ...any)        {}
func (quiet) Fatalf(text string, a ...any) { panic(fmt.Sprintf(text, a...)) }

func (x *bare) put(key, value []byte) error {
	b := x.db.NewBatch()
	defer b.Close()
	_ = b.Set(append([]byte{'d'}, key...), value, nil)
	record := make([]byte, 0, 16+len(key)+len(value))
	record = binary.AppendUvarint(append(record, 1), uint64(len(key)))
	record = binary.AppendUvarint(append(record, key...), uint64(len(value)))
	_ = b.Set(binary.BigEndian.AppendUint64([]byte{'l'}, x.next.Add(1)), append(record, value...), nil)
	return x.db.Apply(b, x.sync)
}

func (x *bare) get(key []byte) ([]byte, error) {
	v, closer, err := x.db.Get(append([]byte{'d'}, key...))
	if err != nil {
		return nil, err
	}
	return bytes.Clone(v), closer.Close()
}

func (x *bare) compareAndSet(key, old, value []byte) error {
	x.cas.Lock()
	defer x.cas.Unlock()
	v, err := x.get(key)
	if err == pebble.ErrNotFound || err == nil && bytes.Equal(v, old) {
		return x.put(key, value)
	}
	return err
}

func openOurs(b *testing.B, noSync bool) *pebbledb.Store {
	s, err := pebbledb.Open(b.TempDir(), pebbledb.Options{NoSync: noSync})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func benchKey(i int) []byte { return fmt.Appendf(nil, "key-%09d", i) }

// bothWays runs a benchmark as writes are acknowledged by default, and with NoSync.
func bothWays(b *testing.B, f func(b *testing.B, noSync bool)) {
	b.Run("sync", func(b *testing.B) { f(b, false) })
	b.Run("nosync", func(b *testing.B) { f(b, true) })
}

func BenchmarkPut(b *testing.B) {
	bothWays(b, func(b *testing.B, noSync bool) {
		x, s, v := openBare(b, noSync), openOurs(b, noSync), make([]byte, benchValue)
		redistest.Compare(b, func(i int) error { return x.put(benchKey(i), v) },
			func(i int) error { return s.Put(&kvstore.KVPair{Key: benchKey(i), Value: v}) })
	})
}

func BenchmarkPutConcurrently(b *testing.B) {
	bothWays(b, func(b *testing.B, noSync bool) {
		const writers, each = 16, 50
		x, s, v := openBare(b, noSync), openOurs(b, noSync), make([]byte, benchValue)
		var n atomic.Int64
		all := func(put func(key []byte) error) error {
			var busy sync.WaitGroup
			for range writers {
				busy.Go(func() {
					for range each {
						if err := put(benchKey(int(n.Add(1)))); err != nil {
							b.Error(err)
						}
					}
				})
			}
			busy.Wait()
			return nil
		}
		redistest.Compare(b, func(int) error { return all(func(k []byte) error { return x.put(k, v) }) },
			func(int) error { return all(func(k []byte) error { return s.Put(&kvstore.KVPair{Key: k, Value: v}) }) })
	})
}

func BenchmarkCompareAndSet(b *testing.B) {
	bothWays(b, func(b *testing.B, noSync bool) {
		x, s := openBare(b, noSync), openOurs(b, noSync)
		key, value := []byte("key"), func(i int) []byte {
			if i < 0 {
				return nil
			}
			return fmt.Appendf(nil, "%0128d", i)
		}
		redistest.Compare(b, func(i int) error { return x.compareAndSet(key, value(i-1), value(i)) }, func(i int) error {
			ok, err := s.CompareAndSet(&kvstore.CompareAndSetRequest{Key: key, OldValue: value(i - 1), NewValue: value(i)})
			if err == nil && !ok {
				err = fmt.Errorf("step %d was not set", i)
			}
			return err
		})
	})
}

// many is how many pairs Iterate walks: 100,000, or HOLDFAST_BENCH_PAIRS.
func many() int {
	if n, err := strconv.Atoi(os.Getenv("HOLDFAST_BENCH_PAIRS")); err == nil {
		return n
	}
	return 100_000
}

func fill(b *testing.B, n int) (*bare, *pebbledb.Store) {
	x, s, v := openBare(b, true), openOurs(b, true), make([]byte, benchValue)
	for i := range n {
		if err := x.put(benchKey(i), v); err != nil {
			b.Fatal(err)
		}
		if err := s.Put(&kvstore.KVPair{Key: benchKey(i), Value: v}); err != nil {
			b.Fatal(err)
		}
	}
	return x, s
}

func BenchmarkGet(b *testing.B) {
	n := many()
	x, s := fill(b, n)
	redistest.Compare(b, func(i int) error {
		_, err := x.get(benchKey(i * 7919 % n))
		return err
	}, func(i int) error {
		pairs, err := s.Get(benchKey(i * 7919 % n))
		if err == nil && len(pairs) != 1 {
			err = fmt.Errorf("pair %d is missing", i)
		}
		return err
	})
}

// Bare: walk, and copy keys and values as whoever keeps them must.
func BenchmarkIterate(b *testing.B) {
	n := many()
	x, s := fill(b, n)
	redistest.Compare(b, func(int) error {
		it, err := x.db.NewIter(&pebble.IterOptions{LowerBound: []byte{'d'}, UpperBound: []byte{'e'}})
		if err != nil {
			return err
		}
		seen := 0
		for it.First(); it.Valid(); it.Next() {
			v, err := it.ValueAndErr()
			if err != nil {
				return err
			}
			kept = &kvstore.KVPair{Key: bytes.Clone(it.Key()[1:]), Value: bytes.Clone(v)}
			seen++
		}
		return counted(seen, n, it.Close())
	}, func(int) error {
		it := s.Iterate(nil)
		seen := 0
		for it.HasNext() {
			kept = it.Next()
			seen++
		}
		return counted(seen, n, it.Close())
	})
}

var kept *kvstore.KVPair // so that no copy is optimised away

func counted(seen, want int, err error) error {
	if err == nil && seen != want {
		err = fmt.Errorf("%d of %d", seen, want)
	}
	return err
}

// Bare: walk the log from a number and take the records apart, as whoever replays them must.
func BenchmarkLoadChanges(b *testing.B) {
	const most = 500
	n := many()
	x, s := fill(b, n)
	from := func(i int) uint64 { return uint64(1 + i*7919%(n-most)) }
	redistest.Compare(b, func(i int) error {
		it, err := x.db.NewIter(&pebble.IterOptions{LowerBound: binary.BigEndian.AppendUint64([]byte{'l'}, from(i)), UpperBound: []byte{'m'}})
		if err != nil {
			return err
		}
		changes := make([]*kvstore.ChangeRecord, 0, most)
		for it.First(); it.Valid() && len(changes) < most; it.Next() {
			v, err := it.ValueAndErr()
			if err != nil {
				return err
			}
			v = bytes.Clone(v)
			size, n := binary.Uvarint(v[1:])
			key := v[1+n:][:size]
			_, m := binary.Uvarint(v[1+n+len(key):])
			changes = append(changes, &kvstore.ChangeRecord{
				ChangeNumber: binary.BigEndian.Uint64(it.Key()[1:]),
				Trxns:        []*kvstore.TrxnRecord{{Type: kvstore.TrxnPut, Key: key, Value: v[1+n+len(key)+m:]}},
			})
		}
		return counted(len(changes), most, it.Close())
	}, func(i int) error {
		changes, err := s.LoadChanges(from(i), most)
		return counted(len(changes), most, err)
	})
}

// Badger does the same Put and Get without a change log, so it writes half as much.
func BenchmarkPutAgainstBadger(b *testing.B) {
	bothWays(b, func(b *testing.B, noSync bool) {
		x, s, v := openBadger(b, !noSync), openOurs(b, noSync), make([]byte, benchValue)
		redistest.Compare(b, func(i int) error {
			return x.Update(func(tx *badger.Txn) error { return tx.Set(benchKey(i), v) })
		}, func(i int) error { return s.Put(&kvstore.KVPair{Key: benchKey(i), Value: v}) })
	})
}

func BenchmarkGetAgainstBadger(b *testing.B) {
	n := many()
	x, s, v := openBadger(b, false), openOurs(b, true), make([]byte, benchValue)
	batch := x.NewWriteBatch()
	for i := range n {
		if err := batch.Set(benchKey(i), v); err != nil {
			b.Fatal(err)
		}
		if err := s.Put(&kvstore.KVPair{Key: benchKey(i), Value: v}); err != nil {
			b.Fatal(err)
		}
	}
	if err := batch.Flush(); err != nil {
		b.Fatal(err)
	}
	redistest.Compare(b, func(i int) error {
		return x.View(func(tx *badger.Txn) error {
			item, err := tx.Get(benchKey(i * 7919 % n))
			if err != nil {
				return err
			}
			_, err = item.ValueCopy(nil)
			return err
		})
	}, func(i int) error {
		_, err := s.Get(benchKey(i * 7919 % n))
		return err
	})
}

func openBadger(b *testing.B, sync bool) *badger.DB {
	db, err := badger.Open(badger.DefaultOptions(b.TempDir()).WithSyncWrites(sync).WithLogger(nil))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db
}
