package cli

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

	maxFree   = 32 << 20 // bytes that are kept for later allocations before they go back to the system
	freeAgain = 5 * time.Second
)

// tuneCollector has the garbage collector run after about spareHeap, however much is in use, and gives back what the first
// pass over the keyspace needed. It looks at the heap after each collection.
var tuneCollector = sync.OnceFunc(func() {
	type canary struct{ _ *int } // unreachable at once: its finalizer runs after each collection
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	now, freed := 0, time.Now()
	var tune func(*canary)
	tune = func(*canary) {
		metrics.Read(sample)
		live, free := max(1, sample[0].Value.Uint64()), sample[1].Value.Uint64()
		percent := int(min(max(100*spareHeap/live, minPercent), maxPercent))
		if change := percent - now; change*change*100 > now*now { // by more than a tenth: each change stops the process for a moment
			now = percent
			debug.SetGCPercent(percent)
		}
		if free > maxFree && time.Since(freed) > freeAgain {
			freed = time.Now()
			go debug.FreeOSMemory() // a collection, too
		}
		runtime.SetFinalizer(&canary{}, tune)
	}
	tune(nil)
})
