package tui_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/charmbracelet/x/ansi"

	"holdfast/core/record"
)

// texts are what people and programs put in that a screen must not show as it is, or shows in its own way.
var texts = map[string]string{
	"JSON in lines":      "{\n  \"a\": 1\n}",
	"ends with a line":   "a\nb\n",
	"tabs":               "\ta\tb",
	"Devanagari":         "नमस्ते हिन्दी",
	"variation selector": "☎️ ❤️",
	"joined emoji":       "👨‍👩‍👧 👍🏽 🏳️‍🌈",
	"accents apart":      "e\u0301a\u0300\u0316",
	"an accent alone":    "\u0301",
	"right to left":      "שלום مرحبا\u200f",
	"bidi controls":      "a\u202eb\u2066c\u2069",
	"C1":                 "a\u009b31mb\u0085c",
	"escape":             "\x1b[31mred\x1b[0m",
	"zero width":         "a\u200bb\u200cc\ufeff",
	"tags":               "a\U000e0041\U000e007f",
	"many marks":         "a" + strings.Repeat("\u0301", 200),
	"odd spaces":         "a\u00a0b\u3164c\u2003d",
	"backslashes":        `\x1b \u202e \\n`,
	"Korean and kana":    "한국어 ｶﾞ 日本語",
	"long":               strings.Repeat("x\u0301y", 300),
}

func paste(text string) tea.PasteMsg { return tea.PasteMsg{Content: text} }

// byTerminal is a text as a terminal pastes it.
func byTerminal(text string) string { return strings.ReplaceAll(text, "\n", "\r") }

// keyed sends a text as keys, a character of any number of runes each.
func (d *driver) keyed(text string) {
	for text != "" {
		character, _ := ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
		d.send(tea.KeyPressMsg{Code: tea.KeyExtended, Text: character})
		text = text[len(character):]
	}
}

