// Package related finds the documents that an actor of a newer writer names.
package related

import (
	"slices"
	"strings"
)

// maxRelated is how many documents an actor may name before the rest is passed by.
const maxRelated = 16

// Names collects keys, each once.
type Names struct {
	Base  string   // what stands before the prefixes of all keys
	Space string   // of the actor; that of objects that tell none
	Keys  []string // in the order in which they were found
}

// Add adds the key of a document.
func (f *Names) Add(key string) {
	if key = f.Base + key; len(f.Keys) < maxRelated && !slices.Contains(f.Keys, key) {
		f.Keys = append(f.Keys, key)
	}
}

// Within looks through a value. kind is the prefix that its member, or the next one around it that tells, stands for.
func (f *Names) Within(kind string, value any) {
	switch value := value.(type) {
	case []any:
		for _, inner := range value {
			f.Within(kind, inner)
		}
	case map[string]any:
		if name, _ := value["name"].(string); kind != "" && name != "" {
			space, _ := value["atespace"].(string)
			if space == "" {
				space = f.Space
			}
			f.Add(kind + space + ":" + name)
		}
		members := make([]string, 0, len(value))
		for member := range value {
			members = append(members, member)
		}
		slices.Sort(members)
		for _, member := range members {
			f.Within(kindOf(member, kind), value[member])
		}
	}
}

// kindOf is the prefix of what a member names; around is that of the value it stands in.
func kindOf(member, around string) string {
	switch low := strings.ToLower(member); {
	case strings.HasSuffix(low, "tag"), strings.HasSuffix(low, "tags"):
		return "actor-snapshot-tag:"
	case strings.Contains(low, "snapshot"):
		return "actor-snapshot:"
	case strings.HasSuffix(low, "template"):
		return "actor-template:"
	case low == "metadata" || strings.Contains(low, "worker") || strings.Contains(low, "actor"):
		return "" // of somebody else
	}
	return around
}
