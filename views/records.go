package views

import (
	"fmt"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/core/record"
	"holdfast/keymap"
	"holdfast/tui/view"
)

func records() View {
	c := record.RecordColumns
	leaseText := func(r kind.Row) string {
		if c.Lease.Of(r) == int64(record.NoLeaseId) {
			return "-"
		}
		return fmt.Sprint(c.Lease.Of(r))
	}
	return View{
		View: &view.View{
			Name: "records", Title: "Records", Short: "Recs", Kind: "records",
			Empty: "Services create one with record's Create, under rec:{namespace}:r:key.",
			Columns: []view.Column{
				textColumn("KEY", c.Key),
				textColumn("NAMESPACE", c.Namespace),
				number("VERSION", c.Version, nil),
				known(textOf("LEASE", leaseText), c.Lease.Err),
				valueColumn(c.Value),
			},
			Facts: facts(func(r kind.Row, _ view.Clock) []view.Fact {
				return []view.Fact{
					{Name: "key", Text: c.Key.Of(r)},
					{Name: "namespace", Text: c.Namespace.Of(r)},
					fact("version", fmt.Sprint(c.Version.Of(r)), c.Version.Err(r)),
					fact("lease", leaseText(r), c.Lease.Err(r)),
				}
			}),
			Links: links(func(r kind.Row, _ view.Lookup) []view.Link {
				if c.Lease.Of(r) == int64(record.NoLeaseId) {
					return nil
				}
				return []view.Link{{Label: "lease", View: "leases", ID: fmt.Sprintf("%s:%d", conn.Escape(c.Namespace.Of(r)), c.Lease.Of(r))}}
			}),
			Actions: []view.Action{
				{ID: keymap.Edit, Label: "edit", Edit: true},
				{
					ID: keymap.Delete, Label: "delete", Bulk: true,
					Blocked: func(r live.Row) string {
						if err := c.Version.Err(r.(kind.Row)); err != nil {
							return "its version is not known: " + err.Error()
						}
						return ""
					},
					Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
						return o.Delete("records", r.ID(), c.Version.Of(r.(kind.Row)))
					},
				},
			},
		},
		Fields: []Field{
			field("namespace", c.Namespace),
			field("key", c.Key),
			field("version", c.Version),
			field("lease", c.Lease),
			field("value", c.Value),
		},
	}
}

// valueColumn shows the beginning of a value.
func valueColumn(c kind.Bytes) view.Column {
	out := grow(widest(textOf("VALUE", func(r kind.Row) string { return preview(c.Text(r)) }), 60))
	out.Whole = func(r live.Row) string { return c.Text(r.(kind.Row)) }
	return known(out, c.Err)
}

// preview is as much of a value as a cell could show.
func preview(value string) string { return value[:min(len(value), 240)] }
