// Package outlet is a standard stream whose reader may have stopped.
package outlet

import (
	"context"
	"os"
	"time"
)

// Outlet is a standard stream whose writes end with the context: whoever reads the other end of a pipe may have stopped.
type Outlet struct {
	ctx context.Context
	f   *os.File
}

// New writes to a file.
func New(ctx context.Context, f *os.File) Outlet { return Outlet{ctx, f} }

// grace is how long a write may still take after the end: what was done is worth a line.
const grace = time.Second

// chunk is as much as a pipe takes at once on Linux.
const chunk = 64 << 10

// Fd is that of the file, which may be a terminal.
func (o Outlet) Fd() uintptr { return o.f.Fd() }

func (o Outlet) Write(p []byte) (n int, err error) {
	for len(p) > 0 && err == nil {
		wrote := 0
		wrote, err = o.write(p[:min(len(p), chunk)])
		n, p = n+wrote, p[wrote:]
	}
	return n, err
}

func (o Outlet) write(p []byte) (int, error) {
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
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case <-done:
		return wrote, failure
	case <-late.C:
		return 0, o.ctx.Err()
	}
}
