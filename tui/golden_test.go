package tui_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/record"
	"holdfast/keymap"
	"holdfast/tui"
	"holdfast/views"
)

// Every screen there is, in three sizes as an engineer sees it without colours, and once in those of the dark theme on a
// terminal of 256 (cat shows them). After a wanted change: go test ./tui -update, and look at each difference.

// scene is one screen.
type scene struct {
	name string
	options
	fill  func(*world)
	setup func(*driver)
}

func scenes() []scene {
	var all []scene
	add := func(name string, setup func(*driver)) {
		all = append(all, scene{name: name, fill: shop, setup: func(d *driver) { d.read(); setup(d) }})
	}
	for i, v := range views.All().Frames() {
		if v.Parent != "" || v.Quiet {
			continue // it has no tab here
		}
		key := fmt.Sprint(i + 1)
		if v.Name == "findings" { // the last tab
			key = "shift+tab"
		}
		add("view "+v.Name, func(d *driver) { d.press(key) })
	}
	for _, one := range []struct{ name, tab, row string }{
		{"buffer", "2", "orders"}, {"generation", "3", "single:user:42"}, {"actor", "4", "agent-1"}, {"worker", "5", "pod-0"},
		{"lock", "6", "lock:actor:agent-1"}, {"lease", "7", "1"}, {"record", "8", "replicas"}, {"database", "9", "flags"}, {"broken actor", "4", "broken"},
		{"binary record", "8", "blob"},
	} {
		add("detail of a "+one.name, func(d *driver) {
			d.press(one.tab)
			d.to(one.row)
			d.press("enter")
		})
	}
	add("keys of a database", func(d *driver) { d.press("9", "enter", "enter") })
	add("detail of a key", func(d *driver) { d.press("9", "enter", "enter", "enter") })
	add("form of a new key", func(d *driver) { d.press("9", "n") })
	add("detail of what was deleted", func(d *driver) {
		d.press("4")
		d.to("agent-2")
		d.press("enter")
		d.mini.Del("actor:agent-2")
		d.read()
	})
	add("detail with changes", func(d *driver) {
		d.press("3")
		d.to("all")
		d.press("enter")
		w := &world{t: d.t, core: d.core, mini: d.mini}
		w.bump("catalog", "all", 1)
		d.read()
	})

	add("help", func(d *driver) { d.press("4", "?") })
	add("help in the detail", func(d *driver) { d.press("4", "enter", "?") })
	add("palette", func(d *driver) { d.press("2", ":") })
	add("palette narrowed", func(d *driver) { d.press("2", ":"); d.typed("fl") })
	add("palette without a match", func(d *driver) { d.press(":"); d.typed("qqq") })
	add("sort picker", func(d *driver) { d.press("2", "s", "down", "down", "enter", "s") })
	add("sorted and filtered", func(d *driver) {
		d.press("2", "s")
		d.typed("records")
		d.press("enter", "S", "/")
		d.typed("!click")
		d.press("enter")
	})
	add("filter that is typed", func(d *driver) { d.press("2", "/"); d.typed("state:live o") })
	add("filter that is wrong", func(d *driver) { d.press("2", "/"); d.typed("~[a") })
	add("nothing matches", func(d *driver) { d.press("2", "/"); d.typed("zzz"); d.press("enter") })
	add("filter that is recalled", func(d *driver) { d.press("2"); d.filter("orders"); d.filter(" live"); d.press("/", "up") })
	add("search in the detail", func(d *driver) {
		d.press("4", "enter", "/")
		d.typed("agent")
		d.press("enter", "n", "N", "N")
	})
	add("search that finds nothing", func(d *driver) { d.press("4", "enter", "/"); d.typed("zzz") })
	add("palette with what was used", func(d *driver) {
		d.press("4", "enter", "2")
		d.filter("orders")
		d.press("enter", ":")
		d.typed("or")
	})
	add("jump", func(d *driver) { d.press("3", "'"); d.typed("single:user:7") })
	add("jump to nothing", func(d *driver) { d.press("3", "'"); d.typed("zz") })
	add("marked rows", func(d *driver) { d.press("2", "space", "space", "/"); d.typed("store:orders"); d.press("enter") })
	add("columns scrolled away", func(d *driver) { d.resize(40, 10); d.press("4", "right", "right") })
	add("list of columns", func(d *driver) { d.press("4", "C", "down", "space", "down", ">", "+") })
	add("wide columns", func(d *driver) { d.resize(80, 24); d.press("4", "w", "right") })
	add("changed rows", func(d *driver) {
		d.press("3")
		(&world{t: d.t, core: d.core, mini: d.mini}).bump("user", "single:user:7", 1)
		d.read()
	})

	add("confirm bump", func(d *driver) { d.press("3"); d.to("all"); d.press("b") })
	add("confirm flush", func(d *driver) { d.press("2"); d.to("orders"); d.press("f") })
	add("confirm bulk", func(d *driver) { d.press("2", "a", "f") })
	add("confirm bulk with a wrong number", func(d *driver) { d.press("2", "a", "f"); d.typed("2"); d.press("enter") })
	add("form", func(d *driver) { d.press("6", "l") })
	add("form with errors", func(d *driver) { d.press("6", "l", "tab"); d.typed("x"); d.press("enter") })
	add("confirm lock", func(d *driver) { d.press("6", "l"); d.typed("actor:agent-2"); d.press("enter") })
	add("inline editor", func(d *driver) { d.press("8"); d.to("replicas"); d.press("e") })
	add("confirm edit", func(d *driver) { d.press("8"); d.to("leader"); d.press("e"); d.typed("new-"); d.press("f2") })
	add("edit that cannot be saved", func(d *driver) { d.press("8"); d.to("replicas"); d.press("e"); d.typed("x"); d.press("f2") })
	add("edit that is left", func(d *driver) { d.press("8"); d.to("replicas"); d.press("e"); d.typed("x"); d.press("esc") })
	add("conflict", func(d *driver) {
		d.press("8")
		d.to("replicas")
		d.press("e", "down")
		d.typed(`  "db": 1,`)
		d.press("enter", "f2")
		cas(d, "replicas", `{"web":4,"worker":{"min":1,"max":8}}`)
		d.press("y")
	})

	add("copy menu", func(d *driver) { d.press("4", "y", "down") })
	add("copy menu of marked rows", func(d *driver) { d.press("2", "space", "space", "y") })
	add("copied", func(d *driver) { d.press("4", "y", "k") })
	add("mouse left to the terminal", func(d *driver) { d.press("M") })
	add("paste that is refused", func(d *driver) { d.press("6", "l"); d.send(tea.PasteMsg{Content: strings.Repeat("x", 5000)}) })
	add("done", func(d *driver) { d.press("3"); d.to("all"); d.act("b", "y") })
	add("refused", func(d *driver) { d.press("4"); d.to("agent-1"); d.press("d") })
	add("failed", func(d *driver) {
		d.press("3")
		d.to("all")
		d.press("b")
		d.mini.SetError("LOADING Redis is loading the dataset in memory")
		d.press("y")
		d.mini.SetError("")
	})
	add("undo that cannot be", func(d *driver) { d.press("3"); d.to("all"); d.act("b", "y"); d.press("z") })
	add("a part failed", func(d *driver) {
		d.send(tui.PanicMsg("index out of range [3] with length 2\ngoroutine 7 [running]:\nmain.f(0x1)"))
	})

	add("paused", func(d *driver) { d.press("2", "p"); d.show() })
	add("stale", func(d *driver) {
		d.press("2")
		d.snap = d.lost(12 * time.Second)
		d.show()
	})
	add("late", func(d *driver) { d.press("2"); d.now = d.now.Add(4 * time.Second); d.send(tui.ClockMsg()) })
	add("stale and paused on the overview", func(d *driver) {
		d.press("p")
		d.snap = d.lost(3 * time.Minute)
		d.show()
	})
	add("kind that cannot be read", func(d *driver) {
		d.press("2")
		d.snap = func(s *live.Snapshot) {
			amend(s, "buffers", errors.New("NOPERM this user has no permissions to access 'buf:*'"))
		}
		d.show()
	})
	all = append(all,
		scene{name: "connecting", setup: func(*driver) {}},
		scene{name: "connecting in a table", options: options{start: "buffers"}, setup: func(*driver) {}},
		scene{name: "reading", options: options{start: "actors"}, fill: shop, setup: func(d *driver) { d.snap = incomplete; d.read() }},
		scene{name: "reading without rows yet", options: options{start: "locks"}, setup: func(d *driver) { d.snap = incomplete; d.read() }},
		scene{name: "no answer from the start", setup: func(d *driver) { d.snap = func(s *live.Snapshot) { d.lost(0)(s); s.ReadAt = time.Time{} }; d.show() }},
		scene{name: "empty", options: options{start: "leases"}, setup: func(d *driver) { d.read() }},
		scene{name: "empty overview", setup: func(d *driver) { d.read() }},
		scene{name: "read-only", options: options{readOnly: true, start: "generations"}, fill: shop, setup: func(d *driver) { d.read(); d.act("b") }},
		scene{name: "read-only edit", options: options{readOnly: true, start: "records"}, fill: shop, setup: func(d *driver) { d.read(); d.act("e") }},
		scene{name: "remapped keys", options: options{start: "buffers", keys: map[keymap.Action][]string{
			keymap.Flush: {"F"}, keymap.Filter: {"ctrl+g"}, keymap.Quit: {}, keymap.View1: {"f1"}, keymap.View8: {"f8"}, keymap.Back: {"backspace"},
		}}, fill: shop, setup: func(d *driver) { d.read(); d.press("?") }},
		scene{name: "databases with replicas", fill: replicated, options: options{start: "kv"}, setup: func(d *driver) { d.read() }},
		scene{name: "detail of a database with replicas", fill: replicated, options: options{start: "kv"}, setup: func(d *driver) { d.read(); d.to("orders"); d.press("enter") }},
		scene{name: "hostile rows", fill: hostile, options: options{start: "records"}, setup: func(d *driver) { d.read() }},
		scene{name: "hostile detail", fill: hostile, options: options{start: "records"}, setup: func(d *driver) { d.read(); d.press("down", "enter") }},
	)
	return all
}

