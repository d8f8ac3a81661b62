package themes

import (
	"fmt"
	"image/color"
	"math"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/lucasb-eyer/go-colorful"
)

// shade is a palette with the backgrounds that its users are likely to have.
type shade struct {
	palette     palette
	backgrounds []string
	contrast    float64 // WCAG 2: 4.5 is AA for text, 7 is AAA
}

func shades() map[string]shade {
	// Black, VS Code, One Dark, Solarized, Ubuntu, Nord; white, Solarized, grey, Catppuccin Latte.
	darks := []string{"#000000", "#1e1e1e", "#282c34", "#002b36", "#300a24", "#2e3440"}
	lights := []string{"#ffffff", "#fdf6e3", "#eeeeee", "#eff1f5"}
	return map[string]shade{
		"dark":                   {dark(), darks, 4.5},
		"light":                  {light(), lights, 4.5},
		"high-contrast on dark":  {highContrast(true), darks, 7},
		"high-contrast on light": {highContrast(false), lights, 7},
		"colour-blind on dark":   {colourBlind(true), darks, 4.5},
		"colour-blind on light":  {colourBlind(false), lights, 4.5},
	}
}

func (p palette) texts() map[string]color.Color {
	return map[string]color.Color{
		"text": p.text, "muted": p.muted, "accent": p.accent, "good": p.good, "warn": p.warn, "bad": p.bad, "info": p.info,
	}
}

func linear(c color.Color) (r, g, b float64) {
	exact, _ := colorful.MakeColor(c)
	return exact.LinearRgb()
}

// contrast of two colours after WCAG 2: from 1 to 21.
func contrast(a, b color.Color) float64 {
	luminance := func(c color.Color) float64 {
		r, g, b := linear(c)
		return 0.2126*r + 0.7152*g + 0.0722*b
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestTextCanBeRead(t *testing.T) {
	for name, s := range shades() {
		for token, c := range s.palette.texts() {
			for _, back := range s.backgrounds {
				if got := contrast(c, hex(back)); got < s.contrast {
					t.Errorf("%s: %s on %s has contrast %.1f, want %.1f", name, token, back, got, s.contrast)
				}
			}
			if got := contrast(c, s.palette.ink); got < s.contrast {
				t.Errorf("%s: ink on %s has contrast %.1f, want %.1f", name, token, got, s.contrast)
			}
		}
		if got := contrast(s.palette.text, s.palette.mark); got < s.contrast {
			t.Errorf("%s: text on a mark has contrast %.1f, want %.1f", name, got, s.contrast)
		}
	}
}

// sight simulates a missing kind of cone in linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
type sight [3][3]float64

func sights() map[string]sight {
	return map[string]sight{
		"full sight":   {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
		"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
		"tritanopia":   {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
	}
}

func (s sight) sees(c color.Color) colorful.Color {
	r, g, b := linear(c)
	row := func(i int) float64 { return s[i][0]*r + s[i][1]*g + s[i][2]*b }
	return colorful.LinearRgb(row(0), row(1), row(2)).Clamped()
}

// difference of two colours as that sight sees them: CIEDE2000, in which 1 can just be seen and 100 is black to white.
func (s sight) difference(a, b color.Color) float64 {
	return 100 * s.sees(a).DistanceCIEDE2000(s.sees(b))
}

func TestColourBlindKeepsStatesApart(t *testing.T) {
	for _, isDark := range []bool{true, false} {
		p := colourBlind(isDark)
		for name, s := range sights() {
			for pair, d := range map[string]float64{
				"good and warn": s.difference(p.good, p.warn),
				"good and bad":  s.difference(p.good, p.bad),
				"warn and bad":  s.difference(p.warn, p.bad),
				"bad and text":  s.difference(p.bad, p.text),
				"good and text": s.difference(p.good, p.text),
			} {
				if d < 15 {
					t.Errorf("dark background %v, %s: %s differ by %.0f only", isDark, name, pair, d)
				}
			}
		}
	}
	// The measure sees what it is there for: the ordinary theme's green and red fall together without green cones.
	if d := sights()["deuteranopia"].difference(dark().good, dark().bad); d > 5 {
		t.Errorf("dark's good and bad differ by %.0f in deuteranopia", d)
	}
}

// On terminals of 16 and of 256 colours each colour becomes the nearest one there: the states must not meet in one,
// nor text in its background.
func TestFewColours(t *testing.T) {
	for name, s := range shades() {
		p := s.palette
		for _, profile := range []colorprofile.Profile{colorprofile.ANSI, colorprofile.ANSI256} {
			apart := func(what string, a, b color.Color) {
				if x, y := profile.Convert(a), profile.Convert(b); x == y {
					t.Errorf("%s, %v: %s are both %v", name, profile, what, x)
				}
			}
			apart("good and warn", p.good, p.warn)
			apart("good and bad", p.good, p.bad)
			apart("warn and bad", p.warn, p.bad)
			apart("text and mark", p.text, p.mark)
			for token, c := range p.texts() {
				apart(token+" and ink", c, p.ink)
				apart(token+" and the background", c, hex(s.backgrounds[0]))
			}
		}
	}
}

func TestEveryColourIsOne(t *testing.T) {
	for name, s := range shades() {
		for token, c := range s.palette.texts() {
			if c == nil || c == (lipgloss.NoColor{}) {
				t.Errorf("%s: %s is no colour", name, token)
			}
		}
		for _, c := range []color.Color{s.palette.border, s.palette.mark, s.palette.ink} {
			if c == nil || c == (lipgloss.NoColor{}) {
				t.Errorf("%s: border, mark or ink is no colour", name)
			}
		}
	}
}

func TestContrastIsThatOfWCAG(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#777777", "#ffffff", 4.48}, {"#ff0000", "#ffffff", 4}} {
		if got := contrast(hex(c.a), hex(c.b)); math.Abs(got-c.want) > 0.01 {
			t.Error(fmt.Sprintf("%s on %s", c.a, c.b), got, c.want)
		}
	}
}
