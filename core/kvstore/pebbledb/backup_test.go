package pebbledb_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/core/kvstore"
)

// BenchmarkBackupUnderWrites backs up a database while 5,000 pairs a second are written, checks that the backup is
// exactly the state at its change number, and reports the most memory that the process held meanwhile:
//
//	HOLDFAST_BENCH_PAIRS=1000000 go test -run xxx -bench BackupUnderWrites -benchtime 1x ./core/kvstore/pebbledb
func BenchmarkBackupUnderWrites(b *testing.B) {
	n := many()
	s := openOurs(b, true)
	value := func(i, round int) []byte { return fmt.Appendf(nil, "%0120d", i*1000+round) }
	for i := range n {
		if err := s.Put(&kvstore.KVPair{Key: benchKey(i), Value: value(i, 0)}); err != nil {
			b.Fatal(err)
		}
	}
	for round := range b.N {
		path := filepath.Join(b.TempDir(), "backup")
		stop := make(chan struct{})
		var busy sync.WaitGroup
		written := 0
		busy.Go(func() {
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for start := time.Now(); ; {
				select {
				case <-stop:
					return
				case <-tick.C:
				}
				for due := int(5000 * time.Since(start).Seconds()); written < due; {
					written++
					i := written * 7919 % n
					if err := s.Put(&kvstore.KVPair{Key: benchKey(i), Value: value(i, round+1)}); err != nil {
						b.Error(err)
						return
					}
				}
			}
		})
		forgetPeak(b)
		start := time.Now()
		if err := s.BackupTo(path); err != nil {
			b.Fatal(err)
		}
		took, peak := time.Since(start), peakMemory(b)
		close(stop)
		busy.Wait()
		b.ReportMetric(took.Seconds(), "s/backup")
		b.ReportMetric(float64(written)/took.Seconds(), "writes/s")
		b.ReportMetric(peak, "MB-peak")

		v, err := kvstore.OpenSnapshotFile(path)
		if err != nil {
			b.Fatal(err)
		}
		want := map[string]string{}
		for from := uint64(1); from <= v.Change; {
			changes, err := s.LoadChanges(from, int(min(10_000, v.Change-from+1)))
			if err != nil {
				b.Fatal(err)
			}
			for _, c := range changes {
				for _, t := range c.Trxns {
					want[string(t.Key)] = string(t.Value)
				}
			}
			from += uint64(len(changes))
		}
		for {
			p, err := v.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			if want[string(p.Key)] != string(p.Value) {
				b.Fatalf("%q is not what it was at change %d", p.Key, v.Change)
			}
			delete(want, string(p.Key))
		}
		if len(want) != 0 {
			b.Fatalf("%d pairs are not in the backup", len(want))
		}
		if err := v.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// forgetPeak makes the kernel begin anew with the most memory the process held.
func forgetPeak(b *testing.B) {
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); errors.Is(err, os.ErrNotExist) {
		b.Skip("this system does not tell how much memory a process holds")
	}
}

// peakMemory is the most resident memory since, in MB: Go's heap and Pebble's own.
func peakMemory(b *testing.B) (mb float64) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			if _, err := fmt.Sscan(rest, &mb); err != nil {
				b.Fatal(err)
			}
		}
	}
	return mb / 1024
}
