// Package kind says what a kind of state is: a name, the columns of its rows, and how its keys are found, read and
// changed. It knows no kind itself; each primitive's package exports its own, and core lists them. Rows are packed under
// the schema of their kind: texts without pointers, of which a million cost the garbage collector next to nothing.
package kind

import (
	"cmp"
	"context"
	"fmt"
)

// Name names a kind, such as "buffers". It is that of its view, too.
type Name string

// Kind is one kind of state.
type Kind struct {
	Name   Name
	Schema *Schema
	Source Source

	// Documents is set for a kind whose rows are edited by hand.
	Documents Documents

	// Needs names a raw key of another kind without which a row ends or changes; empty: none. Where the server reports
	// changes, such a row is read again when that key goes. nil: no row of the kind needs one.
	Needs func(Row) (key string)
	// Weigh tells what a row weighs, 0 or more, and in which group, for live.Table.Sum. nil: rows have no weight.
	Weigh func(Row) (group string, n int64)
	// Follow makes of a new reading and the one before it the row that is shown, such as with a rate that only two readings
	// tell, or the old row if the new one says nothing new. nil: each reading stands for itself.
	Follow func(old, new Row) Row
}

// Source finds and reads the rows of a kind.
type Source interface {
	// Patterns are the SCAN patterns under which the keys lie.
	Patterns() []string
	// Identify tells which row a raw key belongs to.
	Identify(key string) (id string, ok bool)
	// Read fetches rows in one trip, in any order. Missing rows are left out, unreadable ones carry their Problem. The error is
	// a transport error only.
	Read(ctx context.Context, ids []string) ([]Row, error)
	// Keys are the raw keys that may make up a row.
	Keys(id string) []string
	// Inspect fetches the whole content of a row.
	Inspect(ctx context.Context, id string) (body []byte, found bool, err error)
}

// Sizing is a Source that tells how many bytes of content Inspect would read, or 0 where it reads only the beginning of
// what is large. For any other Source the size is that of the row's strings and hashes.
type Sizing interface {
	Size(ctx context.Context, id string) (int64, error)
}

// Collecting is a Source in which one key may hold many rows: such a key is identified as a collection, an ID with which those
// of its rows begin. Read of a collection gives all its rows.
type Collecting interface {
	Collects(id string) bool
}

// Unwatched is a Source some of whose rows are made of more keys than Keys tells, whose changes no server reports as those of
// the row. They are read again every so often.
type Unwatched interface {
	Unwatched(id string) bool
}

// Paging is a Source whose rows may be too large to be inspected whole. A page begins at from, empty for the first; part says
// which part of the content it is, empty for all of it, and next where the page after it begins, empty if there is none.
type Paging interface {
	InspectPage(ctx context.Context, id, from string) (body []byte, next, part string, found bool, err error)
}

// Relating is a Source that tells the keys of documents that a row names in its content and that no kind lists.
type Relating interface {
	Related(id string, body []byte) (keys []string)
}

// Versioned is Documents whose text names its version inside: text that was made of another version than the stored one is
// not saved.
type Versioned interface {
	VersionIn(id string, text []byte) (version int64, ok bool)
}

// Conditional is Documents that say in their own words when a change is made. Of others it is "if it still has version N".
type Conditional interface {
	Condition(id string, version int64) string
}

// Condition says in words when documents make a change.
func Condition(d Documents, id string, version int64) string {
	if c, has := d.(Conditional); has {
		return c.Condition(id, version)
	}
	return fmt.Sprintf("if it still has version %d", version)
}

// Documents edits rows as documents with a version.
type Documents interface {
	// Load reads a document and its version.
	Load(ctx context.Context, id string) (body []byte, version int64, err error)
	// Replace stores a document if the stored version still is version.
	Replace(ctx context.Context, id string, version int64, body []byte) (newVersion int64, err error)
	// Remove deletes a document if the stored version still is version.
	Remove(ctx context.Context, id string, version int64) error
	// Keep is Load for what is to be removed: back makes it again, with what was left of its life, if it still is absent.
	Keep(ctx context.Context, id string) (body []byte, version int64, back func(context.Context) error, err error)
}

// Prefix is what the keys of a primitive begin with.
type Prefix struct {
	Name  string // in the configuration, such as "actor"
	Usual string // in the documented layout; it ends in a colon
	Help  string // whose keys
}

// Prefixes are other prefixes than the usual ones, by their names.
type Prefixes map[string]string

// Of is the prefix to use.
func (p Prefixes) Of(of Prefix) string { return cmp.Or(p[of.Name], of.Usual) }
