package redistest

import (
	"bufio"
	"io"
	"net"
	"sync"
	"testing"
)

// Scripted is a server that answers each command with the bytes that answer returns, whether a Redis would or not, and
// hangs up where there are none. It returns its address.
func Scripted(t testing.TB, answer func(command string) string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var busy sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	serve := func(c net.Conn) {
		defer c.Close()
		in := bufio.NewReader(c)
		for {
			_, name, err := readCommand(in)
			if err != nil {
				return
			}
			reply := answer(name)
			if reply == "" {
				return
			}
			if _, err := io.WriteString(c, reply); err != nil {
				return
			}
		}
	}
	busy.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[c] = true
			mu.Unlock()
			busy.Go(func() { serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for c := range open {
			c.Close()
		}
		mu.Unlock()
		busy.Wait()
	})
	return l.Addr().String()
}
