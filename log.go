package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/tui"
)

// redirectLog keeps the messages of the connection library off the screen: into a file, or nowhere.
func redirectLog(path string) error {
	l := &fileLog{}
	if path != "" {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("--log-file: %w", err)
		}
		l.f = f // open until the process ends
	}
	redis.SetLogger(l)
	return nil
}

type fileLog struct{ f *os.File }

// Printf is what go-redis logs with.
func (l *fileLog) Printf(_ context.Context, format string, v ...any) {
	if l.f != nil {
		fmt.Fprintln(l.f, time.Now().UTC().Format(time.RFC3339), tui.Clean(fmt.Sprintf(format, v...)))
	}
}
