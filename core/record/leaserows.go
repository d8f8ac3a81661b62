package record

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

var leaseSchema = kind.NewSchema(errMalformed)

// LeaseColumns are the columns of a living lease. The ID of its row is ns:id, the namespace in escaped form.
var LeaseColumns = struct {
	Namespace kind.Text
	Lease     kind.Int // its id
	Granted   kind.Duration
	Expires   kind.Time // on our clock; zero: never, by a foreign hand
	Records   kind.Int  // how many records depend on it
}{
	leaseSchema.Word("namespace"), leaseSchema.Int("id"), leaseSchema.Duration("granted_ms"), leaseSchema.Deadline("ttl_ms"),
	leaseSchema.Int("records"),
}

// LeaseRows reads and releases the leases of all namespaces under one prefix.
type LeaseRows struct {
	c      redis.UniversalClient
	prefix string
}

// NewLeaseRows reads under prefix; empty means "rec:".
func NewLeaseRows(c redis.UniversalClient, prefix string) *LeaseRows {
	return &LeaseRows{c: c, prefix: cmp.Or(prefix, KeyPrefix.Usual)}
}

// Kind is leases as a kind of state.
func (r *LeaseRows) Kind() kind.Kind {
	return kind.Kind{Name: "leases", Schema: leaseSchema, Source: r}
}

// Patterns find leases and their key sets.
func (r *LeaseRows) Patterns() []string {
	p := conn.EscapeGlob(r.prefix)
	return []string{p + "{*}:lease:*", p + "{*}:lk:*"}
}

// Identify names the row of a raw key: that of the lease or of its records.
func (r *LeaseRows) Identify(key string) (id string, ok bool) {
	kind, ns, name, ok := recognise(r.prefix, key)
	if !ok || (kind != ofLease && kind != ofKeys) {
		return "", false
	}
	return ns + ":" + name, true
}

// Keys are the raw keys of a row.
func (r *LeaseRows) Keys(id string) []string {
	ns, lease, _ := strings.Cut(id, ":")
	base := r.prefix + "{" + ns + "}:"
	return []string{base + "lease:" + lease, base + "lk:" + lease}
}

// Read fetches leases in one pipeline; missing ones are left out. Fields that the server refused to answer are marked
// as not known; if neither grant nor time to live is known, a second pipeline asks whether the lease exists. It writes
// nothing.
func (r *LeaseRows) Read(ctx context.Context, ids []string) ([]kind.Row, error) {
	granted := make([]*redis.StringCmd, len(ids))
	left := make([]*redis.IntCmd, len(ids))
	records := make([]*redis.IntCmd, len(ids))
	err := conn.Pipeline(ctx, r.c, func(p redis.Pipeliner) {
		for i, id := range ids {
			keys := r.Keys(id)
			granted[i], left[i], records[i] = p.GetRange(ctx, keys[0], 0, conn.MaxNumber-1), conn.PTTL(ctx, p, keys[0]), p.SCard(ctx, keys[1])
		}
	})
	if err != nil {
		return nil, conn.Fail("record: read leases", r.prefix, err)
	}
	now := time.Now()
	b := leaseSchema.Builder(len(ids))
	var doubtful []string
	for i, id := range ids {
		text, err := granted[i].Result()
		ttl, ttlErr := left[i].Result()
		if ttlErr == nil && ttl == -2 || ttlErr != nil && err == nil && text == "" {
			continue
		}
		b.Row(id)
		ns, lease, _ := strings.Cut(id, ":")
		LeaseColumns.Namespace.Set(b, name(ns))
		LeaseColumns.Lease.Set(b, int64(leaseID(lease)))
		LeaseColumns.Records.Set(b, records[i].Val())
		LeaseColumns.Granted.Unknown(b, err)
		LeaseColumns.Expires.Unknown(b, ttlErr)
		LeaseColumns.Records.Unknown(b, records[i].Err())
		if ttlErr == nil {
			LeaseColumns.Expires.Set(b, conn.Deadline(now, ttl))
		}
		for _, err := range []error{err, ttlErr, records[i].Err()} {
			if err != nil && !conn.Refused(err) {
				b.Bad(err)
			}
		}
		switch {
		case err == nil:
			ms, err := number("granted time", text)
			LeaseColumns.Granted.Set(b, time.Duration(ms)*time.Millisecond)
			b.Bad(err)
		case ttlErr != nil: // whether it lives at all
			doubtful = append(doubtful, r.Keys(id)[0])
		}
	}
	gone, err := conn.Gone(ctx, r.c, doubtful)
	if err != nil {
		return nil, conn.Fail("record: read leases", r.prefix, err)
	}
	return slices.DeleteFunc(b.Rows(), func(row kind.Row) bool { return len(gone) > 0 && gone[r.Keys(row.ID())[0]] }), nil
}

