package themes

import (
	"errors"
	"image/color"
	"regexp"
	"strconv"

	"charm.land/lipgloss/v2"
)

// User is a theme of the user's own: another one, but for some colours.
type User struct {
	Name    string
	BasedOn string            // one of Names; empty: dark or light, as the background is
	Colours map[string]string // by the name of a token, as Colour reads them
}

// Token is one colour that a theme is made of.
type Token struct {
	Name, Help string
	at         func(*palette) *color.Color
}

// Tokens lists the colours of a theme.
func Tokens() []Token {
	return []Token{
		{"text", "text", func(p *palette) *color.Color { return &p.text }},
		{"muted", "secondary text", func(p *palette) *color.Color { return &p.muted }},
		{"accent", "headings, keys and focus", func(p *palette) *color.Color { return &p.accent }},
		{"good", "all is well", func(p *palette) *color.Color { return &p.good }},
		{"warn", "look at this", func(p *palette) *color.Color { return &p.warn }},
		{"bad", "this is wrong", func(p *palette) *color.Color { return &p.bad }},
		{"info", "good to know", func(p *palette) *color.Color { return &p.info }},
		{"border", "frames without focus", func(p *palette) *color.Color { return &p.border }},
		{"mark", "behind marked rows", func(p *palette) *color.Color { return &p.mark }},
		{"ink", "text on a block of another colour", func(p *palette) *color.Color { return &p.ink }},
	}
}

// ErrColour says how a colour is written.
var ErrColour = errors.New("expected a colour: #rgb, #rrggbb, 0 to 255, or default for the terminal's own")

var hexColour = regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)

// Colour reads a colour; nil is the terminal's own.
func Colour(text string) (color.Color, error) {
	if text == "default" {
		return nil, nil
	}
	if n, err := strconv.Atoi(text); (err != nil || n < 0 || n > 255) && !hexColour.MatchString(text) {
		return nil, ErrColour
	}
	return lipgloss.Color(text), nil
}

// Theme is the user's theme on a background. An unknown token is left out, and a colour that is none as it was.
func (u User) Theme(isDark bool) Theme {
	name := u.BasedOn
	if name == "" {
		name = Default(isDark).Name
	}
	p, err := paletteNamed(name, isDark)
	if err != nil {
		return Default(isDark)
	}
	for _, t := range Tokens() {
		text, named := u.Colours[t.Name]
		if c, err := Colour(text); named && err == nil {
			*t.at(&p) = c
		}
	}
	return build(u.Name, p)
}
