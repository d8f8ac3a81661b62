package cli

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/files"
	"holdfast/internal/text"
)

// redirectLog keeps the messages of the connection library off the screen: into a file, or nowhere.
func redirectLog(path string) error {
	var f *os.File // open until the process ends
	if path != "" {
		var err error
		if f, err = openLog(path); err != nil {
			return fmt.Errorf("--log-file: %w", err)
		}
	}
	libraryLog().f.Store(f)
	return nil
}

// libraryLog is what the connection library logs to: it is told once, since connections that are open read it at any time.
var libraryLog = sync.OnceValue(func() *fileLog {
	l := &fileLog{}
	redis.SetLogger(l)
	return l
})

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

type fileLog struct{ f atomic.Pointer[os.File] }

// Printf is what go-redis logs with.
func (l *fileLog) Printf(_ context.Context, format string, v ...any) {
	if f := l.f.Load(); f != nil {
		fmt.Fprintln(f, time.Now().UTC().Format(time.RFC3339), text.Clean(fmt.Sprintf(format, v...)))
	}
}
