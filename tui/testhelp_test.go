package tui_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/alicebob/miniredis/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/insight"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/internal/print"
	"holdfast/internal/redistest"
	"holdfast/keymap"
	"holdfast/themes"
	"holdfast/tui"
	"holdfast/tui/view"
	"holdfast/views"
)

func TestMain(m *testing.M) {
	redis.SetLogger(silence{}) // tests fail connections on purpose
	redistest.Main(m)
}

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

var ctx = context.Background()

// The server's time in all tests.
var serverTime = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

// driver runs the dashboard step by step: it hands messages to the model, carries out the commands that come back until
// none is left, and stands in for the poller, the clock and the terminal.
type driver struct {
	t    testing.TB
	m    *tui.Model
	core *core.Core
	mini *miniredis.Miniredis
	now  time.Time // of the dashboard; only tests move it

	quit      bool
	clipboard []string
	files     []string  // that were given to editors
	file      tea.Msg   // the message of the last one
	began     time.Time // when that was
	editors   int       // how often an editor was to be run in the terminal
	snap      func(*live.Snapshot)
}

type options struct {
	readOnly bool
	keys     map[keymap.Action][]string
	start    string
	flushDir string
	audit    string
	views    []*view.View
	conn     *conn.Conn // whose commands are logged
	load     func() (map[string][]string, error)
	keep     func(view string, filters []string) error
	columns  map[string][]string
	others   tui.Connections
	gate     func(command string) redistest.Hold // what becomes of each command on its way to the server
}

// serve starts a server with the core of a dashboard on it.
func serve(t testing.TB) (*core.Core, *miniredis.Miniredis) {
	t.Helper()
	_, mini := redistest.Mini(t)
	mini.SetTime(serverTime)
	c, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{"redis://" + mini.Addr()}, Timeout: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.Conn.Addr = "redis.example:6379"
	return c, mini
}

// drive starts a dashboard of 80x24 on a server that fill has filled; nothing has been read yet.
func drive(t testing.TB, o options, fill ...func(*world)) *driver {
	t.Helper()
	if _, ok := t.(*testing.T); ok {
		t.(*testing.T).Setenv("EDITOR", "")
		t.(*testing.T).Setenv("VISUAL", "")
	}
	c, mini := serve(t)
	if o.gate != nil {
		gate := redistest.NewGate(t, mini.Addr(), func(_ int, command string) redistest.Hold { return o.gate(command) })
		behind, err := core.Open(core.Options{Conn: conn.Options{URLs: []string{gate.URL() + "?read_timeout=200ms"}}})
		must(t, err)
		t.Cleanup(func() { behind.Close() })
		c = behind
	}
	w := &world{t: t, core: c, mini: mini}
	for _, f := range fill {
		f(w)
	}
	keys, err := keymap.New(o.keys)
	must(t, err)
	if o.flushDir == "" {
		o.flushDir = "/var/lib/holdfast"
	}
	op, err := operate.New(c, operate.Options{ReadOnly: o.readOnly, FlushDir: o.flushDir, AuditFile: o.audit})
	must(t, err)
	t.Cleanup(func() { op.Close() })
	d := &driver{t: t, core: c, mini: mini, now: time.Now(), snap: func(*live.Snapshot) {}}
	if o.views == nil {
		// The clock of these servers stands still.
		o.views = views.Of(views.Source{Findings: insight.New(insight.Options{Excludes: []insight.Exclude{{Code: "clock-ahead"}}})}).Frames()
	}
	if o.start == "" {
		o.start = "overview"
	}
	if o.conn == nil {
		o.conn = c.Conn
	}
	d.m = tui.New(ctx, tui.Config{
		Views: o.views, Live: c.Live, Operator: op, Conn: o.conn, Keys: keys, Mouse: true, Start: o.start,
		Theme: themes.Default, Now: func() time.Time { return d.now }, JSON: print.Object,
		LoadFilters: o.load, KeepFilters: o.keep, Columns: o.columns, Connections: o.others,
	})
	d.resize(80, 24)
	d.run(d.m.LoadFilterList())
	return d
}

