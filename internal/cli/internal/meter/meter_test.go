//go:build unix

package meter

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/charmbracelet/x/xpty"
)

func TestAMeterShowsOnATerminalHowFarItIs(t *testing.T) {
	pty, err := xpty.NewPty(80, 24)
	if err != nil {
		t.Fatal(err)
	}
	m := New(pty.(*xpty.UnixPty).Slave(), "backup of \x1b[2Jdb")
	m.At(500, 2000, "pairs")
	m.At(501, 2000, "pairs") // too soon to be drawn
	m.At(2100, 2000, "pairs")
	m.End()
	_, _ = pty.(*xpty.UnixPty).Slave().WriteString("end")
	var shown bytes.Buffer
	for b := make([]byte, 1024); !strings.HasSuffix(shown.String(), "end"); {
		n, err := pty.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(b[:n])
	}
	pty.Close()
	const line = "\r\x1b[K"
	want := line + `backup of \x1b[2Jdb ███████░░░░░░░░░░░░░░░░░░░░░░░  25 % 500 of 2,000 pairs` +
		line + `backup of \x1b[2Jdb ██████████████████████████████ 100 % 2,100 of 2,100 pairs` + line + "end"
	if shown.String() != want {
		t.Errorf("%q\nwant %q", shown.String(), want)
	}
}

func TestAMeterShowsNothingElsewhere(t *testing.T) {
	var b bytes.Buffer
	for _, w := range []io.Writer{&b, io.Discard} {
		m := New(w, "x")
		m.At(1, 1, "pairs")
		m.End()
	}
	if b.Len() > 0 {
		t.Errorf("%q", b.String())
	}
}
