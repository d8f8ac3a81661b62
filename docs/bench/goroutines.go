//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"holdfast/docs/rig"
)

// dashboard starts one on the server. What it writes to the standard error goes to a file of that name.
func (b *bench) dashboard(errors string) (x terminal, err error) {
	x.Terminal, err = rig.Start(wide, high, b.o.work, []string{"ERRORS=" + filepath.Join(b.o.work, errors)},
		"/bin/sh", "-c", `exec "$0" "$@" 2>"$ERRORS"`, filepath.Join(b.o.work, "holdfast"), "--url", b.URL, "--view", "actors")
	return x, err
}

// live waits until a dashboard has read everything, and tells when it had.
func (x terminal) live(ctx context.Context) (time.Time, error) {
	return x.Until(ctx, "the end of reading", func() bool {
		return strings.Contains(x.Line(0), "LIVE (pushed)") && !strings.Contains(x.Line(statusRow), "still reading")
	})
}

// compared tells the goroutines of the dashboard after all that it went through, and of one that has just read the same.
func (b *bench) compared(ctx context.Context) error {
	worn, err := b.goroutines(ctx, b.terminal, "worn")
	if err != nil {
		return err
	}
	x, err := b.dashboard("fresh")
	if err != nil {
		return err
	}
	defer x.Close()
	if _, err := x.live(ctx); err != nil {
		return err
	}
	fresh, err := b.goroutines(ctx, x, "fresh")
	if err != nil {
		return err
	}
	b.add("goroutines after all this, and of one just started", "%d, %d", worn, fresh)
	return nil
}

// goroutines ends a dashboard and counts what ran in it.
func (b *bench) goroutines(ctx context.Context, x terminal, errors string) (int, error) {
	if err := x.Cmd.Process.Signal(syscall.SIGQUIT); err != nil { // has the runtime print every goroutine
		return 0, err
	}
	select {
	case <-x.Ended:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	text, err := os.ReadFile(filepath.Join(b.o.work, errors))
	if err != nil {
		return 0, err
	}
	n := countGoroutines(string(text))
	if n == 0 {
		return 0, fmt.Errorf("no goroutine in what holdfast printed as it ended:\n%s", text)
	}
	return n, nil
}

// countGoroutines counts those of the program in a dump of the runtime.
func countGoroutines(dump string) (n int) {
	for part := range strings.SplitSeq(dump, "\n\n") {
		if strings.HasPrefix(part, "goroutine ") && !strings.HasPrefix(part, "goroutine 0 ") && !strings.Contains(part, "created by runtime.") {
			n++
		}
	}
	return n
}
