package views

import (
	"fmt"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/core/record"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/tui/view"
)

// maxLinks is how many records of a lease its detail links to.
const maxLinks = 20

func leases() View {
	c, rec := record.LeaseColumns, record.RecordColumns
	return View{
		View: &view.View{
			Name: "leases", Title: "Leases", Short: "Lses", Kind: "leases",
			Jump:  conn.Escape, // NAMESPACE is the first cell of text
			Empty: "Services create one with record's NewLease, under rec:{namespace}:lease:id.",
			Columns: []view.Column{
				number("LEASE", c.Lease, nil),
				grow(textColumn("NAMESPACE", c.Namespace)),
				ttl("TTL", c.Expires),
				known(view.Column{
					Title: "GRANTED", Right: true,
					Text: func(r live.Row, _ view.Clock) string { return text.Age(c.Granted.Of(r.(kind.Row))) },
					Key:  c.Granted.AppendKey,
				}, c.Granted.Err),
				number("RECORDS", c.Records, nil),
			},
			Facts: facts(func(r kind.Row, at view.Clock) []view.Fact {
				return []view.Fact{
					{Name: "lease", Text: fmt.Sprint(c.Lease.Of(r))},
					{Name: "namespace", Text: c.Namespace.Of(r)},
					fact("expires", leftWords(c.Expires.Of(r), at), c.Expires.Err(r)),
					fact("granted for", text.Age(c.Granted.Of(r)), c.Granted.Err(r)),
					fact("records", fmt.Sprintf("%d, deleted with the lease", c.Records.Of(r)), c.Records.Err(r)),
				}
			}),
			// The content names the records: to look for them among all there are would cost the more the more there are.
			Links: func(lease live.Row, l view.Lookup, content []byte) (out []view.Link) {
				r, all := lease.(kind.Row), l.Table("records")
				for id := range record.RecordsOf(r, content) {
					if other, ok := all.Get(id); ok && !other.Bad() && rec.Lease.Of(other) == c.Lease.Of(r) {
						out = append(out, view.Link{Label: "record", View: "records", ID: id})
					}
					if len(out) == maxLinks {
						break
					}
				}
				return out
			},
			Actions: []view.Action{{
				ID: keymap.Delete, Label: "release", Bulk: true,
				Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
					if c.Records.Err(r.(kind.Row)) != nil {
						return o.ReleaseLease(r.ID(), -1), nil
					}
					return o.ReleaseLease(r.ID(), int(c.Records.Of(r.(kind.Row)))), nil
				},
			}},
		},
		Fields: []Field{
			field("namespace", c.Namespace),
			field("id", c.Lease),
			ttlField("ttl_ms", c.Expires),
			field("granted_ms", c.Granted),
			field("records", c.Records),
		},
	}
}
