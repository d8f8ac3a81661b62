package views

import (
	"fmt"

	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/core/record"
	"holdfast/keymap"
	"holdfast/tui"
)

func records() View {
	type row = *record.RecordRow
	leaseText := func(r row) string {
		if r.Lease == int64(record.NoLeaseId) {
			return "-"
		}
		return fmt.Sprint(r.Lease)
	}
	noVersion, noLease, noValue := row.VersionErr, row.LeaseErr, row.ValueErr
	return View{
		View: &tui.View{
			Name: "records", Title: "Records", Short: "Recs", Kind: "records",
			Empty: "Services create one with record's Create, under rec:{namespace}:r:key.",
			Columns: []tui.Column{
				textColumn("KEY", func(r row) string { return r.Key }),
				textColumn("NAMESPACE", func(r row) string { return r.Namespace }),
				known(number("VERSION", func(r row) int64 { return r.Version }), noVersion),
				known(textColumn("LEASE", leaseText), noLease),
				known(valueColumn(func(r row) []byte { return r.Value }), noValue),
			},
			Facts: facts(func(r row, _ tui.Clock) []tui.Fact {
				return []tui.Fact{
					{Name: "key", Text: r.Key},
					{Name: "namespace", Text: r.Namespace},
					fact("version", fmt.Sprint(r.Version), r.VersionErr()),
					fact("lease", leaseText(r), r.LeaseErr()),
				}
			}),
			Links: links(func(r row, l tui.Lookup) []tui.Link {
				if r.Lease == int64(record.NoLeaseId) {
					return nil
				}
				return []tui.Link{{Label: "lease", View: "leases", ID: fmt.Sprintf("%s:%d", conn.Escape(r.Namespace), r.Lease)}}
			}),
			Actions: []tui.Action{
				{ID: keymap.Edit, Label: "edit", Edit: true},
				{
					ID: keymap.Delete, Label: "delete", Bulk: true,
					Blocked: func(r live.Row) string {
						if err := r.(row).VersionErr(); err != nil {
							return "its version is not known: " + err.Error()
						}
						return ""
					},
					Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
						return o.Delete("records", r.ID(), r.(row).Version)
					},
				},
			},
		},
		Fields: []Field{
			field("namespace", func(r row) any { return []byte(r.Namespace) }),
			field("key", func(r row) any { return []byte(r.Key) }),
			knownField(field("version", func(r row) any { return r.Version }), noVersion),
			knownField(field("lease", func(r row) any { return r.Lease }), noLease),
			knownField(field("value", func(r row) any { return r.Value }), noValue),
		},
	}
}

// valueColumn shows the beginning of a value.
func valueColumn[R live.Row](value func(R) []byte) tui.Column {
	c := grow(widest(textColumn("VALUE", func(r R) string { return preview(value(r)) }), 60))
	c.Whole = func(r live.Row) string { return string(value(r.(R))) }
	return c
}

// preview is as much of a value as a cell could show.
func preview(value []byte) string { return string(value[:min(len(value), 240)]) }