// What is put in is what is stored, found and copied, to the byte, whatever of it the screen shows otherwise.
func TestWhatIsPutInIsKeptToTheByte(t *testing.T) {
	for name, text := range texts {
		if testing.Short() && name != "escape" && name != "joined emoji" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Run("a pasted value", func(t *testing.T) { putsValue(t, text, func(d *driver) { d.send(paste(byTerminal(text))) }) })
			t.Run("a typed value", func(t *testing.T) { putsValue(t, keysOf(text), func(d *driver) { d.keyed(keysOf(text)) }) })
			t.Run("a pasted key", func(t *testing.T) {
				d := open(t, options{start: "locks"})
				d.press("l")
				d.press("ctrl+u")
				d.send(paste("lock:" + byTerminal(text)))
				d.check()
				d.act("enter", "y")
				if !d.mini.Exists("lock:" + text) {
					t.Errorf("locked %q", d.mini.Keys())
				}
			})
			t.Run("the name of a row in a form", func(t *testing.T) {
				text := strings.ReplaceAll(keysOf(text), ":", "") // others are no names of actors
				d := open(t, options{start: "actors"}, func(w *world) {
					id, err := json.Marshal(text)
					must(w.t, err)
					must(w.t, w.mini.Set("actor:"+text, fmt.Sprintf(`{"actorId":%s,"version":"1"}`, id)))
				})
				d.press("l")
				d.check()
				d.act("enter", "y")
				if !d.mini.Exists("lock:actor:" + text) {
					t.Errorf("locked %q", d.mini.Keys())
				}
			})
			t.Run("the inline editor", func(t *testing.T) {
				d := open(t, options{start: "records"}, func(w *world) { w.record("cfg", "k", "before "+text, record.NoLeaseId) })
				d.press("e")
				d.send(paste(byTerminal(text)))
				d.check()
				d.act("f2", "y")
				if got := d.stored("k"); got != text+"before "+text {
					t.Errorf("stored %q", got)
				}
				d.act("z", "y")
				if got := d.stored("k"); got != "before "+text {
					t.Errorf("undone to %q", got)
				}
			})
			t.Run("undo of a deletion", func(t *testing.T) {
				d := open(t, options{start: "records"}, func(w *world) { w.record("cfg", "k", text, record.NoLeaseId) })
				d.act("d", "y")
				d.act("z", "y")
				if got := d.stored("k"); got != text {
					t.Errorf("made again as %q", got)
				}
			})
			t.Run("a copied token", func(t *testing.T) {
				d := open(t, options{start: "locks"}, func(w *world) { w.lock("lock:a", text, time.Hour) })
				d.press("y", "c")
				d.typed("tok")
				d.press("enter")
				d.took(text)
				d.act("u", "y")
				if d.mini.Exists("lock:a") {
					t.Error("it is still locked")
				}
			})
			t.Run("a copied key", func(t *testing.T) {
				d := open(t, options{start: "locks"}, func(w *world) { w.lock("lock:"+text, "t", time.Hour) })
				d.press("y", "k")
				d.took("lock:" + text)
			})
			t.Run("copied content", func(t *testing.T) {
				d := open(t, options{start: "records"}, func(w *world) { w.record("cfg", "k", text, record.NoLeaseId) })
				d.press("enter", "y", "y")
				d.took(text)
				d.press("esc", "y", "c")
				d.typed("val")
				d.press("enter")
				d.took(text)
			})
			t.Run("a filter", func(t *testing.T) { finds(t, text, "/") })
			t.Run("a jump", func(t *testing.T) { finds(t, text, "'") })
			t.Run("a search", func(t *testing.T) {
				d := open(t, options{start: "records"}, func(w *world) { w.record("cfg", "k", "before "+strings.TrimSpace(text), record.NoLeaseId) })
				d.press("enter", "/")
				d.keyed(searched(text))
				d.check()
				d.hides("is not in the text")
			})
			t.Run("kept filters", func(t *testing.T) {
				var kept []string
				d := open(t, options{start: "buffers", keep: func(_ string, newest []string) error { kept = newest; return nil }}, shop)
				d.press("/")
				d.keyed("x" + searched(text) + "x")
				d.press("enter")
				d.check()
				if short := len([]rune(text)) < 900; short && (len(kept) != 1 || kept[0] != "x"+searched(text)+"x") {
					t.Errorf("kept %q", kept)
				}
			})
			t.Run("the palette", func(t *testing.T) {
				d := open(t, options{start: "locks"}, func(w *world) { w.lock("lock:"+text, "t", time.Hour) })
				d.press("enter", "esc", ":")
				d.keyed("lock:" + searched(text))
				d.check()
				d.shows("recent row of locks")
			})
		})
	}
}

// keysOf is of a text what has no key of its own, as enter has.
func keysOf(text string) string {
	return strings.NewReplacer("\n", "", "\t", "", "\x1b", "").Replace(text)
}

// searched is of a text what is on one line.
func searched(text string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(text, "\t"), "\n")
	line, _, _ = strings.Cut(line, "\t")
	return line
}

func putsValue(t *testing.T, text string, put func(*driver)) {
	d := open(t, options{start: "kv"}, shop)
	d.press("n")
	d.typed("k")
	d.press("tab")
	put(d)
	d.check()
	d.act("enter", "y")
	s, err := d.core.KV("flags")
	must(t, err)
	defer s.Close()
	pairs, err := s.Get([]byte("k"))
	must(t, err)
	if got := string(pairs[0].Value); got != text {
		t.Errorf("stored %q", got)
	}
}

// finds looks for a row by the whole of its name.
func finds(t *testing.T, text, by string) {
	d := open(t, options{start: "locks"}, func(w *world) {
		w.lock("lock:aa", "t", time.Hour)
		w.lock("lock:"+text, "t", time.Hour)
		w.lock("lock:~~", "t", time.Hour)
	})
	d.press(by)
	if by == "/" {
		d.keyed("lock:" + searched(text))
	} else {
		d.send(paste("lock:" + strings.TrimSuffix(text, "\n")))
	}
	d.check()
	d.hides("no row begins", "Nothing matches")
	if by == "/" {
		d.hides("lock:~~")
	} else if row := d.row(); strings.Contains(row, "lock:aa") || strings.Contains(row, "lock:~~") {
		t.Errorf("the cursor is on %s", row)
	}
	d.press("enter")
	d.check()
}
