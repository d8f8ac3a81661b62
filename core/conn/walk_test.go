package conn_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// A server whose cursor never ends is left after a number of pages that what it says it holds can explain.
func TestAWalkEnds(t *testing.T) {
	for name, next := range map[string]func(cursor uint64) uint64{
		"cursors that never end": func(cursor uint64) uint64 { return cursor + 1 },
		"a cursor that stands":   func(uint64) uint64 { return 7 },
		"cursors in a circle":    func(cursor uint64) uint64 { return cursor%2 + 1 },
	} {
		t.Run(name, func(t *testing.T) {
			pages := 0
			addr := answering(t, func(args []string) string {
				switch strings.ToLower(args[0]) {
				case "scan":
					pages++
					cursor, _ := strconv.ParseUint(args[1], 10, 64)
					text := strconv.FormatUint(next(cursor), 10)
					return fmt.Sprintf("*2\r\n$%d\r\n%s\r\n*0\r\n", len(text), text)
				case "dbsize":
					return ":3\r\n"
				}
				return "-ERR unknown command\r\n"
			})
			c := redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true, MaxRetries: -1})
			defer c.Close()
			err := conn.Scan(ctx, c, "", 1000, func([]string) error { return nil })
			if !errors.Is(err, conn.ErrEndlessScan) || !strings.Contains(err.Error(), addr) {
				t.Errorf("after %d pages: %v, want ErrEndlessScan that names %s", pages, err, addr)
			}
			if pages > 5000 {
				t.Errorf("%d pages were fetched of a server that holds 3 keys", pages)
			}
		})
	}
}

// answering serves a scripted Redis until the test ends.
func answering(t *testing.T, answer func(args []string) string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				for {
					args, err := readArgs(in)
					if err != nil {
						return
					}
					if _, err := io.WriteString(c, answer(args)); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// readArgs reads one command, an array of bulk strings.
func readArgs(in *bufio.Reader) ([]string, error) {
	number := func() (int, error) {
		line, err := in.ReadString('\n')
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(strings.TrimSpace(line[1:]))
	}
	n, err := number()
	if err != nil {
		return nil, err
	}
	args := make([]string, n)
	for i := range args {
		size, err := number()
		if err != nil {
			return nil, err
		}
		text := make([]byte, size+2)
		if _, err := io.ReadFull(in, text); err != nil {
			return nil, err
		}
		args[i] = string(text[:size])
	}
	return args, nil
}
