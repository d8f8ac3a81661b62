package views

import (
	"strings"

	"github.com/dustin/go-humanize"

	"holdfast/core/actorstore"
	"holdfast/core/kind"
	"holdfast/tui/view"
)

// documents lists what newer writers keep beside actors: atespaces, templates, snapshots and their tags. The overview leads
// here, and so does an actor that names one.
func documents() View {
	c := actorstore.DocumentColumns
	return View{
		View: &view.View{
			Name: "documents", Title: "Documents", Short: "Docs", Kind: "documents", Parent: "actors",
			Empty: "Newer writers of actors keep atespaces, templates, snapshots and tags, under atespace:name, actor-template:atespace:name and so on.",
			Columns: []view.Column{
				grow(textColumn("NAME", c.Name)),
				textColumn("TYPE", c.Type),
				textColumn("ATESPACE", c.Atespace),
				number("VERSION", c.Version, nil),
				number("BYTES", c.Bytes, nil),
			},
			Facts: facts(func(r kind.Row, _ view.Clock) []view.Fact {
				return []view.Fact{
					{Name: "name", Text: c.Name.Of(r)},
					{Name: "type", Text: c.Type.Of(r)},
					{Name: "atespace", Text: c.Atespace.Of(r)},
					{Name: "bytes", Text: humanize.Comma(c.Bytes.Of(r))},
					{Name: "read-only", Text: "holdfast only shows the documents of this writer", Tone: view.Muted},
				}
			}),
			Links: links(func(r kind.Row, l view.Lookup) []view.Link {
				return documentLinks(l, r.ID(), "atespace:"+c.Atespace.Of(r))
			}),
		},
		Fields: []Field{
			field("type", c.Type),
			field("atespace", c.Atespace),
			field("name", c.Name),
			field("version", c.Version),
			field("bytes", c.Bytes),
		},
	}
}

// documentsOf are links to the documents that an actor names.
func documentsOf(actor string, l view.Lookup, content []byte) []view.Link {
	return documentLinks(l, "", actorstore.NewActorRows(nil, "").Related(actor, content)...)
}

// documentLinks are links to the documents that are there, but not to that which leads there.
func documentLinks(l view.Lookup, from string, ids ...string) (out []view.Link) {
	for _, id := range ids {
		if _, there := l.Table("documents").Get(id); there && id != from {
			out = append(out, view.Link{Label: id[:strings.Index(id, ":")], View: "documents", ID: id, Within: id[:strings.LastIndex(id, ":")+1]})
		}
	}
	return out
}