// open is drive after the first reading.
func open(t testing.TB, o options, fill ...func(*world)) *driver {
	t.Helper()
	d := drive(t, o, fill...)
	d.read()
	return d
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// read makes the live model read the server and shows the snapshot, its measured times replaced by fixed ones.
func (d *driver) read() {
	d.t.Helper()
	_, err := d.core.Live.ReadAll(ctx)
	must(d.t, err)
	d.show()
}

// show hands the newest snapshot to the dashboard.
func (d *driver) show() {
	s := *d.core.Live.Snapshot()
	if s.Server.Role != "" {
		s.Server = conn.Status{Role: s.Server.Role, Version: "7.0.15", Latency: 420 * time.Microsecond, Skew: serverTime.Sub(d.now)}
		s.ReadAt = d.now
	}
	d.snap(&s)
	d.send(tui.SnapshotMsg(&s))
}

// send gives one message to the dashboard and carries out what follows from it.
func (d *driver) send(msg tea.Msg) {
	d.run(d.m.Route(msg))
	d.m.View()
}

func (d *driver) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			d.run(c)
		}
	case tea.QuitMsg:
		d.quit = true
	default:
		if path, ok := tui.FileOf(msg); ok {
			d.files, d.file, d.began = append(d.files, path), msg, d.now
		}
		switch fmt.Sprintf("%T", msg) {
		case "tea.setClipboardMsg":
			d.clipboard = append(d.clipboard, fmt.Sprint(msg))
		case "tea.execMsg":
			d.editors++
		default:
			d.send(msg)
		}
	}
}

func (d *driver) resize(w, h int) { d.send(tea.WindowSizeMsg{Width: w, Height: h}) }

// press sends keys, each by the name that the key map has for it.
func (d *driver) press(keys ...string) {
	for _, k := range keys {
		d.send(key(k))
	}
}

// typed sends every character of a text as a key.
func (d *driver) typed(text string) {
	for _, r := range text {
		if r == ' ' {
			d.press("space")
		} else {
			d.press(string(r))
		}
	}
}

func key(name string) tea.KeyPressMsg {
	var k tea.Key
	for _, m := range []struct {
		prefix string
		mod    tea.KeyMod
	}{{"ctrl+", tea.ModCtrl}, {"alt+", tea.ModAlt}, {"shift+", tea.ModShift}} {
		if rest, ok := strings.CutPrefix(name, m.prefix); ok {
			name = rest
			k.Mod |= m.mod
		}
	}
	named := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "space": tea.KeySpace, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome,
		"end": tea.KeyEnd, "backspace": tea.KeyBackspace, "f2": tea.KeyF2, "f5": tea.KeyF5,
	}
	if code, ok := named[name]; ok {
		k.Code = code
		if name == "space" {
			k.Text = " "
		}
		return tea.KeyPressMsg(k)
	}
	k.Code = []rune(name)[0]
	if k.Mod == 0 {
		k.Text = name
	}
	return tea.KeyPressMsg(k)
}

// screen is what the terminal shows, without colours and trailing spaces.
func (d *driver) screen() string {
	lines := strings.Split(ansi.Strip(d.m.View().Content), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

// shows fails the test unless every text is on the screen.
func (d *driver) shows(texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		if !strings.Contains(d.screen(), text) {
			d.t.Fatalf("%q is not on the screen:\n%s", text, d.screen())
		}
	}
}

// hides fails the test if any of the texts is on the screen.
func (d *driver) hides(texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		if strings.Contains(d.screen(), text) {
			d.t.Fatalf("%q is on the screen:\n%s", text, d.screen())
		}
	}
}

// row is the line of the screen that the cursor of the table is on, without the cursor.
func (d *driver) row() string {
	for l := range strings.SplitSeq(d.screen(), "\n") {
		if rest, ok := strings.CutPrefix(l, ">"); ok {
			return rest
		}
	}
	return ""
}

// to moves the cursor down to the row that starts with a name.
func (d *driver) to(name string) {
	d.t.Helper()
	d.press("home")
	for range 200 {
		if strings.HasPrefix(strings.TrimLeft(d.row(), " *!~"), name) {
			return
		}
		d.press("down")
	}
	d.t.Fatalf("there is no row %q:\n%s", name, d.screen())
}

