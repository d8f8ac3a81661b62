package overlay

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"holdfast/core/operate"
	"holdfast/internal/text"
)

// Sides are the lines that show a conflict: by members where it has them, else by the lines of both texts. None where
// both sides wrote the same.
func Sides(c operate.Conflict) []string {
	theirs := c.Now.Text()
	if theirs == c.Mine {
		return nil
	}
	if len(c.Members) == 0 {
		return bothDifferences(Difference(c.Was, theirs), Difference(c.Was, c.Mine))
	}
	var overlaps, alone []string
	for _, one := range c.Members {
		name := strings.Join(one.Path, ".")
		switch {
		case one.Overlaps():
			overlaps = append(overlaps, "! "+name+": both changed it")
			overlaps = slices.Concat(overlaps, value("  was    ", one.Was), value("- theirs ", one.Theirs), value("+ yours  ", one.Mine))
		case one.Theirs == one.Mine:
			alone = append(alone, "  "+name+": both changed it to the same")
			alone = slices.Concat(alone, value("  was    ", one.Was), value("  now    ", one.Mine))
		case one.Mine == one.Was:
			alone = append(alone, "  "+name+": only they changed it")
			alone = slices.Concat(alone, value("  was    ", one.Was), value("- theirs ", one.Theirs))
		default:
			alone = append(alone, "  "+name+": only you changed it")
			alone = slices.Concat(alone, value("  was    ", one.Was), value("+ yours  ", one.Mine))
		}
	}
	return append(overlaps, alone...)
}

// bothDifferences are two differences to the same text; what is taken away in both is marked.
func bothDifferences(theirs, yours []string) []string {
	for i, l := range theirs {
		if at := slices.Index(yours, l); at >= 0 && strings.HasPrefix(l, "-") {
			theirs[i], yours[at] = "!"+l[1:], "!"+l[1:]
		}
	}
	return slices.Concat([]string{"theirs, against what you opened:"}, theirs, []string{"", "yours, against what you opened:"}, yours)
}

// How a value of a member is shown in full: in lines of so many characters, and not more of them.
const (
	maxLine   = 60
	maxValues = 12
)

func value(label, json string) []string {
	if json == "" {
		return []string{label + "(none)"}
	}
	var lines []string
	for part := range slices.Chunk([]rune(text.Line(json)), maxLine) {
		if len(lines) == maxValues {
			return append(lines, fmt.Sprintf("%s… of %d bytes", label[:1]+strings.Repeat(" ", len(label)-1), len(json)))
		}
		lines = append(lines, label+string(part))
		label = label[:1] + strings.Repeat(" ", len(label)-1)
	}
	return lines
}

// Difference between two texts, line by line: - is only in the old one, + only in the new. None where they are the same.
func Difference(old, text string) []string {
	if !strings.HasSuffix(old, "\n") && !strings.HasSuffix(text, "\n") {
		old, text = old+"\n", text+"\n" // else the diff would say of both that their last line does not end
	}
	diff := strings.Split(strings.TrimSuffix(udiff.Unified("", "", old, text), "\n"), "\n")
	return diff[min(len(diff), len([]string{"---", "+++"})):]
}
