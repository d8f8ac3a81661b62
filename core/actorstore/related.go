package actorstore

import (
	"encoding/json"
	"slices"
	"strings"
)

// The newer writers keep more documents beside actors and workers, under keys of their own:
//
//	atespace:<name>
//	actor-template:<atespace>:<name>
//	actor-snapshot:<atespace>:<name>
//	actor-snapshot-tag:<atespace>:<name>
//
// They are shown as they are stored, on their own (DocumentRows) and with the actor that names them, and never written.

// maxRelated is how many documents an actor may name before the rest is passed by.
const maxRelated = 16

// Related are the keys of the documents that an actor of a newer writer names: its atespace, and each object within it that
// has a name and stands in a member for a template, a snapshot or a tag. Older documents name nothing that lies in Redis.
func (r *ActorRows) Related(id string, body []byte) []string {
	var doc map[string]any
	if json.Unmarshal(body, &doc) != nil {
		return nil
	}
	var a Actor
	if a.decode(string(body), false) != nil {
		return nil
	}
	space, _, spaced := strings.Cut(id, ":")
	switch {
	case a.Atespace != "":
		space = a.Atespace
	case !spaced:
		space = ""
	}
	if space == "" && a.newer == "" {
		return nil
	}
	names := references{base: base(r.prefix), space: space}
	if space != "" {
		names.add("atespace:" + space)
	}
	if a.ActorTemplateName != "" && a.ActorTemplateNamespace != "" {
		names.add("actor-template:" + a.ActorTemplateNamespace + ":" + a.ActorTemplateName)
	}
	names.within("", doc)
	return names.keys
}

// references collects keys, each once.
type references struct {
	base  string   // what stands before the prefixes of all keys
	space string   // of the actor; that of objects that tell none
	keys  []string // in the order in which they were found
}

func (f *references) add(key string) {
	if key = f.base + key; len(f.keys) < maxRelated && !slices.Contains(f.keys, key) {
		f.keys = append(f.keys, key)
	}
}

// within looks through a value. kind is the prefix that its member, or the next one around it that tells, stands for.
func (f *references) within(kind string, value any) {
	switch value := value.(type) {
	case []any:
		for _, inner := range value {
			f.within(kind, inner)
		}
	case map[string]any:
		if name, _ := value["name"].(string); kind != "" && name != "" {
			space, _ := value["atespace"].(string)
			if space == "" {
				space = f.space
			}
			f.add(kind + space + ":" + name)
		}
		members := make([]string, 0, len(value))
		for member := range value {
			members = append(members, member)
		}
		slices.Sort(members)
		for _, member := range members {
			f.within(kindOf(member, kind), value[member])
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
