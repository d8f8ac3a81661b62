//go:build linux

package rig

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a redis-server of our own.
type Server struct {
	URL    string
	Client *redis.Client
	cmd    *exec.Cmd
}

// StartServer starts an empty one, which keeps nothing on disk.
func StartServer(ctx context.Context, dir string) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	l.Close()
	host, port, _ := net.SplitHostPort(addr)
	s := &Server{
		URL:    "redis://" + addr,
		Client: redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, ReadTimeout: time.Minute}),
		cmd:    exec.Command("redis-server", "--bind", host, "--port", port, "--dir", dir, "--save", "", "--appendonly", "no"),
	}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true} // ctrl-c is for us
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(10 * time.Second); s.Client.Ping(ctx).Err() != nil; {
		if time.Now().After(deadline) || ctx.Err() != nil {
			s.Stop()
			return nil, fmt.Errorf("redis-server at %s does not answer", addr)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return s, nil
}

// Stop ends it.
func (s *Server) Stop() {
	_ = s.Client.Close()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}