// cas changes a record of the namespace cfg behind the back of the dashboard.
func cas(d *driver, key, value string) {
	d.t.Helper()
	s, err := d.core.Records("cfg")
	must(d.t, err)
	old, err := s.Get(ctx, record.Key(key))
	must(d.t, err)
	old.Value = record.Value(value)
	_, err = s.CasByVersion(ctx, old)
	must(d.t, err)
}

// lost makes a snapshot that of a server that went away some time ago.
func (d *driver) lost(ago time.Duration) func(*live.Snapshot) {
	return func(s *live.Snapshot) {
		s.State, s.Err = live.Lost, errors.New("dial tcp 10.1.2.3:6379: connect: connection refused")
		s.ReadAt, s.RetryAt = d.now.Add(-ago), d.now.Add(4*time.Second)
	}
}

// incomplete makes a snapshot one of the first pass over the keyspace.
func incomplete(s *live.Snapshot) {
	tables := make([]*live.Table, len(s.Tables))
	for i, t := range s.Tables {
		c := *t
		c.Complete = false
		tables[i] = &c
	}
	s.Tables, s.ReadAt = tables, time.Time{}
}

// amend gives the table of a kind an error.
func amend(s *live.Snapshot, name kind.Name, err error) {
	tables := append([]*live.Table(nil), s.Tables...)
	for i, t := range tables {
		if t.Kind == name {
			c := *t
			c.Err = err
			tables[i] = &c
		}
	}
	s.Tables = tables
}

