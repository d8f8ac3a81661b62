package insight

import (
	"fmt"
	"strings"
)

// Docs is docs/findings.md: what each rule recognises, and what to do about it.
func Docs() string {
	var b strings.Builder
	b.WriteString("# Findings\n\nWhat holdfast recognises as wrong: on the overview, in the view `findings` and with `holdfast check`. This page is made from the rules.\n\n" +
		"*bad*: state is lost, or two parts of it contradict each other. *warn*: it will not mend itself. *info*: worth a look. What cannot be read is *unknown*, with the reason, and never fine.\n\n" +
		"| Code | Severity | About | When | Threshold | What to do |\n|---|---|---|---|---|---|\n")
	for i, r := range rules {
		about := []string{}
		for j, other := range rules {
			if other.Code != r.Code {
				continue
			}
			if j < i {
				about = nil
				break
			}
			about = append(about, string(other.Kind))
		}
		if about == nil {
			continue
		}
		limit := "-"
		switch {
		case r.Age != 0:
			limit = "`" + plain(r.Age) + "`"
		case r.Count != 0:
			limit = fmt.Sprintf("`%d`", r.Count)
		}
		name := strings.Join(about, ", ")
		if name == "" {
			name = "the server"
		}
		when := strings.NewReplacer("AGE", "the threshold", "COUNT", "the threshold").Replace(r.When)
		if r.Twice {
			when += ". One reading cannot tell"
		}
		advice := r.Advice
		for n, fix := range r.Fixes {
			if n == 0 {
				advice += " (actions: "
			} else {
				advice += ", "
			}
			advice += "`" + string(fix) + "`"
		}
		if len(r.Fixes) > 0 {
			advice += ")"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", r.Code, r.Severity, name, when, limit, advice)
	}
	return b.String()
}
