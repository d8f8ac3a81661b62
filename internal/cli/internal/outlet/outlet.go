package cli

import (
	"context"
	"os"
	"time"
)

// outlet is a standard stream whose writes end with the context: whoever reads the other end of a pipe may have stopped.
type outlet struct {
	ctx context.Context
	f   *os.File
}

// outletGrace is how long a write may still take after the end: what was done is worth a line.
const outletGrace = time.Second

// outletChunk is as much as a pipe takes at once on Linux.
const outletChunk = 64 << 10

// Fd is that of the file, which may be a terminal.
func (o outlet) Fd() uintptr { return o.f.Fd() }

func (o outlet) Write(p []byte) (n int, err error) {
	for len(p) > 0 && err == nil {
		wrote := 0
		wrote, err = o.write(p[:min(len(p), outletChunk)])
		n, p = n+wrote, p[wrote:]
	}
	return n, err
}

func (o outlet) write(p []byte) (int, error) {
	done := make(chan struct{})
	own := append([]byte(nil), p...) // a write that is left behind goes on reading it
	var wrote int
	var failure error
	go func() {
		wrote, failure = o.f.Write(own)
		close(done)
	}()
	select {
	case <-done:
		return wrote, failure
	case <-o.ctx.Done():
	}
	late := time.NewTimer(outletGrace)
	defer late.Stop()
	select {
	case <-done:
		return wrote, failure
	case <-late.C:
		return 0, o.ctx.Err()
	}
}
