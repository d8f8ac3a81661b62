//go:build unix

package cli

import (
	"image/color"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/charmbracelet/x/vt"
	"github.com/charmbracelet/x/xpty"

	"holdfast/internal/redistest"
)

// What the binary writes to a terminal with a background of its own: which colours, and which modes of the mouse.

// written is all that came out of a terminal so far.
type written struct {
	mu sync.Mutex
	b  strings.Builder
}

func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(b)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// dashboardOn starts the dashboard in a terminal that says its background is of a colour.
func dashboardOn(t *testing.T, background color.Color, environ []string, args ...string) (*written, func(keys string)) {
	t.Helper()
	pty, err := xpty.NewPty(wide, high)
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	screen := vt.NewSafeEmulator(wide, high)
	screen.SetDefaultBackgroundColor(background)
	cmd := exec.Command(binary(t), args...)
	cmd.Dir, cmd.SysProcAttr = home, &syscall.SysProcAttr{Setsid: true, Setctty: true}
	cmd.Env = append([]string{"TERM=xterm-256color", "HOME=" + home, "XDG_CONFIG_HOME=" + home, "PATH=" + os.Getenv("PATH")}, environ...)
	if err := pty.Start(cmd); err != nil {
		t.Fatal(err)
	}
	out := &written{}
	go io.Copy(io.MultiWriter(out, screen), pty)
	go io.Copy(pty, screen) // what it answers when it is asked
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = pty.Close()
		_ = screen.InputPipe().(io.Closer).Close()
	})
	return out, func(keys string) {
		if _, err := io.WriteString(pty, keys); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *written) has(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		redistest.Eventually(t, "the dashboard wrote "+strings.ReplaceAll(text, "\x1b", "ESC"), func() bool { return strings.Contains(w.String(), text) })
	}
}

// The colours of text in the two themes.
const (
	textOfDark  = "38;2;230;230;230"
	textOfLight = "38;2;28;28;28"
)

func TestTheBackgroundChoosesTheTheme(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.stock(t)
	for _, c := range []struct {
		name       string
		background color.Color
		environ    []string
		want       string
	}{
		{"dark", color.Black, nil, textOfDark},
		{"light", color.White, nil, textOfLight},
		{"light, but asked for dark", color.White, []string{"HOLDFAST_THEME=dark"}, textOfDark},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, _ := dashboardOn(t, c.background, append(c.environ, "COLORTERM=truecolor"), append(s.flags, "--view", "locks")...)
			out.has(t, "lock:nightly", c.want)
		})
	}
}

// chosen are SGR that choose a colour.
var chosen = regexp.MustCompile(`\x1b\[(?:[0-9:]*;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;:][0-9;:]*)?m`)

func TestNoColorIsObeyed(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	s.stock(t)
	out, types := dashboardOn(t, color.Black, []string{"NO_COLOR=1", "COLORTERM=truecolor"}, append(s.flags, "--view", "locks")...)
	out.has(t, "lock:nightly")
	types("?")
	out.has(t, "Keys of Locks")
	types("q8\r")
	out.has(t, "Raw keys")
	if at := chosen.FindString(out.String()); at != "" {
		t.Errorf("a colour was chosen: %q", at)
	}
	out.has(t, "\x1b[1") // bold
}

// The mouse is asked for at the start, and given back when the operator wants it and at the end.
func TestTheMouseIsGivenBack(t *testing.T) {
	const on, off = "\x1b[?1002h", "\x1b[?1002l"
	s := newServer(t, redistest.Single(t))
	s.stock(t)
	out, types := dashboardOn(t, color.Black, nil, append(s.flags, "--view", "locks")...)
	out.has(t, "lock:nightly", on)
	types("\x1b[<0;3;2M\x1b[<0;3;2m") // a click on the first tab
	out.has(t, "oldest: ")
	types("M")
	out.has(t, "select text as usual", off)
	types("M")
	redistest.Eventually(t, "the mouse is taken back", func() bool { return strings.Count(out.String(), on) == 2 })
	types("6yy")
	out.has(t, "\x1b]52;c;bG9jazpuaWdodGx5") // lock:nightly
	types("q")
	redistest.Eventually(t, "the mouse is given back", func() bool { return strings.Count(out.String(), off) >= 2 })
}
