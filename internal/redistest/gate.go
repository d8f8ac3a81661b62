package redistest

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Gate stands before a server and lets commands through until one that it holds: from then on its client hears nothing
// more, or, with HangUp, finds its connections closed. A test that kills the client then knows how far it got.
type Gate struct {
	Addr string // host:port for the client
	held chan struct{}

	mu   sync.Mutex
	hold func(n int, command string) Hold
	seen int
	shut bool
	cut  bool
}

// Hold says what becomes of a command.
type Hold int

// A Gate passes a command on, stops before the server sees it, or stops when the server has carried it out.
const (
	Pass Hold = iota
	Before
	After
)

// NewGate opens a gate before a server until the test ends. hold is asked for each command that clients send, counted
// from 0 and named in lower case; one call at a time.
func NewGate(t testing.TB, server string, hold func(n int, command string) Hold) *Gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &Gate{Addr: l.Addr().String(), held: make(chan struct{}), hold: hold}
	var busy sync.WaitGroup
	busy.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			busy.Go(func() { g.serve(client, server) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		busy.Wait()
	})
	return g
}

// URL of database 0 behind the gate.
func (g *Gate) URL() string { return "redis://" + g.Addr + "/0" }

// HangUp makes the gate close the connection of the command that it holds and all later ones, so that no timeout is waited for.
// It returns the gate.
func (g *Gate) HangUp() *Gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut = true
	return g
}

func (g *Gate) hangsUp() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cut
}

// Held is closed when a command is held.
func (g *Gate) Held() <-chan struct{} { return g.held }

// Seen is how many commands have come.
func (g *Gate) Seen() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.seen
}

// serve forwards one connection until either side ends it.
func (g *Gate) serve(client net.Conn, addr string) {
	defer client.Close()
	server, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	var answers sync.WaitGroup
	awaited := make(chan struct{}) // closed when the next answer is that of a held command
	answers.Go(func() { g.answer(client, server, awaited) })
	defer answers.Wait()
	defer server.Close()
	in := bufio.NewReader(client)
	for {
		raw, name, err := readCommand(in)
		if err != nil {
			return
		}
		switch g.ask(name) {
		case Before:
			g.stop()
			if g.hangsUp() {
				return
			}
		case After:
			close(awaited)
			if _, err := server.Write(raw); err != nil {
				return
			}
		default:
			if _, err := server.Write(raw); err != nil {
				return
			}
			continue
		}
		_, _ = io.Copy(io.Discard, in) // until the client is gone
		return
	}
}

// answer brings answers back, until one comes that is awaited.
func (g *Gate) answer(client, server net.Conn, awaited <-chan struct{}) {
	buf := make([]byte, 1<<16)
	for {
		n, err := server.Read(buf)
		if err != nil {
			client.Close()
			return
		}
		select {
		case <-awaited:
			g.stop()
			if g.hangsUp() {
				client.Close()
				return
			}
			_, _ = io.Copy(io.Discard, server)
			return
		default:
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}

// Emptying makes a judge of the commands of a flush in their order: it tells whether one empties a batch, which is the script
// that comes after the batch's pages.
func Emptying() func(command string) bool {
	read := false
	return func(command string) bool {
		empties := read && (command == "evalsha" || command == "eval")
		read = command == "lrange" || read && !empties
		return empties
	}
}

func (g *Gate) ask(name string) Hold {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return Before
	}
	h := g.hold(g.seen, name)
	g.seen++
	return h
}

func (g *Gate) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut {
		g.shut = true
		close(g.held)
	}
}

// readCommand reads one command, an array of bulk strings as every client library sends it.
func readCommand(in *bufio.Reader) (raw []byte, name string, err error) {
	line := func(mark byte) (int, error) {
		text, err := in.ReadString('\n')
		raw = append(raw, text...)
		if err != nil || text[0] != mark {
			return 0, io.ErrUnexpectedEOF
		}
		return strconv.Atoi(strings.TrimRight(text[1:], "\r\n"))
	}
	words, err := line('*')
	for i := range words {
		size, err := line('$')
		if err != nil {
			return nil, "", err
		}
		word := make([]byte, size+2)
		if _, err := io.ReadFull(in, word); err != nil {
			return nil, "", err
		}
		raw = append(raw, word...)
		if i == 0 {
			name = strings.ToLower(string(word[:size]))
		}
	}
	return raw, name, err
}
