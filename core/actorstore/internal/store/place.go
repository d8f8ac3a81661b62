package store

import (
	"fmt"
	"strconv"
	"time"

	"holdfast/core/actorstore/internal/protojson"
	"holdfast/core/actorstore/internal/sentinel"
)

// Place is where a write changes a document of the newer layout.
type Place struct{ Version, Updated protojson.Span }

// stored replaces the version of a document of the newer layout, and when it was written if its metadata tells that; every
// other byte stays as it is.
func (at Place) stored(doc string, version int64, now time.Time) (string, error) {
	if at.Version == (protojson.Span{}) {
		return "", fmt.Errorf("%w: the edited document has no version", sentinel.ErrInvalid)
	}
	next, when := strconv.FormatInt(version, 10), now.UTC().Format(time.RFC3339Nano)
	switch { // the later one first, which leaves the other where it is
	case at.Updated == (protojson.Span{}):
		return at.Version.Put(doc, next), nil
	case at.Version.From < at.Updated.From:
		return at.Version.Put(at.Updated.Put(doc, when), next), nil
	}
	return at.Updated.Put(at.Version.Put(doc, next), when), nil
}
