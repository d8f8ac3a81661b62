package overlay

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	rank "github.com/sahilm/fuzzy"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// Choice is one line of a picker. Its texts may be any bytes.
type Choice struct {
	Label, Hint string
	Pick        func() tea.Cmd
}

// picker is an overlay to choose one of many by typing: the palette, the sort column.
type picker struct {
	mute
	title string
	names []string // the labels of all as they are, which is what is looked for
	all   []Choice // with clean texts
	shown []Choice
	at    int
	end   string // why the last key did nothing
	Whole bool   // below the list stands in full what does not fit on the line of the chosen one
	input *field
	s     Scroller
}

// NewPicker offers choices; nothing is typed yet.
func NewPicker(title string, all []Choice) *picker {
	p := &picker{title: title, all: slices.Clone(all), input: newField("")}
	for i, c := range all {
		p.names = append(p.names, c.Label)
		p.all[i].Label, p.all[i].Hint = text.Line(c.Label), text.Line(c.Hint)
	}
	p.shown = p.all
	p.input.hint, p.input.focused = "type to narrow", true
	return p
}

func (p *picker) scope() keymap.Scope { return keymap.Palette }

func (p *picker) hints() []Hint {
	return HintsOf(keymap.Accept, keymap.NextChoice, keymap.PrevChoice, keymap.Cancel)
}

func (p *picker) act(a keymap.Action) (func() tea.Cmd, bool) {
	p.end = ""
	switch a {
	case keymap.PrevChoice, keymap.Up: // up and down are the wheel's
		if p.at--; p.at < 0 {
			p.end = ", this is the first"
		}
	case keymap.NextChoice, keymap.Down:
		if p.at++; p.at >= len(p.shown) {
			p.end = ", this is the last"
		}
	case keymap.Accept:
		if p.at < len(p.shown) {
			return p.shown[p.at].Pick, true
		}
	case keymap.Cancel:
		return nil, true
	}
	p.at = max(0, min(p.at, len(p.shown)-1))
	return nil, false
}

func (p *picker) click(_, y int) (func() tea.Cmd, bool) {
	i := p.s.Top + y - 1 // the input
	switch {
	case y < 1 || i < 0 || i >= len(p.shown):
	case i == p.at:
		return p.shown[i].Pick, true
	default:
		p.at = i
	}
	return nil, false
}

func (p *picker) typed(msg tea.Msg) tea.Cmd {
	before := p.input.text
	if p.input.take(msg); p.input.text != before {
		p.narrow(p.input.text)
	}
	return nil
}

func (p *picker) beside() (func() tea.Cmd, bool) { return nil, p.input.text == "" }

func (p *picker) intake() intake { return p.input.intake() }

// narrow keeps the choices that match, the best first.
func (p *picker) narrow(text string) {
	p.at, p.shown, p.end = 0, p.all, ""
	if text == "" {
		return
	}
	p.shown = nil
	for _, m := range rank.Find(text, p.names) {
		p.shown = append(p.shown, p.all[m.Index])
	}
}

// minShown is how many choices a picker shows before anything else.
const minShown = 2

// maxBelow is how many lines stand below the list of a picker at most.
const maxBelow = 4

// below is the choice in full, in as many lines as the longest one needs, so that the box keeps its size.
func (p *picker) below(th themes.Theme, w, wide int) []string {
	most := 0
	for _, c := range p.all {
		if text.Width(c.Label) > wide || text.Width(c.Hint) > w-wide-4 {
			most = max(most, 1+min(maxBelow, len(text.Wrap(c.Label+"  "+c.Hint, w))))
		}
	}
	out := make([]string, most)
	if most > 0 && p.at < len(p.shown) {
		c := p.shown[p.at]
		for i, l := range text.Wrap(c.Label+"  "+c.Hint, w) {
			if i+1 < most {
				out[i+1] = th.Text.Render(l)
			}
		}
	}
	return out
}

func (p *picker) draw(th themes.Theme, w, h int) (string, []string) {
	wide := 0
	for _, c := range p.all {
		wide = max(wide, text.Width(c.Label))
	}
	wide = min(wide, w/2)
	p.input.width = w - 1
	lines := make([]string, len(p.shown))
	for i, c := range p.shown {
		label := text.Fit(c.Label, wide, false)
		if i == p.at {
			lines[i] = th.RowSelected.Render("> " + text.Fit(label+"  "+c.Hint, w-2, false))
		} else {
			lines[i] = "  " + th.Text.Render(label) + "  " + th.Muted.Render(text.Cut(c.Hint, w-wide-4))
		}
	}
	var below []string
	if p.Whole {
		below = p.below(th, w, wide)
		below = below[:max(0, min(len(below), h-1-minShown))]
	}
	rows := max(1, min(h-1-len(below), len(p.all)))
	p.s.Asked = max(min(p.s.Asked, p.at), p.at-rows+1)
	shown := slices.Clone(p.s.View(lines, rows))
	if len(lines) == 0 {
		shown = []string{th.Muted.Render("nothing matches")}
	}
	for len(shown) < rows { // the box keeps its size while one types
		shown = append(shown, "")
	}
	return p.title + p.end, slices.Concat([]string{p.input.view()}, shown, below)
}
