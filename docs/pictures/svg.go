//go:build linux

package main

import (
	"encoding/xml"
	"fmt"
	"image/color"
	"os"
	"strings"

	"holdfast/docs/rig"
)

// A cell is drawn this wide and high, in pixels.
const (
	cellWide = 8.43
	cellHigh = 16.4
	margin   = 12.0
)

// What the emulator says of a cell, bit by bit.
const (
	bold    = 1 << 0
	faint   = 1 << 1
	italic  = 1 << 2
	reverse = 1 << 5
)

// look is how a run of cells is drawn; an empty colour is the picture's own.
type look struct {
	fg, bg      string
	attrs       uint8
	isUnderline bool
}

const (
	paper = "#0d1117"
	ink   = "#e6e6e6"
)

// svg draws the screen: text stays text, cut into runs of one look, each of them as wide as its cells whatever the font.
func svg(x *rig.Terminal) string {
	x.Mu.Lock()
	defer x.Mu.Unlock()
	var blocks, texts strings.Builder
	for y := range x.High {
		for _, r := range runs(x, y) {
			r.draw(&blocks, &texts, y)
		}
	}
	w, h := float64(x.Wide)*cellWide+2*margin, float64(x.High)*cellHigh+2*margin
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f">
<style>text{font:14px "DejaVu Sans Mono",Menlo,Consolas,"Liberation Mono",monospace;white-space:pre}</style>
<rect width="100%%" height="100%%" rx="8" fill="%s"/>
%s<g fill="%s">
%s</g>
</svg>
`, w, h, w, h, paper, blocks.String(), ink, texts.String())
}

// run is text of one look, from one cell on.
type run struct {
	look
	at, cells int
	text      string
}

func runs(x *rig.Terminal, y int) (out []run) {
	for at := 0; at < x.Wide; at++ {
		c := x.Screen.CellAt(at, y)
		if c == nil || c.Width == 0 { // the second half of a wide one
			continue
		}
		l := look{hex(c.Style.Fg), hex(c.Style.Bg), c.Style.Attrs & (bold | faint | italic), c.Style.Underline != 0}
		if c.Style.Attrs&reverse != 0 {
			l.fg, l.bg = or(l.bg, paper), or(l.fg, ink)
		}
		text := c.Content
		if text == "" {
			text = " "
		}
		if n := len(out) - 1; n >= 0 && out[n].look == l {
			out[n].text += text
			out[n].cells += c.Width
			continue
		}
		out = append(out, run{l, at, c.Width, text})
	}
	return out
}

func (r run) draw(blocks, texts *strings.Builder, y int) {
	left, top := margin+float64(r.at)*cellWide, margin+float64(y)*cellHigh
	if r.bg != "" {
		fmt.Fprintf(blocks, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", left, top, float64(r.cells)*cellWide, cellHigh, r.bg)
	}
	text := strings.TrimRight(r.text, " ")
	if text == "" {
		return
	}
	r.cells -= len(r.text) - len(text)
	kept := strings.TrimLeft(text, " ")
	skipped := len(text) - len(kept)
	r.cells -= skipped
	left += float64(skipped) * cellWide
	style := ""
	if r.fg != "" {
		style += fmt.Sprintf(` fill="%s"`, r.fg)
	}
	for _, s := range []struct {
		on   bool
		text string
	}{
		{r.attrs&bold != 0, ` font-weight="bold"`},
		{r.attrs&italic != 0, ` font-style="italic"`},
		{r.attrs&faint != 0, ` opacity="0.7"`},
		{r.isUnderline, ` text-decoration="underline"`},
	} {
		if s.on {
			style += s.text
		}
	}
	var safe strings.Builder
	_ = xml.EscapeText(&safe, []byte(kept)) // a builder does not fail
	fmt.Fprintf(texts, `<text x="%.1f" y="%.1f" textLength="%.1f" xml:space="preserve"%s>%s</text>`+"\n",
		left, top+12.8, float64(r.cells)*cellWide, style, safe.String())
}

func hex(c color.Color) string {
	if c == nil {
		return ""
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// save writes what is on the screen as a picture.
func save(x *rig.Terminal, path string) error { return os.WriteFile(path, []byte(svg(x)), 0o644) }
