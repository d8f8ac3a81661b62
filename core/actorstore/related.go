package actorstore

import (
	"encoding/json"
	"strings"

	"holdfast/core/actorstore/internal/related"
)

// The newer writers keep more documents beside actors and workers, under keys of their own:
//
//	atespace:<name>
//	actor-template:<atespace>:<name>
//	actor-snapshot:<atespace>:<name>
//	actor-snapshot-tag:<atespace>:<name>
//
// They are shown as they are stored, on their own (DocumentRows) and with the actor that names them, and never written.

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
	found := related.Names{Base: base(r.Prefix), Space: space}
	if space != "" {
		found.Add("atespace:" + space)
	}
	if a.ActorTemplateName != "" && a.ActorTemplateNamespace != "" {
		found.Add("actor-template:" + a.ActorTemplateNamespace + ":" + a.ActorTemplateName)
	}
	found.Within("", doc)
	return found.Keys
}
