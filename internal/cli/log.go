package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/files"
	"holdfast/internal/text"
)

// redirectLog keeps the messages of the connection library off the screen: into a file, or nowhere.
func redirectLog(path string) error {
	l := &fileLog{}
	if path != "" {
		f, err := openLog(path)
		if err != nil {
			return fmt.Errorf("--log-file: %w", err)
		}
		l.f = f // open until the process ends
	}
	redis.SetLogger(l)
	return nil
}

// openLog opens a file to append to. What is one of our streams by another name, such as /dev/stderr, or the null device
// is taken as it is; a pipe whose reader stopped would hold every connection.
func openLog(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil {
		for _, f := range []*os.File{os.Stderr, os.Stdout} {
			if own, err := f.Stat(); err == nil && os.SameFile(info, own) {
				return f, nil
			}
		}
		if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(info, null) {
			return nil, nil
		}
	}
	return files.Append(path)
}

type fileLog struct{ f *os.File }

// Printf is what go-redis logs with.
func (l *fileLog) Printf(_ context.Context, format string, v ...any) {
	if l.f != nil {
		fmt.Fprintln(l.f, time.Now().UTC().Format(time.RFC3339), text.Clean(fmt.Sprintf(format, v...)))
	}
}
