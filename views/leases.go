package views

import (
	"fmt"
	"time"

	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/core/record"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/tui"
)

// maxLinks is how many records of a lease its detail links to.
const maxLinks = 20

func leases() View {
	type row = *record.LeaseRow
	deadline := func(r row) time.Time { return r.Expires }
	noTTL := func(r row) error { return r.ExpiresErr }
	noGranted := func(r row) error { return r.GrantedErr }
	noRecords := func(r row) error { return r.RecordsErr }
	return View{
		View: &tui.View{
			Name: "leases", Title: "Leases", Short: "Lses", Kind: "leases",
			Jump:  conn.Escape, // NAMESPACE is the first cell of text
			Empty: "Services create one with record's NewLease, under rec:{namespace}:lease:id.",
			Columns: []tui.Column{
				number("LEASE", func(r row) int64 { return r.LeaseID }),
				grow(textColumn("NAMESPACE", func(r row) string { return r.Namespace })),
				known(ttl("TTL", deadline), noTTL),
				known(tui.Column{
					Title: "GRANTED", Right: true,
					Text:    func(r live.Row, _ tui.Clock) string { return text.Age(r.(row).Granted) },
					Compare: number("", func(r row) int64 { return int64(r.Granted) }).Compare,
				}, noGranted),
				known(number("RECORDS", func(r row) int64 { return int64(r.Records) }), noRecords),
			},
			Facts: facts(func(r row, at tui.Clock) []tui.Fact {
				return []tui.Fact{
					{Name: "lease", Text: fmt.Sprint(r.LeaseID)},
					{Name: "namespace", Text: r.Namespace},
					fact("expires", leftWords(r.Expires, at), r.ExpiresErr),
					fact("granted for", text.Age(r.Granted), r.GrantedErr),
					fact("records", fmt.Sprintf("%d, deleted with the lease", r.Records), r.RecordsErr),
				}
			}),
			// The content names the records: to look for them among all there are would cost the more the more there are.
			Links: func(lease live.Row, l tui.Lookup, content []byte) (out []tui.Link) {
				r, all := lease.(row), l.Table("records")
				for id := range r.RecordsOf(content) {
					other, _ := all.Get(id)
					if rec, ok := other.(*record.RecordRow); ok && rec.Problem() == nil && rec.Lease == r.LeaseID {
						out = append(out, tui.Link{Label: "record", View: "records", ID: id})
					}
					if len(out) == maxLinks {
						break
					}
				}
				return out
			},
			Actions: []tui.Action{{
				ID: keymap.Delete, Label: "release", Bulk: true,
				Plan: func(o *operate.Operator, r live.Row, _ map[string]string) (operate.Action, error) {
					if r.(row).RecordsErr != nil {
						return o.ReleaseLease(r.ID(), -1), nil
					}
					return o.ReleaseLease(r.ID(), r.(row).Records), nil
				},
			}},
		},
		Fields: []Field{
			field("namespace", func(r row) any { return []byte(r.Namespace) }),
			field("id", func(r row) any { return r.LeaseID }),
			knownField(ttlField("ttl_ms", deadline), noTTL),
			knownField(field("granted_ms", func(r row) any { return r.Granted }), noGranted),
			knownField(field("records", func(r row) any { return int64(r.Records) }), noRecords),
		},
	}
}
