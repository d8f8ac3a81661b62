package views

import (
	"fmt"
	"time"

	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/core/record"
	"holdfast/keymap"
	"holdfast/tui"
)

// mostLinks is how many records of a lease its detail links to.
const mostLinks = 20

func leases() View {
	type row = *record.LeaseRow
	deadline := func(r row) time.Time { return r.Expires }
	return View{
		View: &tui.View{
			Name: "leases", Title: "Leases", Short: "Lses", Kind: "leases",
			Jump:  conn.Escape, // NAMESPACE is the first cell of text
			Empty: "A service makes one with record's NewLease, under rec:{namespace}:lease:id.",
			Columns: []tui.Column{
				number("LEASE", func(r row) int64 { return r.LeaseID }),
				grow(text("NAMESPACE", func(r row) string { return r.Namespace })),
				ttl("TTL", deadline),
				{
					Title: "GRANTED", Right: true,
					Text:    func(r live.Row, _ tui.Clock) string { return tui.Age(r.(row).Granted) },
					Compare: number("", func(r row) int64 { return int64(r.Granted) }).Compare,
				},
				number("RECORDS", func(r row) int64 { return int64(r.Records) }),
			},
			Facts: facts(func(r row, at tui.Clock) []tui.Fact {
				return []tui.Fact{
					{Name: "lease", Text: fmt.Sprint(r.LeaseID)},
					{Name: "namespace", Text: r.Namespace},
					{Name: "expiry", Text: leftWords(r.Expires, at)},
					{Name: "granted for", Text: tui.Age(r.Granted)},
					{Name: "records", Text: fmt.Sprintf("%d, deleted with the lease", r.Records)},
				}
			}),
			Links: links(func(r row, l tui.Lookup) []tui.Link {
				var out []tui.Link
				l.Table("records").Range(conn.Escape(r.Namespace)+":", func(other live.Row) bool {
					if rec := other.(*record.RecordRow); rec.Problem() == nil && rec.Lease == r.LeaseID {
						out = append(out, tui.Link{Label: "record", View: "records", ID: rec.ID()})
					}
					return len(out) < min(mostLinks, r.Records)
				})
				return out
			}),
			Actions: []tui.Action{{
				ID: keymap.Delete, Label: "release", Bulk: true,
				Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
					return o.ReleaseLease(r.ID(), r.(row).Records), nil
				},
			}},
		},
		Fields: []Field{
			field("namespace", func(r row) any { return []byte(r.Namespace) }),
			field("id", func(r row) any { return r.LeaseID }),
			ttlField("ttl_ms", deadline),
			field("granted_ms", func(r row) any { return r.Granted }),
			field("records", func(r row) any { return int64(r.Records) }),
		},
	}
}
