//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holdfast/docs/rig"
)

// What keys send.
const (
	enter  = "\r"
	escape = "\x1b"
	tab    = "\t"
)

// shot is a picture: keys, what the screen shows after each, and the name of the file.
type shot struct {
	keys []press
	name string
}

// press is one key, and a text that is on the screen after it.
type press struct{ key, shows string }

const settled = 300 * time.Millisecond // a frame, and what it asked for, is through

func (p press) on(ctx context.Context, x *rig.Terminal) error {
	if err := x.Types(p.key)(); err != nil {
		return err
	}
	return see(ctx, x, p.shows)
}

func see(ctx context.Context, x *rig.Terminal, text string) error {
	_, err := x.Until(ctx, text, func() bool { return strings.Contains(x.Screen.String(), text) })
	if err != nil {
		return err
	}
	return pause(ctx, settled)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (s studio) start(wide, high int, environ []string, args ...string) (*rig.Terminal, error) {
	return rig.Start(wide, high, s.work, append([]string{"COLORTERM=truecolor"}, environ...), s.binary(), args...)
}

func (s studio) take(ctx context.Context, x *rig.Terminal, shots []shot) error {
	for _, shot := range shots {
		for _, p := range shot.keys {
			if err := p.on(ctx, x); err != nil {
				return err
			}
		}
		if err := save(x, filepath.Join(s.out, "pictures", shot.name+".svg")); err != nil {
			return err
		}
	}
	return nil
}

// demo takes the pictures of the demo.
func (s studio) demo(ctx context.Context) error {
	x, err := s.start(112, 30, nil, "demo", "--seed", "1", "--flush-dir", "flushed")
	if err != nil {
		return err
	}
	defer x.Close()
	if err := see(ctx, x, "stuck batch"); err != nil {
		return err
	}
	if err := pause(ctx, 15*time.Second); err != nil { // the rates have something to show
		return err
	}
	return s.take(ctx, x, []shot{
		{nil, "overview"},
		{[]press{{"4", "STATUS"}}, "actors"},
		{[]press{{"/", "filter"}, {"stuck", "notebook-stuck"}, {enter, "row 1 of 1"}, {enter, "worker"}}, "detail"},
		{[]press{{"2", "STORE"}, {"/", "filter"}, {"shipments", "hides"}, {enter, "hides"}, {"f", "> no <"}}, "flush"},
		{[]press{{"n", "STORE"}, {"?", "keys"}}, "help"},
	})
}

// conflict takes the picture of an edit that comes too late: the actor changes while it is in the editor.
func (s studio) conflict(ctx context.Context) error {
	opened, done := filepath.Join(s.work, "opened"), filepath.Join(s.work, "done")
	editor, err := s.editor("slow-editor", `sed -i 's/STATUS_RESUMING/STATUS_SUSPENDED/' "$1"
touch `+opened+`
while [ ! -e `+done+` ]; do sleep 0.1; done`)
	if err != nil {
		return err
	}
	server, c, err := agents(ctx, s.work)
	if err != nil {
		return err
	}
	defer server.Stop()
	defer c.Conn.Close()
	x, err := s.start(112, 30, []string{editor}, "--url", server.URL, "--view", "actors")
	if err != nil {
		return err
	}
	defer x.Close()
	for _, p := range []press{{"", stuck}, {"/", "filter"}, {"resum", "row 1 of 1"}, {enter, "row 1 of 1"}} {
		if err := p.on(ctx, x); err != nil {
			return err
		}
	}
	if err := x.Types("e")(); err != nil {
		return err
	}
	for {
		if _, err := os.Stat(opened); err == nil {
			break
		}
		if err := pause(ctx, settled); err != nil {
			return err
		}
	}
	a, err := c.Actors.GetActor(ctx, stuck)
	if err != nil {
		return err
	}
	a.InProgressSnapshot = "snapshots/" + stuck + "/3"
	if err := c.Actors.UpdateActor(ctx, a, a.Version); err != nil {
		return err
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		return err
	}
	return s.take(ctx, x, []shot{{[]press{{"", "yes"}, {"y", "meanwhile"}}, "conflict"}})
}