func TestScreens(t *testing.T) {
	for i, s := range scenes() {
		if testing.Short() && i%8 > 0 {
			continue
		}
		t.Run(strings.ReplaceAll(s.name, " ", "-"), func(t *testing.T) {
			d := drive(t, s.options, append([]func(*world){}, fills(s.fill)...)...)
			s.setup(d)
			text := d.gallery()
			d.resize(80, 24)
			d.readsWithoutColour()
			golden.RequireEqual(t, text+d.coloured())
		})
	}
}

// coloured is the screen as a terminal of 256 colours gets it, with what differs from run to run made the same.
func (d *driver) coloured() string {
	d.t.Helper()
	lines := strings.Split(d.through(colorprofile.ANSI256), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return fmt.Sprintf("%s 80x24 in colour\n%s\n", strings.Repeat("=", 64), same(strings.Join(lines, "\n")))
}

// through is the screen as a terminal of few colours gets it, or of none.
func (d *driver) through(p colorprofile.Profile) string {
	d.t.Helper()
	var b strings.Builder
	w := colorprofile.Writer{Forward: &b, Profile: p}
	_, err := w.Write([]byte(d.m.View().Content))
	must(d.t, err)
	return b.String()
}

// colours are the parameters of SGR that choose one.
var colours = regexp.MustCompile(`\x1b\[(?:[0-9:]*;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;:m]`)

// readsWithoutColour holds the screen to NO_COLOR: no colour is asked for, bold and reversed may be, and the text is all
// there.
func (d *driver) readsWithoutColour() {
	d.t.Helper()
	bare := d.through(colorprofile.ASCII)
	if at := colours.FindString(bare); at != "" {
		d.t.Errorf("%q in %q", at, bare)
	}
	if ansi.Strip(bare) != ansi.Strip(d.m.View().Content) {
		d.t.Errorf("the text is another without colours:\n%s", bare)
	}
	if !colours.MatchString(d.through(colorprofile.ANSI256)) {
		d.t.Error("there are no colours in colour")
	}
}

func fills(f func(*world)) []func(*world) {
	if f == nil {
		return nil
	}
	return []func(*world){f}
}

func TestTooSmallScreens(t *testing.T) {
	d := open(t, options{}, shop)
	for _, s := range [][2]int{{39, 10}, {40, 9}, {20, 5}, {1, 1}} {
		d.resize(s[0], s[1])
		d.check()
	}
	d.resize(20, 5)
	golden.RequireEqual(t, d.screen()+"\n")
}

// The command log is that of a connection of its own: what the dashboard itself reads differs from run to run.
func TestCommandLogScreen(t *testing.T) {
	c, mini := serve(t)
	logged, err := conn.Open(conn.Options{URLs: []string{"redis://" + mini.Addr()}})
	must(t, err)
	t.Cleanup(func() { logged.Close() })
	logged.Addr = c.Conn.Addr
	must(t, logged.Set(ctx, "gen:user:1", "5", 0).Err())
	sent := logged.Log.Sent()
	logged.Do(ctx, "AUTH", "operator", "secret")
	logged.Get(ctx, "gen:user:1")
	logged.Get(ctx, "evil:\x1b]52;c;AAAA\x07\u202e")
	logged.LPush(ctx, "gen:user:1", strings.Repeat("long", 100))
	if logged.Log.Sent() != sent+4 {
		t.Fatal("not every command was logged")
	}
	d := open(t, options{conn: logged}, shop)
	d.press("c")
	golden.RequireEqual(t, d.gallery())
}
