package themes

import (
	"image/color"

	"charm.land/lipgloss/v2"
)

// palette is all that differs from theme to theme. A nil colour is the terminal's own: the zero palette is mono.
//
// What the test holds them to: text colours keep a contrast of 4.5 (high-contrast: 7) to the common backgrounds of
// their shade, ink keeps it to all of them, text keeps it to mark; and on 16 colours no two that matter become one.
type palette struct {
	text, muted           color.Color
	accent                color.Color // headings, keys, focus
	good, warn, bad, info color.Color
	border                color.Color // frames without focus
	mark                  color.Color // behind marked rows, under text
	ink                   color.Color // text on a block of another colour
}

func dark() palette {
	return palette{
		text: hex("#e6e6e6"), muted: hex("#b2b2b2"), accent: hex("#7cc4ff"),
		good: hex("#7ddc91"), warn: hex("#ffee55"), bad: hex("#ff9a92"), info: hex("#c3b5ff"),
		border: hex("#767676"), mark: hex("#34455e"), ink: hex("#0d1117"),
	}
}

func light() palette {
	return palette{
		text: hex("#1c1c1c"), muted: hex("#585858"), accent: hex("#0550ae"),
		good: hex("#116329"), warn: hex("#6b5600"), bad: hex("#a40e26"), info: hex("#5f35ae"),
		border: hex("#767676"), mark: hex("#cfe3ff"), ink: hex("#ffffff"),
	}
}

func highContrast(isDark bool) palette {
	if isDark {
		return palette{
			text: hex("#ffffff"), muted: hex("#dddddd"), accent: hex("#7fe0ff"),
			good: hex("#6bff85"), warn: hex("#ffee55"), bad: hex("#ffb5ae"), info: hex("#d9ccff"),
			border: hex("#ffffff"), mark: hex("#003f8a"), ink: hex("#000000"),
		}
	}
	return palette{
		text: hex("#000000"), muted: hex("#333333"), accent: hex("#003a80"),
		good: hex("#00450f"), warn: hex("#523300"), bad: hex("#7a0014"), info: hex("#3d1a80"),
		border: hex("#000000"), mark: hex("#ffdd80"), ink: hex("#ffffff"),
	}
}

// colourBlind leaves red against green out: good is blue, warn yellow, bad
// orange-red, each also of its own lightness.
func colourBlind(isDark bool) palette {
	if isDark {
		return palette{
			text: hex("#e6e6e6"), muted: hex("#b2b2b2"), accent: hex("#dedede"),
			good: hex("#6cbcff"), warn: hex("#fff3a0"), bad: hex("#ff7f32"), info: hex("#c3b5ff"),
			border: hex("#767676"), mark: hex("#34455e"), ink: hex("#0d1117"),
		}
	}
	return palette{
		text: hex("#000000"), muted: hex("#585858"), accent: hex("#333333"),
		good: hex("#0059b3"), warn: hex("#705a00"), bad: hex("#600c00"), info: hex("#5f35ae"),
		border: hex("#767676"), mark: hex("#cfe3ff"), ink: hex("#ffffff"),
	}
}

func hex(code string) color.Color { return lipgloss.Color(code) }
