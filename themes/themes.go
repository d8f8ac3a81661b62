// Package themes turns a handful of colours into the styles of every visible thing: the screen asks for a token such as
// RowSelected or BadgeStale and never for a colour. No layout, no text and no state live here.
//
// Every state reads without colour, too: the attributes (bold, reverse, underline) are the same in all themes, so a
// terminal that drops colours (NO_COLOR, a serial console) shows what mono shows.
package themes

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"
)

// Theme holds every visual choice. It is a value: copies share nothing.
type Theme struct {
	Name string

	Text, Muted, Title          lipgloss.Style // prose, what may be overlooked, headings
	Good, Warn, Bad, Info       lipgloss.Style // words that judge
	Border, BorderFocus         lipgloss.Style // frames: foreground only
	Header, TabActive, TabIdle  lipgloss.Style
	BadgeLive, BadgePoll        lipgloss.Style // all is well: quiet
	BadgeStale, BadgePaused     lipgloss.Style // something is not as usual: a block
	BadgeReadOnly               lipgloss.Style
	ColumnTitle, SortedColumn   lipgloss.Style
	Row, RowSelected, RowMarked lipgloss.Style
	RowBad, RowChanged          lipgloss.Style // could not be read; changed a moment ago
	Match                       lipgloss.Style // the part of a cell that a filter found
	Key, KeyLabel               lipgloss.Style // key hints
	Overlay, OverlayTitle       lipgloss.Style // Overlay carries the box's border and padding
	Button, ButtonFocus, Danger lipgloss.Style // Danger: the focused button that changes the server
	ToastInfo, ToastGood        lipgloss.Style
	ToastBad                    lipgloss.Style
	JSONKey, JSONString         lipgloss.Style
	JSONNumber, JSONLiteral     lipgloss.Style // literals: true, false, null
	Spark                       lipgloss.Style
}

// Names lists the themes in the order in which they are offered.
func Names() []string { return []string{"dark", "light", "high-contrast", "colour-blind", "mono"} }

// Default is the theme for a terminal of which only the background is known.
func Default(isDark bool) Theme {
	if isDark {
		return build("dark", dark())
	}
	return build("light", light())
}

// Named returns the theme of that name. high-contrast and colour-blind come in two shades, for a dark and for a light
// background; the others are the same on both.
func Named(name string, isDark bool) (Theme, error) {
	p, err := paletteNamed(name, isDark)
	if err != nil {
		return Theme{}, err
	}
	return build(name, p), nil
}

func paletteNamed(name string, isDark bool) (palette, error) {
	switch name {
	case "dark":
		return dark(), nil
	case "light":
		return light(), nil
	case "high-contrast":
		return highContrast(isDark), nil
	case "colour-blind":
		return colourBlind(isDark), nil
	case "mono":
		return palette{}, nil
	}
	return palette{}, fmt.Errorf("unknown theme %q: one of %s", name, strings.Join(Names(), ", "))
}