// What Inspect returns of the names of a lease's records.
const (
	inspectPage = 100     // names that are asked for at a time
	inspectRoom = 8 << 20 // bytes after which no further ones are
)

// Inspect returns the keys of the lease's records as a sorted JSON array; keys that are not UTF-8 stand as
// {"base64": "..."}. If they take more than 8 MiB it ends with {"left_out": why}.
func (r *LeaseRows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	const op = "record: inspect lease"
	keys := r.Keys(id)
	there, err := conn.Ask(ctx, r.c, redis.NewIntCmd(ctx, "exists", keys[0]))
	if err != nil || there == 0 {
		return nil, false, conn.Fail(op, keys[0], err)
	}
	var names []string
	var bytes int
	cursor, over := uint64(0), false
	for !over && bytes <= inspectRoom {
		some, next, err := conn.Elements(ctx, r.c, "sscan", keys[1], cursor, inspectPage)
		if errors.Is(err, conn.ErrTooLarge) {
			break
		}
		if err != nil {
			return nil, false, conn.Fail(op, keys[1], err)
		}
		for _, one := range some {
			bytes += len(one)
		}
		names, cursor, over = append(names, some...), next, next == 0
	}
	slices.Sort(names)
	names = slices.Compact(names) // a set that changes meanwhile may give one twice
	list := make([]any, len(names), len(names)+1)
	for i, n := range names {
		if list[i] = n; !utf8.ValidString(n) {
			list[i] = struct {
				Base64 []byte `json:"base64"`
			}{[]byte(n)}
		}
	}
	if !over {
		list = append(list, map[string]string{"left_out": fmt.Sprintf("the names of further records, after %d bytes", bytes)})
	}
	body, err = json.Marshal(list)
	return body, err == nil, conn.Fail(op, keys[0], err)
}

// RecordsOf are the IDs of the records that the content of a lease names, as Inspect gives it: rows of RecordRows,
// as far as they still exist.
func RecordsOf(lease kind.Row, content []byte) iter.Seq[string] {
	ns, _, _ := strings.Cut(lease.ID(), ":")
	return func(yield func(string) bool) {
		in := json.NewDecoder(bytes.NewReader(content))
		if _, err := in.Token(); err != nil {
			return
		}
		for in.More() {
			var text json.RawMessage
			var plain string
			var binary struct{ Base64 []byte }
			if in.Decode(&text) != nil || json.Unmarshal(text, &plain) != nil && json.Unmarshal(text, &binary) != nil {
				return
			}
			if binary.Base64 != nil {
				plain = string(binary.Base64)
			}
			if plain == "" { // what is left out
				return
			}
			if !yield(ns + ":" + conn.Escape(plain)) {
				return
			}
		}
	}
}

// Release ends the lease and removes its records: ErrWrongLeaseId if it is gone.
func (r *LeaseRows) Release(ctx context.Context, id string) error {
	ns, lease, _ := strings.Cut(id, ":")
	if !canonical(ns) || leaseID(lease) == 0 {
		return conn.Fail("record: release", id, fmt.Errorf("%w: not a lease's row", ErrBadArgument))
	}
	s, err := New(r.c, name(ns), Options{Prefix: r.prefix})
	if err != nil {
		return err
	}
	return s.ReleaseLease(ctx, leaseID(lease))
}
