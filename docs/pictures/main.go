//go:build linux

// Pictures takes the pictures of the README and writes the tour, as docs/pictures.sh starts it: it presses keys in the
// real binary and keeps what the screen then shows, so that no picture says what the program does not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// studio is where things lie.
type studio struct {
	work string // the binary, the editors, and what the dashboard writes
	out  string // docs
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	var s studio
	flag.StringVar(&s.work, "work", "", "folder with the binary holdfast; docs/pictures.sh sets it")
	flag.StringVar(&s.out, "out", "", "folder for tour.md and pictures/; docs/pictures.sh sets it")
	flag.Parse()
	if err := s.run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "pictures: %v\n", err)
		os.Exit(1)
	}
}

func (s studio) run(ctx context.Context) error {
	if s.work == "" || s.out == "" {
		return errors.New("-work and -out are needed; start docs/pictures.sh")
	}
	if err := s.demo(ctx); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := s.conflict(ctx); err != nil {
		return fmt.Errorf("conflict: %w", err)
	}
	if err := s.tour(ctx); err != nil {
		return fmt.Errorf("tour: %w", err)
	}
	return nil
}

func (s studio) binary() string { return filepath.Join(s.work, "holdfast") }

// editor makes an editor that does what a script says to the file "$1".
func (s studio) editor(name, script string) (environ string, err error) {
	path := filepath.Join(s.work, name)
	return "EDITOR=" + path, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700)
}
