package overlay

import (
	"strings"

	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

const helpKeys = 14 // cells for the keys of an action

// NewHelp lists keys, those of disabled actions dimmed, and what else is to be known of a table.
func NewHelp(title string, groups []keymap.Group, disabled func(keymap.Action) string) *pane {
	return &pane{title: title, text: func(th themes.Theme, w int) (int, func(int) string) {
		var lines []string
		for _, group := range groups {
			lines = append(lines, th.Title.Render(group.Title))
			for _, e := range group.Entries {
				keys := strings.Join(e.Keys, " ")
				key, says := th.Key, th.Text
				if disabled(e.Action) != "" {
					key, says = th.Muted, th.Muted
				}
				for _, part := range text.Wrap(e.Help, w-helpKeys-1) {
					lines = append(lines, key.Render(text.Fit(keys, helpKeys, false))+" "+says.Render(part))
					keys = ""
				}
			}
			lines = append(lines, "")
		}
		lines = append(lines, th.Title.Render("Filter"))
		for _, l := range []string{
			"word      its letters in this order in a cell",
			"!word     no cell contains it",
			"~expr     regular expression",
			"status:…  any of these, in one column",
			"",
		} {
			lines = append(lines, text.Styled(th.Text, text.Wrap(l, w))...)
		}
		lines = append(lines, th.Title.Render("Signs before a row"))
		for _, l := range []string{
			">  under the cursor",
			"*  marked",
			"~  changed a moment ago",
			"!  unreadable; on a marked row, before the reason",
		} {
			lines = append(lines, text.Styled(th.Text, text.Wrap(l, w))...)
		}
		return listed(lines)
	}}
}
