package layout

import "reflect"

// Entry is one entry that may stand in a layout file.
type Entry struct{ Name, Help string }

// Entries describes the entries of File, Layout, Column, Link, Release or Bump, in their order, for docs/layouts.md.
func Entries(of any) (out []Entry) {
	t := reflect.TypeOf(of)
	for i := range t.NumField() {
		f := t.Field(i)
		out = append(out, Entry{f.Tag.Get("toml"), f.Tag.Get("help")})
	}
	return out
}

func entries(of any) (names []string) {
	for _, e := range Entries(of) {
		names = append(names, e.Name)
	}
	return names
}
