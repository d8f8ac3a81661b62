// Package rule tells which members that nobody here reads could matter.
//
// Newer writers add members, and most of them can be passed by. One that could carry an assignment or a state cannot: a
// worker whose assignment is not read looks free, an actor whose phase is not read looks suspended. Such a member is one
// whose name has one of stateWords; or an object, or an array of objects, in which a name has one, or ends as those do that
// name something else. One that is null, which protojson reads as absent, or one of harmless carries neither.
//
// While a document has such a member, Assign, Release, Mend, DeleteActor and edits that change status or assignment answer
// ErrUnreadMember with its name, and rows show it. UpdateActor and UpdateWorker store what their caller says and keep the
// member, as they keep every one that they do not know.
//
// Carries is the rule; internal/store/lua/document.lua repeats it from the same lists.
package rule

import (
	"slices"
	"strings"

	"holdfast/core/actorstore/internal/protojson"
)

// stateWords are what names of such members have in them, in lower case.
var stateWords = []string{"actor", "assign", "bound", "busy", "claim", "condition", "cordon", "crash", "delet", "drain",
	"lifecycle", "occup", "pause", "phase", "reserv", "running", "schedul", "state", "status", "suspend", "terminat", "worker"}

// nameEnds are the ends of members that name something; alone they stand in small letters, too.
var nameEnds = []string{"Name", "Id", "ID", "Uid", "UID", "Ref", "_name", "_id", "_uid", "_ref"}

// harmless are members of newer writers that are known to carry neither.
var harmless = []string{"actorTemplate", "actorVolumes", "annotations", "inProgressSnapshotSourceActorVersion", "labels",
	"latestSnapshot", "localSnapshotInfo", "sandboxClass"}

// Carries tells whether an unknown member could carry an assignment or a state; value is its JSON.
func Carries(name, value string) bool {
	if value == "" || value == "null" || slices.Contains(harmless, name) {
		return false
	}
	if speaks(name) {
		return true
	}
	s := protojson.Scanner{Text: value}
	switch value[0] {
	case '{':
		return tells(&s, 1)
	case '[':
		told := false
		for s.Enter('['); s.More(']'); {
			if s.Peek() == '{' {
				told = tells(&s, 2) || told
			} else {
				s.Skip(2)
			}
		}
		return told
	}
	return false
}

// speaks tells whether a name has one of stateWords.
func speaks(name string) bool {
	name = lowerASCII(name)
	return slices.ContainsFunc(stateWords, func(word string) bool { return strings.Contains(name, word) })
}

// names tells whether a member names something.
func names(name string) bool {
	switch lowerASCII(name) {
	case "name", "id", "uid", "ref":
		return true
	}
	return slices.ContainsFunc(nameEnds, func(end string) bool { return strings.HasSuffix(name, end) })
}

// tells reads a value and tells whether a name in it speaks or names something.
func tells(s *protojson.Scanner, depth int) (told bool) {
	c := s.Peek()
	if c != '{' && c != '[' || depth >= protojson.Deepest {
		s.Skip(depth)
		return false
	}
	for s.Enter(c); s.More(c + 2); { // the closing byte of both
		if c == '{' {
			name := s.Name()
			told = told || s.Peek() != 'n' && (speaks(name) || names(name))
		}
		told = tells(s, depth+1) || told
	}
	return told
}

// lowerASCII is string.lower of Lua, which knows no other letters.
func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// Lua is the rule's lists for the scripts.
func Lua() string {
	list := func(texts []string) string { return "{'" + strings.Join(texts, "', '") + "'}" }
	return "local function rule() return " + list(stateWords) + ", " + list(nameEnds) + ", " + list(harmless) + " end\n"
}
