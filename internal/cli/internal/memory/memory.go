// Package memory has the garbage collector fit rows that are packed.
package memory

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// Rows are packed, so a collection costs next to nothing however many there are. It may run often then, and the process
// needs little more memory than its rows.
const (
	spareHeap  = 24 << 20 // bytes that are allocated between two collections, about
	minPercent = 10       // of what is in use, where that is very much
	maxPercent = 90

	maxFree  = 16 << 20 // bytes that are kept for later allocations once it is quiet
	quietFor = 2 * time.Second
)

// Tune has the garbage collector run after about spareHeap, however much is in use, and gives back what the first
// pass over the keyspace needed when it is quiet. It looks at the heap after each collection.
var Tune = sync.OnceFunc(func() {
	type canary struct{ _ *int } // unreachable at once: its finalizer runs after each collection
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	quiet := time.AfterFunc(quietFor, giveBack)
	now := 0
	var tune func(*canary)
	tune = func(*canary) {
		metrics.Read(sample)
		live := max(1, sample[0].Value.Uint64())
		percent := int(min(max(100*spareHeap/live, minPercent), maxPercent))
		if change := percent - now; change*change*100 > now*now { // by more than a tenth: each change stops the process for a moment
			now = percent
			debug.SetGCPercent(percent)
		}
		quiet.Reset(quietFor)
		runtime.SetFinalizer(&canary{}, tune)
	}
	tune(nil)
})

// giveBack returns memory to the system, unless it is little.
func giveBack() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/free:bytes"}}
	if metrics.Read(sample); sample[0].Value.Uint64() > maxFree {
		debug.FreeOSMemory()
	}
}
