package redisdb

import (
	"cmp"
	"math"

	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/rate"
)

var (
	schema     = kind.NewSchema(errForeign, errMalformed)
	pairSchema = kind.NewSchema(errMalformed, conn.ErrTooLarge)
)

// Columns are the columns of a database.
var Columns = struct {
	Database  kind.Text // as its owner named it; the ID is escaped
	Keys      kind.Int  // may count keys that expired a moment ago
	Changes   kind.Uint // number of the last change
	Applied   kind.Uint // number of the last change applied from a master; 0: no replica
	LogLength kind.Int
	Restoring kind.Bool  // a restore was decided and is not finished
	Replicas  kind.Bytes // packed: see Replicas
}{
	Database: schema.Text("database"), Keys: schema.Int("keys"), Changes: schema.Uint("changes"), Applied: schema.Uint("applied"),
	LogLength: schema.Int("log"), Restoring: schema.Bool("restoring"), Replicas: schema.Bytes("reports"),
}

// What a row of a database holds besides.
var (
	reported = schema.Int("reported")  // how many replicas there are, of which Columns.Replicas has the first few
	restores = schema.Text("restores") // how many there were

	readAt, changeRate = aboutReadings()
)

// aboutReadings makes the columns that are no part of what a row means: when it was read, on our clock, and the rate of
// changes at that moment as far as readings tell, as the bits of a float64.
func aboutReadings() (kind.Time, kind.Uint) {
	at, changes := schema.Time("read"), schema.Uint("rate")
	schema.Aside(at.Column)
	schema.Aside(changes.Column)
	return at, changes
}

// Rate is the rate of changes of a database.
func Rate(r kind.Row) rate.Rate {
	return rate.New(math.Float64frombits(changeRate.Of(r)), readAt.Of(r))
}

// follow takes the rate of changes over from an earlier reading. A restore moves the number without any change. A reading
// that tells no more than that replicas live is none.
func follow(old, r kind.Row) kind.Row {
	if onlyAlive(old, r) {
		return old
	}
	now, changes := readAt.Of(r), Rate(old)
	was, is := Columns.Changes.Of(old), Columns.Changes.Of(r)
	unknown := cmp.Or(old.Problem(), r.Problem(), Columns.Changes.Err(old), Columns.Changes.Err(r), Columns.Restoring.Err(old), Columns.Restoring.Err(r))
	if unknown == nil && is > was && restores.Of(old) == restores.Of(r) {
		changes = changes.Add(is-was, readAt.Of(old), now)
	}
	return with(r, func(b *kind.Builder) { changeRate.Set(b, math.Float64bits(changes.At(now))) })
}

// with is a row with other values in some columns.
func with(r kind.Row, set func(*kind.Builder)) kind.Row {
	b := schema.Builder(1)
	b.Copy(r)
	set(b)
	return b.Rows()[0]
}

// PairColumns are the columns of a pair.
var PairColumns = struct {
	Database    kind.Text
	Key         kind.Text
	Bytes       kind.Int   // of the value
	Expires     kind.Time  // on our clock; zero: never
	Value       kind.Bytes // its first bytes, at most pairPreview
	Fingerprint kind.Int   // see fingerprint; 0 where Bytes or Value is not known
}{
	Database: pairSchema.Word("database"), Key: pairSchema.Text("key"), Bytes: pairSchema.Int("bytes"),
	Expires: pairSchema.Deadline("expires"), Value: pairSchema.Bytes("value"), Fingerprint: pairSchema.Int("fingerprint"),
}
