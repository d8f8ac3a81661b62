package themes

import (
	"testing"

	"charm.land/lipgloss/v2"
)

// A theme of the user's own is the one it is based on, but for the colours it names.
func TestUserTheme(t *testing.T) {
	u := User{Name: "night", BasedOn: "light", Colours: map[string]string{"good": "#0f0", "text": "default", "bad": "1"}}
	want := light()
	want.good, want.text, want.bad = lipgloss.Color("#0f0"), nil, lipgloss.Color("1")
	for _, isDark := range []bool{true, false} {
		got, all := u.Theme(isDark), build("night", want)
		if got.Name != "night" || got.Good.Render("x") != all.Good.Render("x") || got.Row.Render("x") != all.Row.Render("x") ||
			got.Bad.Render("x") != all.Bad.Render("x") || got.Title.Render("x") != Default(false).Title.Render("x") {
			t.Errorf("on dark %v: %q, %q, %q", isDark, got.Good.Render("x"), got.Row.Render("x"), got.Bad.Render("x"))
		}
		plain := User{Name: "plain"}.Theme(isDark)
		if plain.Text.Render("x") != Default(isDark).Text.Render("x") {
			t.Errorf("on dark %v a theme based on none is not the usual one", isDark)
		}
	}
}

// Every colour of a palette has a token.
func TestTokensNameThePalette(t *testing.T) {
	p := palette{}
	for _, token := range Tokens() {
		at := token.at(&p)
		if *at != nil || token.Help == "" {
			t.Errorf("%s is there twice, or has no help", token.Name)
		}
		*at = hex("#123456")
	}
	for token, c := range p.texts() {
		if c == nil {
			t.Errorf("no token for %s", token)
		}
	}
	if p.border == nil || p.mark == nil || p.ink == nil {
		t.Error("no token for border, mark or ink")
	}
}

func TestColour(t *testing.T) {
	for text, ok := range map[string]bool{
		"#fff": true, "#A0b1c2": true, "0": true, "255": true, "default": true, "256": false, "-1": false, "": false, "red": false, "#ff": false, "#ggg": false,
		"#fff\x1b": false,
	} {
		if _, err := Colour(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}