// act presses keys and then reads what they did.
func (d *driver) act(keys ...string) {
	d.t.Helper()
	d.press(keys...)
	d.read()
}

// What differs from run to run.
var (
	logTimes    = regexp.MustCompile(`\d\d:\d\d:\d\d\.\d{3} +[0-9.]+(µs|ms|s)`)
	lockTokens  = regexp.MustCompile(`holdfast-[A-Z2-7]+`)
	sizes       = [][2]int{{40, 10}, {80, 24}, {200, 60}}
	sgr         = regexp.MustCompile(`\x1b\[[0-9;:]*m`)
	wrongInText = regexp.MustCompile("[\x00-\x09\x0b-\x1f\x7f\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufe00-\ufe0f]")
)

// gallery is the screen in every size, with what differs from run to run made the same.
func (d *driver) gallery() string {
	var b strings.Builder
	for _, s := range sizes {
		d.resize(s[0], s[1])
		d.check()
		fmt.Fprintf(&b, "%s %dx%d\n%s\n", strings.Repeat("=", s[0]-len(fmt.Sprintf(" %dx%d", s[0], s[1]))), s[0], s[1], d.screen())
	}
	return same(b.String())
}

// same takes out of a screen what differs from run to run.
func same(text string) string {
	text = logTimes.ReplaceAllString(text, "02:00:00.000   420µs")
	return lockTokens.ReplaceAllStringFunc(text, func(token string) string { return ("holdfast-" + strings.Repeat("A", 40))[:len(token)] })
}

// check holds the screen to what is always true of it: as many lines as the terminal has, none wider, and not one byte
// that a terminal would obey but for colours.
func (d *driver) check() {
	d.t.Helper()
	v := d.m.View()
	if err := fits(v, d.width(), d.height()); err != nil {
		d.t.Fatalf("%v:\n%s", err, d.screen())
	}
}

func (d *driver) width() int  { w, _ := d.m.Size(); return w }
func (d *driver) height() int { _, h := d.m.Size(); return h }

func fits(v tea.View, w, h int) error {
	lines := strings.Split(v.Content, "\n")
	if len(lines) != h && !(h == 0 && v.Content == "") {
		return fmt.Errorf("%d lines on a terminal of %d", len(lines), h)
	}
	for i, l := range lines {
		if got := max(ansi.StringWidth(l), ansi.StringWidthWc(l)); got > w {
			return fmt.Errorf("line %d has %d cells on a terminal of %d: %q", i+1, got, w, l)
		}
	}
	for i, l := range lines {
		if at := underlinedBlank(l); at >= 0 {
			return fmt.Errorf("line %d has underlined blanks in cell %d: %q", i+1, at, l)
		}
	}
	for _, text := range []string{v.Content, v.WindowTitle} {
		if at := wrongInText.FindString(sgr.ReplaceAllString(text, "")); at != "" {
			return fmt.Errorf("raw %q in %q", at, text)
		}
	}
	if strings.Contains(v.WindowTitle, "\n") {
		return fmt.Errorf("line break in the title %q", v.WindowTitle)
	}
	return nil
}

// underlinedBlank is where a line has two blanks with a line under them, which is no text but what fills a cell; -1: nowhere.
func underlinedBlank(line string) int {
	var runes []rune
	var under []bool
	on := false
	for len(line) > 0 {
		if seq := sgr.FindStringIndex(line); seq != nil && seq[0] == 0 {
			params := strings.FieldsFunc(line[2:seq[1]-1], func(r rune) bool { return r == ';' })
			on = on && len(params) > 0
			for i := 0; i < len(params); i++ {
				switch params[i] {
				case "0", "24":
					on = false
				case "4":
					on = true
				case "38", "48":
					i += map[string]int{"5": 2, "2": 4}[params[i+1]]
				}
			}
			line = line[seq[1]:]
			continue
		}
		r, size := utf8.DecodeRuneInString(line)
		runes, under, line = append(runes, r), append(under, on), line[size:]
	}
	for i, r := range runes {
		if i > 0 && under[i] && under[i-1] && r == ' ' && runes[i-1] == ' ' {
			return i
		}
	}
	return -1
}

func sorted(s []string) []string { slices.Sort(s); return s }
