//go:build linux

// Bench measures the dashboard from outside, as docs/bench.sh starts it: the real binary in a real pseudo-terminal, on a
// Redis server of its own. Nothing of holdfast's is called to measure it; core only makes state for it to show.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
)

type options struct {
	work    string
	idle    time.Duration
	load    time.Duration
	presses int
	sizes   []int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(ctx, o, os.Stdout)
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted") // what it broke says less
	}
	if errors.Is(err, flag.ErrHelp) {
		err = nil
	}
	if err := errors.Join(err, os.RemoveAll(o.work)); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.work, "work", "", "folder with the binary holdfast, `DIR`, which is removed at the end; docs/bench.sh sets it")
	f.DurationVar(&o.idle, "idle", 30*time.Second, "how long to watch it idle")
	f.DurationVar(&o.load, "load", 30*time.Second, "how long to write to the server")
	f.IntVar(&o.presses, "presses", 200, "how many keys to press, and how many rows to change")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	for _, arg := range f.Args() {
		n, err := strconv.Atoi(arg)
		if err != nil || n < minRows || n > maxRows {
			return o, fmt.Errorf("%q: expected a number of rows from %d to %d", arg, minRows, maxRows)
		}
		o.sizes = append(o.sizes, n)
	}
	if o.sizes == nil {
		o.sizes = []int{10_000, 100_000, 1_000_000}
	}
	if o.work == "" || o.presses < 1 {
		return o, errors.New("-work and at least one press are needed; start docs/bench.sh")
	}
	return o, nil
}

func run(ctx context.Context, o options, out io.Writer) error {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return errors.New("redis-server is not installed or not in PATH; the measurement needs one")
	}
	var sizes []string
	var all []report
	for _, n := range o.sizes {
		r, err := measure(ctx, o, n)
		if err != nil {
			return fmt.Errorf("%d rows: %w", n, err)
		}
		sizes, all = append(sizes, humanize.Comma(int64(n))+" rows"), append(all, r)
		fmt.Fprintf(out, "%s\n", table(sizes[len(sizes)-1:], all[len(all)-1:]))
	}
	if len(all) > 1 {
		fmt.Fprint(out, table(sizes, all))
	}
	return nil
}
