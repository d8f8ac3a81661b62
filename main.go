// Holdfast is a terminal dashboard for the coordination state that services keep in Redis.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"holdfast/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := cli.Run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
