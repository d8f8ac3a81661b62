package themes

import (
	"image/color"

	"charm.land/lipgloss/v2"
)

// build gives every token its style, once and for all themes. A nil colour leaves a style uncoloured.
//
// Lip Gloss writes underlined text rune by rune, some ten times the bytes: underline is for short text and rare rows.
func build(name string, p palette) Theme {
	plain := lipgloss.NewStyle()
	bold := plain.Bold(true)
	text, title := plain.Foreground(p.text), bold.Foreground(p.accent)
	muted := plain.Foreground(p.muted).Faint(p.muted == nil) // faint on top of a colour would cost its contrast
	badge := func(s lipgloss.Style) lipgloss.Style { return s.Padding(0, 1) }
	focus := block(p.accent, p.ink).Bold(true)

	return Theme{
		Name: name,

		Text: text, Muted: muted, Title: title,
		Good: plain.Foreground(p.good), Info: plain.Foreground(p.info),
		Warn: bold.Foreground(p.warn), Bad: bold.Foreground(p.bad).Underline(true).UnderlineSpaces(false),
		Border: plain.Foreground(p.border), BorderFocus: title,

		Header: text, TabActive: badge(focus), TabIdle: badge(muted),
		BadgeLive: badge(bold.Foreground(p.good)), BadgePoll: badge(bold.Foreground(p.info)),
		BadgeStale: badge(block(p.bad, p.ink).Bold(true)), BadgePaused: badge(block(p.warn, p.ink)),
		BadgeReadOnly: badge(block(p.info, p.ink)),

		ColumnTitle: bold.Foreground(p.muted), SortedColumn: title.Underline(true),
		Row: text, RowSelected: focus, RowMarked: block(p.mark, p.text),
		RowBad: plain.Foreground(p.bad).Underline(true), RowChanged: bold.Foreground(p.warn),
		Match: bold.Foreground(p.warn).Underline(true),

		Key: title, KeyLabel: muted,
		Overlay:      text.Border(lipgloss.RoundedBorder()).BorderForeground(p.accent).Padding(0, 1),
		OverlayTitle: title,
		Button:       text.Padding(0, 2), ButtonFocus: focus.Padding(0, 2), Danger: block(p.bad, p.ink).Bold(true).Padding(0, 2),

		ToastInfo: badge(block(p.info, p.ink)), ToastGood: badge(block(p.good, p.ink)), ToastBad: badge(block(p.bad, p.ink).Bold(true)),

		JSONKey: title, JSONString: plain.Foreground(p.good), JSONNumber: plain.Foreground(p.info), JSONLiteral: bold.Foreground(p.warn),
		Spark: plain.Foreground(p.accent),
	}
}

// block is text of colour fore on an area of colour back, made by reversing the two: where colours are dropped the
// area is still there.
func block(back, fore color.Color) lipgloss.Style {
	return lipgloss.NewStyle().Foreground(back).Background(fore).Reverse(true)
}
