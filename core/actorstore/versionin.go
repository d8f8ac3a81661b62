package actorstore

import (
	"encoding/json"
	"strconv"
	"strings"
)

// VersionIn is the version that an actor names in its metadata.
func (r *ActorRows) VersionIn(_ string, text []byte) (version int64, ok bool) { return versionIn(text) }

// VersionIn is the version that a worker names.
func (r *WorkerRows) VersionIn(_ string, text []byte) (version int64, ok bool) {
	return versionIn(text)
}

// versionIn is the version that a document names inside, in its metadata if it has any: a protojson int64, so a string or
// a number.
func versionIn(text []byte) (version int64, ok bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return 0, false
	}
	var metadata map[string]json.RawMessage
	if json.Unmarshal(members["metadata"], &metadata) == nil && metadata["version"] != nil {
		members = metadata
	}
	version, err := strconv.ParseInt(strings.Trim(string(members["version"]), `"`), 10, 64)
	return version, err == nil
}
