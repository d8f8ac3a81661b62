package layout

import (
	"slices"
	"strings"
)

// Use is a layout that is in use, for people.
type Use struct {
	Name, About, Source, Checked, View, File string
	Preset                                   bool
	Keys                                     []string // templates
	Watch                                    string   // the least ACL rules with which its rows can be watched
}

// All lists the layouts in use, in their order.
func (s *Set) All() (out []Use) {
	for _, p := range s.plans {
		out = append(out, Use{
			Name: p.Name, About: p.About, Source: p.Source, Checked: p.Checked, View: p.View, File: p.file, Preset: p.preset,
			Keys: p.Layout.Keys, Watch: p.watch(),
		})
	}
	return out
}

// watch is what a user has to be allowed for rows of a plan to be read: the patterns of its keys and of those that columns
// read, and the commands.
func (p *plan) watch() string {
	var patterns []string
	var commands []string
	if !p.spread && !p.valueTells {
		commands = append(commands, "type")
	}
	add := func(list *[]string, one string) {
		if !slices.Contains(*list, one) {
			*list = append(*list, one)
		}
	}
	for _, t := range p.keys {
		add(&patterns, t.acl())
	}
	if p.spread {
		add(&commands, lengthCommand(p.Type))
		for _, command := range map[string][]string{"hash": {"hscan", "hget"}, "set": {"sscan", "sismember"}, "list": {"lrange", "lpos"}, "zset": {"zrange", "zscore"}}[p.Type] {
			add(&commands, command)
		}
	}
	for i := range p.columns {
		col := &p.columns[i]
		if !sends(col, p) {
			continue
		}
		if col.key != nil {
			add(&patterns, col.key.acl())
		}
		of := col.Of
		if col.key == nil {
			of = p.Type
		}
		for _, command := range commandsOf(col.From, of, col.trip) {
			add(&commands, command)
		}
	}
	out := make([]string, 0, len(patterns)+len(commands))
	for _, pattern := range patterns {
		out = append(out, "%R~"+pattern)
	}
	for _, command := range commands {
		out = append(out, "+"+command)
	}
	return strings.Join(out, " ")
}

// acl is the pattern of the keys in a rule of an ACL.
func (t *template) acl() string { return strings.ReplaceAll(t.glob(), "?*", "*") }

func lengthCommand(of string) string {
	return map[string]string{"list": "llen", "set": "scard", "zset": "zcard", "hash": "hlen", "stream": "xlen", "string": "strlen"}[of]
}

// commandsOf are those that a source sends for a key of a type.
func commandsOf(from, of string, trip int) []string {
	switch from {
	case "value":
		return []string{"getrange"}
	case "field":
		if trip == 1 {
			return []string{"hstrlen", "hget"}
		}
		return []string{"hget"}
	case "score":
		return []string{"zscore"}
	case "contains":
		return []string{map[string]string{"set": "sismember", "hash": "hexists", "zset": "zscore"}[of]}
	case "exists":
		return []string{"exists"}
	case "ttl":
		return []string{"pttl"}
	case "length":
		return []string{lengthCommand(of)}
	case "first", "last":
		if of == "list" {
			return []string{"lindex"}
		}
		return []string{"zrange"}
	case "first-score", "last-score":
		return []string{"zrange"}
	}
	return nil
}
