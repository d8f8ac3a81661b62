package config

import (
	"cmp"
	"fmt"
	"strings"

	"holdfast/core/conn"
)

// Prefixes are those of keys, by the kind of state.
type Prefixes map[string]string

// prefixField is one of the prefixes by its name in the file.
type prefixField struct {
	name, help string
	at         *string
}

func prefixFields(p *conn.Prefixes) []prefixField {
	return []prefixField{
		{"buffer", "write buffers", &p.Buffer}, {"generation", "generation counters", &p.Generation}, {"actor", "actors", &p.Actor},
		{"worker", "workers", &p.Worker}, {"lock", "locks", &p.Lock}, {"record", "records and leases", &p.Record}, {"kv", "key-value databases", &p.KV},
	}
}

func prefixEntries() (entries []entry) {
	usual := conn.DefaultPrefixes()
	for _, p := range prefixFields(&usual) {
		entries = append(entries, entry{p.name, keyPrefix(), fmt.Sprintf("%q", *p.at), p.help})
	}
	return entries
}

func (p Prefixes) conn() (c conn.Prefixes) {
	for _, f := range prefixFields(&c) {
		*f.at = p[f.name]
	}
	return c
}

// checkPrefixes refuses those of which a key could have two.
func checkPrefixes(p conn.Prefixes) error {
	usual := conn.DefaultPrefixes()
	all, defaults := prefixFields(&p), prefixFields(&usual)
	for i := range all {
		*all[i].at = cmp.Or(*all[i].at, *defaults[i].at)
	}
	for _, a := range all {
		for _, b := range all {
			if a.name != b.name && strings.HasPrefix(*a.at, *b.at) {
				return fmt.Errorf("%s %q and %s %q: no prefix may begin with another", b.name, *b.at, a.name, *a.at)
			}
		}
	}
	return nil
}
