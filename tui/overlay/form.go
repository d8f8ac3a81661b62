package overlay

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// Field is one input of a form.
type Field struct {
	Name  string // its key among the answers
	Label string
	Value string             // filled in
	Hint  string             // shown while it is empty
	Check func(string) error // nil: anything goes
}

// Form is a layer that asks for values; it stays open until all of them are good.
type Form struct {
	asking
	title  string
	fields []Field
	inputs []*field
	errs   []error
	at     int
	submit func(map[string]string) tea.Cmd
	starts []int // lines of the fields, as drawn last
}

// NewForm asks for fields; submit is given the answers by the names of the fields.
func NewForm(title string, fields []Field, about *Since, submit func(map[string]string) tea.Cmd) *Form {
	o := &Form{title: title, fields: fields, errs: make([]error, len(fields)), submit: submit, asking: asking{of: about}}
	for _, field := range fields {
		in := newField(field.Value)
		in.hint = field.Hint
		o.inputs = append(o.inputs, in)
	}
	o.focus(0)
	for i, field := range fields { // start where something is missing
		if field.Value == "" && field.Check != nil && field.Check("") != nil {
			o.focus(i)
			break
		}
	}
	return o
}

func (f *Form) focus(at int) {
	f.inputs[f.at].focused = false
	f.at = (at + len(f.inputs)) % len(f.inputs)
	f.inputs[f.at].focused = true
}

func (f *Form) scope() keymap.Scope { return keymap.Form }

func (f *Form) hints() []Hint {
	if f.of.changed() {
		return HintsOf(keymap.FormAgain, keymap.Accept, keymap.NextField, keymap.Cancel)
	}
	return HintsOf(keymap.Accept, keymap.NextField, keymap.Cancel)
}

func (f *Form) act(a keymap.Action) (func() tea.Cmd, bool) {
	switch a {
	case keymap.NextField:
		f.focus(f.at + 1)
	case keymap.PrevField:
		f.focus(f.at - 1)
	case keymap.Cancel:
		return nil, true
	case keymap.FormAgain:
		return f.of.renew()
	case keymap.Accept:
		answers, bad := f.answers()
		if bad >= 0 {
			f.focus(bad)
			return nil, false
		}
		return func() tea.Cmd { return f.submit(answers) }, true
	}
	return nil, false
}

// answers checks all fields; bad is the first wrong one, or -1.
func (f *Form) answers() (answers map[string]string, bad int) {
	answers, bad = map[string]string{}, -1
	for i, field := range f.fields {
		answers[field.Name] = f.inputs[i].text
		f.errs[i] = f.inputs[i].wrong()
		if f.errs[i] == nil && field.Check != nil {
			f.errs[i] = field.Check(answers[field.Name])
		}
		if f.errs[i] != nil && bad < 0 {
			bad = i
		}
	}
	return answers, bad
}

// changed tells that something was typed.
func (f *Form) changed() bool {
	for i, field := range f.fields {
		if f.inputs[i].text != field.Value {
			return true
		}
	}
	return false
}

// Keep takes over what was typed into an earlier form of the same fields.
func (f *Form) Keep(typed *Form) {
	for i := range f.inputs {
		if i < len(typed.inputs) && typed.inputs[i].text != typed.fields[i].Value {
			f.inputs[i].set(typed.inputs[i].text)
		}
	}
	f.focus(typed.at)
}

// click goes to a field.
func (f *Form) click(_, y int) (func() tea.Cmd, bool) {
	if i := slices.Index(f.starts, y); i >= 0 {
		f.focus(i)
	}
	return nil, false
}

func (f *Form) typed(msg tea.Msg) tea.Cmd {
	in := f.inputs[f.at]
	before := in.text
	if in.take(msg); in.text != before || in.cut {
		f.errs[f.at] = in.wrong()
	}
	return nil
}

// intake: a value may well end with a line break.
func (f *Form) intake() intake {
	in := f.inputs[f.at].intake()
	in.lines = true
	return in
}

func (f *Form) beside() (func() tea.Cmd, bool) { return nil, !f.changed() }

func (f *Form) draw(th themes.Theme, w, h int) (string, []string) {
	wide := 0
	for _, field := range f.fields {
		wide = max(wide, text.Width(field.Label))
	}
	var lines []string
	at := 0
	f.starts = f.starts[:0]
	for i, field := range f.fields {
		f.starts = append(f.starts, len(lines))
		mark := "  "
		if i == f.at {
			mark, at = "> ", len(lines)
		}
		f.inputs[i].width = max(1, w-wide-5)
		lines = append(lines, mark+th.Muted.Render(text.Fit(field.Label, wide, false))+"  "+f.inputs[i].view())
		if f.errs[i] != nil {
			for _, part := range text.Wrap(text.Line(f.errs[i].Error()), w-wide-4) {
				lines = append(lines, strings.Repeat(" ", wide+4)+th.Bad.Render(part))
			}
		}
	}
	foot := f.of.lines(th, w, keymap.FormAgain)
	foot = foot[max(0, len(foot)-h+1):]
	s := Scroller{Asked: at - (h-len(foot))/2}
	title, shown := s.above(f.title, lines, foot, h)
	for i := range f.starts {
		f.starts[i] -= s.Top
	}
	return title, shown
}
