package cli

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/core"
	"holdfast/core/suggest"
	"holdfast/views"
)

// checkView refuses a view that there cannot be, whatever the server.
func (o *options) checkView(name string) error {
	if known := o.conf.ViewNames(o.connection); !slices.Contains(known, name) {
		return unknownView(name, known)
	}
	return nil
}

// viewOf finds a view, also one that a layout adds. Its rows are those of this core alone.
func viewOf(c *core.Core, name string) (views.View, error) {
	all := views.Of(views.Source{Layouts: c.Layouts, LeftOut: c.LayoutErrors})
	v, ok := all.Named(name)
	if !ok {
		return v, unknownView(name, all.Names())
	}
	return v, nil
}

func unknownView(name string, known []string) error {
	return fmt.Errorf("%w: unknown view %q: one of %s%s", errUsage, name, strings.Join(known, " "), suggest.DidYouMean(name, known))
}
