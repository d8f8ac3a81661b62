package redistest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// Sentinel runs a sentinel of the test's own that watches a server under a name.
func Sentinel(t testing.TB, name string, master *Server) *Server {
	t.Helper()
	need(t)
	dir, err := os.MkdirTemp("", "holdfast-sentinel-")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(master.Addr)
	config := filepath.Join(dir, "sentinel.conf") // which it rewrites
	text := fmt.Sprintf("sentinel monitor %s %s %s 1\n", name, host, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: freeAddr(), dir: dir, config: []string{config, "--sentinel"}}
	t.Cleanup(s.remove)
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
	return s
}
