package cli

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// Rows are packed, so a collection costs next to nothing however many there are. It may run often then, and the process
// needs little more memory than its rows.
const (
	spareHeap  = 24 << 20 // bytes that are allocated between two collections, about
	minPercent = 10       // of what is in use, where that is very much
	maxPercent = 90
)

// tuneCollector has the garbage collector run after about spareHeap, however much is in use. What is in use is looked at
// after each collection.
var tuneCollector = sync.OnceFunc(func() {
	type canary struct{ _ *int } // unreachable at once: its finalizer runs after each collection
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
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
		runtime.SetFinalizer(&canary{}, tune)
	}
	tune(nil)
})
