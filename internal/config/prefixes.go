package config

import (
	"fmt"
	"strings"

	"holdfast/core"
	"holdfast/core/kind"
)

func prefixEntries() (entries []entry) {
	for _, p := range core.KeyPrefixes() {
		entries = append(entries, entry{p.Name, keyPrefix(), fmt.Sprintf("%q", p.Usual), p.Help})
	}
	return entries
}

// checkPrefixes refuses those of which a key could have two.
func checkPrefixes(own kind.Prefixes) error {
	for _, a := range core.KeyPrefixes() {
		for _, b := range core.KeyPrefixes() {
			if long, short := own.Of(a), own.Of(b); a.Name != b.Name && strings.HasPrefix(long, short) {
				return fmt.Errorf("%s %q and %s %q: no prefix may begin with another", b.Name, short, a.Name, long)
			}
		}
	}
	return nil
}
