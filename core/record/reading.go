package record

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// reading is what was read of one record, before it is a row.
type reading struct {
	id      string
	version Version
	lease   LeaseId
	value   string
	problem error
	unknown struct{ version, lease, value error } // why each is not known
	// needs is the key whose existence decides whether there is such a row: that of its lease, or where no field was found
	// its own; empty: there is one.
	needs string
}

// reading takes a record from the length of its value and its fields.
func (r *RecordRows) reading(id string, size *redis.IntCmd, fields *redis.SliceCmd) reading {
	f := reading{id: id}
	f.fill(r, fields)
	switch length, err := size.Result(); {
	case f.problem != nil || err == nil && length <= conn.MaxUnasked:
	case conn.Refused(err):
		f.value, f.unknown.value = "", cmp.Or(f.unknown.value, err)
	default:
		f.value, f.problem = "", conn.Fail("record: read row", r.key(id), cmp.Or(err, conn.TooLarge(length)))
	}
	return f
}

func (f *reading) fill(r *RecordRows, cmd *redis.SliceCmd) {
	if strings.HasPrefix(f.id, "?") {
		f.problem, f.needs = errForeign, r.key(f.id)
		return
	}
	var fields answer
	fields, err := cmd.Result()
	switch {
	case conn.Refused(err):
		f.unknown.version, f.unknown.lease, f.unknown.value = err, err, err
		f.needs = r.key(f.id)
	case err != nil:
		if f.problem = err; redis.HasErrorPrefix(err, "WRONGTYPE") { // else it is the question that was refused
			f.problem = fmt.Errorf("%w: %w", errMalformed, err)
		}
	case fields[0] == nil && fields[1] == nil && fields[2] == nil:
		f.problem = fmt.Errorf("%w: a hash without a version", errMalformed)
		f.needs = r.key(f.id)
	default:
		version, lease, err := fields.numbers()
		if f.problem = err; err == nil {
			f.version, f.lease, f.value = version, lease, fields.text(0)
			f.needs = r.leaseOf(f.id, lease)
		}
	}
}

// lives tells whether there is such a row, after the answer to whether the key that it needs exists.
func (f *reading) lives(exists *redis.IntCmd) bool {
	const op = "record: look for the lease"
	switch n, err := exists.Result(); {
	case err == nil && n == 0 && f.lease == NoLeaseId:
		return false
	case err == nil && n == 0:
		f.problem = fmt.Errorf("lease %d: %w", f.lease, ErrLeaseGone)
	case err == nil || f.problem != nil:
	case !conn.Refused(err):
		f.problem = conn.Fail(op, f.needs, err)
	case f.lease != NoLeaseId:
		f.unknown.lease = conn.Fail(op, f.needs, err)
	}
	return true
}

func (f *reading) pack(b *kind.Builder) {
	b.Row(f.id)
	if ns, key, ours := strings.Cut(f.id, ":"); ours && !strings.HasPrefix(f.id, "?") {
		RecordColumns.Namespace.Set(b, name(ns))
		RecordColumns.Key.Set(b, name(key))
	}
	RecordColumns.Version.Set(b, int64(f.version))
	RecordColumns.Lease.Set(b, int64(f.lease))
	RecordColumns.Value.SetText(b, f.value)
	RecordColumns.Version.Unknown(b, f.unknown.version)
	RecordColumns.Lease.Unknown(b, f.unknown.lease)
	RecordColumns.Value.Unknown(b, f.unknown.value)
	b.Bad(f.problem)
}
