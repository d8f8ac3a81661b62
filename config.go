package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/adrg/xdg"
	"github.com/pelletier/go-toml/v2"
	"github.com/redis/go-redis/v9"

	"holdfast/keymap"
	"holdfast/tui"
)

// config is the configuration file: keys by action, an empty list unbinding it.
type config struct {
	path string
	Keys map[string][]string `toml:"keys"`
}

// loadConfig reads the file that was asked for, or the usual one if it exists.
func loadConfig(path string) (config, error) {
	c := config{path: path}
	if path == "" {
		c.path = filepath.Join(xdg.ConfigHome, "holdfast", "config.toml")
	}
	f, err := os.Open(c.path)
	if errors.Is(err, os.ErrNotExist) && path == "" {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("configuration: %w", err)
	}
	defer f.Close()
	if err := toml.NewDecoder(f).DisallowUnknownFields().Decode(&c); err != nil {
		return c, fmt.Errorf("configuration %s: %w", c.path, tomlError(err))
	}
	return c, nil
}

// tomlError puts the place of the mistake into one line.
func tomlError(err error) error {
	if strict, ok := errors.AsType[*toml.StrictMissingError](err); ok && len(strict.Errors) > 0 {
		first := strict.Errors[0]
		line, _ := first.Position()
		return fmt.Errorf("line %d: unknown entry %v", line, first.Key())
	}
	if decode, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, column := decode.Position()
		return fmt.Errorf("line %d, column %d: %w", line, column, decode)
	}
	return err
}

func (c config) overrides() map[keymap.Action][]string {
	out := map[keymap.Action][]string{}
	for action, keys := range c.Keys {
		out[keymap.Action(action)] = keys
	}
	return out
}

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
