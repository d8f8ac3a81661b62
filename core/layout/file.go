// Package layout reads kinds of state that are declared as data: TOML files that say where the locks, workers and queues of
// other libraries lie in a Redis and what they mean. A layout is compiled into the kind of the view that it fills, so that all
// that works for the kinds of the primitives works for it. The language is described in docs/layouts.md, which is made of the
// types in this file.
package layout

// File is what a layout file holds.
type File struct {
	Layouts []Layout `toml:"layout" help:"One layout each. A file may hold several."`
}

// Layout says where rows of one kind lie and what they mean.
type Layout struct {
	Name       string   `toml:"name" help:"Its name: letters, digits and -. Shown in the column LAYOUT; the configuration turns a layout off by it."`
	About      string   `toml:"about" help:"What this is, in one sentence."`
	Source     string   `toml:"source" help:"Where the facts were read, such as a library and its version."`
	Checked    string   `toml:"checked" help:"Of a preset: run, if it was checked against the real library, or facts."`
	View       string   `toml:"view" help:"The view whose rows these are: one of those that stand (locks, workers, queues, generations), or a new name for a view of its own."`
	Title      string   `toml:"title" help:"Of a view of its own: the title of its tab."`
	Keys       []string `toml:"keys" help:"The keys that make up a row, as templates: {part} stands for text without its separator (the character that follows it or, at the end, the one before it), {part...} for any text, {part!.} for text without a dot, {{ and }} for braces. The first one names the row; the others have the same parts."`
	Except     []string `toml:"except" help:"Keys that match but belong to something else."`
	Type       string   `toml:"type" help:"The Redis type of the first key: string, hash, list, set, zset or stream. Another one makes a row unreadable."`
	Rows       string   `toml:"rows" help:"What a row is: key (the default), field of a hash, or member of a set, list or zset."`
	Max        int      `toml:"max" help:"Of fields and members: how many of one key are read; default 1000, at most 10000."`
	Skip       []string `toml:"skip" help:"Of fields and members: those that are no rows."`
	Match      string   `toml:"match" help:"A regular expression (RE2) that the value of a string must match, or the row is unreadable."`
	Everything bool     `toml:"whole-keyspace" help:"Allows a key that begins with a part. Every key of the server is then looked at, and every change of any key is sent."`
	Columns    []Column `toml:"columns" help:"What the row says."`
	Links      []Link   `toml:"links" help:"Rows of other views that this one leads to."`
	Release    *Release `toml:"release" help:"How a lock is freed or a row is removed by hand; without it, not at all."`
	Bump       *Bump    `toml:"bump" help:"How a generation is bumped by hand; without it, not at all."`
	Edit       string   `toml:"edit" help:"What can be edited under compare-and-set: value, or the name of a hash field. Empty: nothing."`
	Version    string   `toml:"version" help:"Of an edited hash: the field whose version or etag an edit checks and renews; without it the old content is checked."`
}

// Column is one value of a row and where it comes from.
type Column struct {
	Name    string            `toml:"name" help:"A column of the view, as in holdfast get -o json. A view of its own takes any."`
	From    string            `toml:"from" help:"Where the value comes from; see Sources."`
	Field   string            `toml:"field" help:"Of field: its name. May hold parts, the names of columns above, and {key} for the whole first key: {part}."`
	Member  string            `toml:"member" help:"Of score and contains: the member. May hold parts."`
	Key     string            `toml:"key" help:"Another key than the first, as a template of parts and of columns above."`
	Of      string            `toml:"of" help:"The Redis type of that key, where length, first, last need it: list, set, zset, hash, string or stream."`
	Part    string            `toml:"part" help:"Of part: its name."`
	Text    string            `toml:"text" help:"Of text: the text itself. May hold parts and the names of columns above."`
	Sum     []string          `toml:"sum" help:"Of sum: the names of columns above, whose numbers are added."`
	Decode  []string          `toml:"decode" help:"Decoders in turn: base64, hex, gzip, zlib, protobuf. What cannot be decoded stays as it is. Protobuf becomes JSON by the numbers of fields, each a list: /3/0 is the first field 3."`
	Pointer string            `toml:"pointer" help:"A JSON Pointer into the value, such as /data/0/id. A step of * takes all values, which are joined by a comma; a step of ** takes the names of an object."`
	Pattern string            `toml:"pattern" help:"A regular expression (RE2); the group of the column's name, or the first group, is the value."`
	Type    string            `toml:"type" help:"Of a column of a view of its own: text, int, bytes, bool, time, deadline, duration or status. Columns of other views have theirs."`
	Format  string            `toml:"format" help:"How a time or a duration is written: unix, unix-ms, unix-us, unix-ns, rfc3339, iso (without a zone: UTC), any (iso, or a unix time whose size tells its unit); seconds, ms."`
	Add     string            `toml:"add" help:"Of a time: a duration to add, such as 60s: a heartbeat and what is allowed make a deadline."`
	Missing string            `toml:"missing" help:"What the value is where there is none, such as a time of 0 for a heartbeat that expired."`
	Words   map[string]string `toml:"words" help:"Other words for some values, such as { 1 = \"active\" }."`
	Tones   map[string]string `toml:"tones" help:"Of a status: good, warn or bad, by value."`
}

// Link leads to a row of another view.
type Link struct {
	Label string `toml:"label" help:"What it is, such as holder or queue. The link holder of a lock tells whether its holder lives."`
	View  string `toml:"view" help:"The view it leads to."`
	Row   string `toml:"row" help:"The ID of the row there, of parts and columns that are shown: {part}. A column of several values, separated by commas, leads to a row each. Rows of layouts have their key as ID, in a view with rows of ours behind LAYOUT/; members follow a #."`
}

// Release says how something is freed by hand.
type Release struct {
	How     string `toml:"how" help:"compare-and-delete: the string key, if it still holds the value that was seen, which a column has to show as it is. delete-field: the field of the row, if it still holds what was seen. remove-member: the member of the row. never."`
	Because string `toml:"because" help:"Of never: why, as the screen says it."`
	Then    string `toml:"then" help:"What happens next, as the confirmation says it."`
	Publish string `toml:"publish" help:"A channel that is told, as a template of parts; of delete-field if no other row is left."`
	Message string `toml:"message" help:"What it is told, as a template of parts."`

	WithLast []string `toml:"with-last" help:"Of delete-field: fields under skip that are deleted with the last row, such as the mode of a lock."`
}

// Bump says how a generation is bumped by hand.
type Bump struct {
	How    string `toml:"how" help:"new-fence: the string key, which a column has to show as it is, becomes a new random text of hexadecimal digits."`
	Length int    `toml:"length" help:"Of new-fence: how many digits."`
	Delete string `toml:"delete" help:"Another key that is deleted with it, as a template of parts."`
	Then   string `toml:"then" help:"What happens next, as the confirmation says it."`
}
