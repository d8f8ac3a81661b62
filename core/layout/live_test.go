package layout_test

import (
	"context"
	"testing"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/layout"
	"holdfast/internal/redistest"
)

// opened is a Core with a layout file, whose model runs.
func opened(t *testing.T, url, text string) *core.Core {
	t.Helper()
	specs, err := layout.Parse("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{url}}, Layouts: specs})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range c.LayoutErrors {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = c.Live.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done; _ = c.Close() })
	return c
}

func TestMembersComeAndGoAsTheServerTells(t *testing.T) {
	s := redistest.Start(t)
	r := s.Client(t)
	ctx := context.Background()
	r.HSet(ctx, "hold:a", "u1:1", "1", "u2:1", "1", "mode", "read")
	c := opened(t, s.URL(), printers)
	ids := func() (out []string) {
		for _, row := range c.Live.Snapshot().Table("holders").All(0) {
			out = append(out, row.ID())
		}
		return out
	}
	is := func(want ...string) func() bool {
		return func() bool {
			have := ids()
			if len(have) != len(want) {
				return false
			}
			for i := range have {
				if have[i] != want[i] {
					return false
				}
			}
			return true
		}
	}
	redistest.Eventually(t, "both holders are shown and changes are pushed", func() bool { return is("hold:a#u1:1", "hold:a#u2:1")() && c.Live.Snapshot().Pushed })
	r.HSet(ctx, "hold:a", "u3:1", "1")
	redistest.Eventually(t, "a third is shown", is("hold:a#u1:1", "hold:a#u2:1", "hold:a#u3:1"))
	r.HDel(ctx, "hold:a", "u1:1")
	redistest.Eventually(t, "the first is gone", is("hold:a#u2:1", "hold:a#u3:1"))
	r.Del(ctx, "hold:a")
	redistest.Eventually(t, "all are gone", is())
}

func TestWhatOtherKeysSayOfARowIsReadAgain(t *testing.T) {
	s := redistest.Start(t)
	r := s.Client(t)
	ctx := context.Background()
	r.HSet(ctx, "print:1:job:1", "doc", `{"owner":{"name":"Ada","id":"u1"}}`)
	r.HSet(ctx, "user:u1", "mail", "old")
	c := opened(t, s.URL(), printers)
	mail := func() any {
		row, ok := c.Live.Snapshot().Table("printers").Get("print:1:job:1")
		if !ok {
			return nil
		}
		return value(t, row, "mail")
	}
	redistest.Eventually(t, "the row is shown and changes are pushed", func() bool { return mail() == "old" && c.Live.Snapshot().Pushed })
	r.HSet(ctx, "user:u1", "mail", "new") // no key of a layout begins so
	redistest.Eventually(t, "the new value is shown", func() bool { return mail() == "new" })
}
