package cli

import (
	"fmt"

	"holdfast/views"
)

func viewNamed(name string) (views.View, error) {
	v, ok := views.Named(name)
	if !ok {
		return v, fmt.Errorf("%w: unknown view %q: one of %s", errUsage, name, views.Names())
	}
	return v, nil
}
