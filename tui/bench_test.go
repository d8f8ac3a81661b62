package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/internal/redistest"
	"holdfast/keymap"
	"holdfast/themes"
	"holdfast/tui/table"
	"holdfast/tui/view"
	"holdfast/tui/view/viewtest"
)

// many is a dashboard on rows of no server.
func many(b testing.TB, n, w, h int) *Model {
	b.Helper()
	_, mini := redistest.Mini(b)
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{"redis://" + mini.Addr()}}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	op, err := operate.New(c, operate.Options{})
	if err != nil {
		b.Fatal(err)
	}
	keys, err := keymap.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := c.Live.ReadAll(context.Background()); err != nil {
		b.Fatal(err)
	}
	m := New(context.Background(), Config{
		Views: []*view.View{viewtest.Wide(viewtest.Many(n))}, Live: c.Live, Operator: op, Conn: c.Conn, Keys: keys, Theme: themes.Default,
	})
	m.route(tea.WindowSizeMsg{Width: w, Height: h})
	m.route(m.route(snapshotMsg{c.Live.Snapshot()})().(arrangedMsg))
	m.View()
	return m
}

// From a key to the frame: Update and View. It must not depend on how many rows there are.
func BenchmarkKeyToFrame(b *testing.B) {
	for _, n := range []int{100, 1_000_000} {
		for _, size := range [][2]int{{80, 24}, {200, 60}} {
			b.Run(fmt.Sprintf("%d rows/%dx%d", n, size[0], size[1]), func(b *testing.B) {
				m := many(b, n, size[0], size[1])
				keys := []tea.KeyPressMsg{{Code: tea.KeyDown}, {Code: tea.KeyPgDown}, {Code: tea.KeyEnd}, {Code: tea.KeyUp}, {Code: tea.KeySpace, Text: " "}, {Code: tea.KeyHome}}
				took := make([]time.Duration, 0, 1<<16)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					start := time.Now()
					m.pace.keyed = time.Time{} // these are not typed at once
					m.Update(keys[i%len(keys)])
					m.View()
					took = append(took, time.Since(start))
				}
				percentiles(b, took)
			})
		}
	}
}

// From a letter of a jump to the frame, where the rows come in the order of their names and where they do not, and what a
// look through all of them takes off the screen's goroutine. The last letter is one that no row has.
func BenchmarkJump(b *testing.B) {
	for _, c := range []struct {
		name   string
		jump   func(string) string
		sorted int
	}{{"by ID", func(text string) string { return text }, -1}, {"sorted by status", nil, 1}} {
		b.Run(c.name, func(b *testing.B) {
			m := many(b, 1_000_000, 200, 60)
			m.view().Jump = c.jump
			if m.table().Order.Column = c.sorted; c.sorted >= 0 {
				m.route(m.arrange()().(arrangedMsg))
			}
			var took, looks []time.Duration
			look := func(cmd tea.Cmd) {
				if msg, ok := cmd().(jumpedMsg); ok {
					m.Update(msg)
				}
			}
			for b.Loop() {
				m.act(keymap.Jump)
				typed := ""
				for _, letter := range "agent-09999990x" {
					start := time.Now()
					typed += string(letter)
					cmd := m.jumpTo(m.jump, typed)
					m.paint()
					took = append(took, time.Since(start))
					if start = time.Now(); cmd != nil {
						look(cmd)
						looks = append(looks, time.Since(start))
					}
				}
				m.overlays.Act(keymap.Cancel)
			}
			percentiles(b, took)
			slices.Sort(looks)
			b.ReportMetric(float64(looks[len(looks)-1].Microseconds()), "look-max-µs")
		})
	}
}

// What one frame costs, without Bubble Tea's own diff: nothing changed, one cell did, the cursor moved, the clock went on.
func BenchmarkFrame(b *testing.B) {
	for _, size := range [][2]int{{80, 24}, {200, 60}} {
		m := many(b, 1000, size[0], size[1])
		rows := viewtest.Many(1000)
		changed := viewtest.With(rows, viewtest.Row(rows.Row(3).ID(), 1001, "running"))
		snap := func() { m.Update(snapshotMsg{m.snap}) }
		for _, change := range []struct {
			name string
			do   func(i int)
		}{
			{"same rows", func(int) { snap() }},
			{"one cell", func(i int) {
				m.table().Show(&table.Arranged{Rows: []*live.Table{rows, changed}[i%2]})
				snap()
			}},
			{"cursor", func(i int) {
				m.pace.keyed = time.Time{}
				m.Update(tea.KeyPressMsg{Code: []rune{tea.KeyDown, tea.KeyUp}[i%2]})
			}},
			{"clock", func(int) { m.pace.drawn = time.Time{}; m.Update(clockMsg{}) }},
		} {
			b.Run(fmt.Sprintf("%s/%dx%d", change.name, size[0], size[1]), func(b *testing.B) {
				took := make([]time.Duration, 0, 1<<16)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					start := time.Now()
					change.do(i)
					m.View()
					took = append(took, time.Since(start))
				}
				percentiles(b, took)
			})
		}
	}
}

// With an overlay above the table.
func BenchmarkKeyToFrameOfAnOverlay(b *testing.B) {
	m := many(b, 1_000_000, 200, 60)
	m.act(keymap.OpenPalette)
	took := make([]time.Duration, 0, 1<<16)
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		m.pace.keyed = time.Time{}
		m.Update(tea.KeyPressMsg{Code: []rune{tea.KeyDown, tea.KeyUp}[i%2]})
		m.View()
		took = append(took, time.Since(start))
	}
	percentiles(b, took)
}

// A search in a content of 1 MB: letters typed and steps between matches, with few of them, many, and as many as can be.
func BenchmarkSearchKeyToFrame(b *testing.B) {
	for name, body := range map[string]string{
		"text":         strings.Repeat("a line with some words and a needle in it\n", 1<<20/42),
		"json":         "[" + strings.TrimSuffix(strings.Repeat(`{"state":"RUNNING","worker":"needle"},`, 1<<20/40), ",") + "]",
		"same letters": strings.Repeat("n", 1<<20),
	} {
		b.Run(name, func(b *testing.B) {
			m := many(b, 100, 200, 60)
			m.detail = m.newDetail(m.view(), "agent-0000001")
			m.detail.Row, m.detail.Whole = m.table().Selected(), live.Detail{Found: true, Body: []byte(body)}
			m.route(m.drawBody()())
			took := make([]time.Duration, 0, 1<<16)
			for i := 0; b.Loop(); i++ {
				keys := "/needle\rnnN/"
				k := tea.KeyPressMsg{Code: rune(keys[i%len(keys)]), Text: string(keys[i%len(keys)])}
				if k.Code == '\r' {
					k = tea.KeyPressMsg{Code: tea.KeyEnter}
				}
				start := time.Now()
				m.pace.keyed = time.Time{}
				m.Update(k)
				m.View()
				took = append(took, time.Since(start))
			}
			percentiles(b, took)
		})
	}
}

func percentiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
