package tui

import (
	"time"

	"holdfast/themes"
)

// toast is a short message above the key hints. Failures stay longer and until the next key.
type toast struct {
	text  string
	tone  Tone
	until time.Time
}

func newToast(text string, tone Tone, now time.Time) toast {
	stays := 4 * time.Second
	if tone == Bad || tone == Warn {
		stays = 12 * time.Second
	}
	return toast{text, tone, now.Add(stays)}
}

func (t toast) render(th themes.Theme, width int, now time.Time) string {
	if t.text == "" || now.After(t.until) {
		return ""
	}
	switch t.tone {
	case Bad:
		return th.ToastBad.Render(cut("failed: "+Clean(t.text), width))
	case Warn:
		return th.ToastBad.Render(cut("refused: "+Clean(t.text), width))
	case Good:
		return th.ToastGood.Render(cut("done: "+Clean(t.text), width))
	}
	return th.ToastInfo.Render(cut(Clean(t.text), width))
}
