package config

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/adrg/xdg"
	"github.com/pelletier/go-toml/v2"

	"holdfast/core/files"
	"holdfast/internal/text"
	"holdfast/keymap"
	"holdfast/themes"
)

// Load reads the file that was asked for, or the usual one if it exists. It is all read and checked, or an error.
func Load(ctx context.Context, path string) (*File, error) {
	f := &File{Path: path, Mouse: true}
	if path == "" {
		f.Path = filepath.Join(xdg.ConfigHome, "holdfast", "config.toml")
	}
	if err := f.readLayouts(ctx, filepath.Join(filepath.Dir(f.Path), "layouts")); err != nil { // they add views, which the file may name
		return f, err
	}
	text, err := files.Read(ctx, f.Path, maxConfig)
	if path == "" && errors.Is(err, fs.ErrNotExist) {
		err = dangling(f.Path)
	}
	if err != nil {
		return f, fmt.Errorf("configuration: %w", err)
	}
	if err := f.read(text); err != nil {
		return f, fmt.Errorf("configuration %s: %w", f.Path, err)
	}
	if err := f.readThemes(ctx, filepath.Join(filepath.Dir(f.Path), "themes")); err != nil {
		return f, err
	}
	if err := cmp.Or(f.checkNames(), f.checkLayouts()); err != nil {
		return f, fmt.Errorf("configuration %s: %w", f.Path, err)
	}
	return f, nil
}

// maxConfig is far above what a configuration file or a theme holds.
const maxConfig = 1 << 20

// dangling says which link on the way to a missing file leads nowhere; nil if nobody has put anything there.
func dangling(path string) error {
	for ; ; path = filepath.Dir(path) {
		if _, err := os.Lstat(path); err == nil {
			_, err = os.Stat(path)
			return err
		}
		if path == filepath.Dir(path) {
			return nil
		}
	}
}

func (f *File) read(text []byte) (err error) {
	all := schema(f.ownViews()...)
	if f.places, err = decode(text, f, all); err != nil {
		return err
	}
	for _, p := range f.places {
		if err := f.check(all, p); err != nil {
			return err
		}
	}
	return f.checkTogether()
}

// decode reads TOML into a struct or a map that the sections describe. What it does not know or has another type is an
// error that says where it stands and what may stand there.
func decode(text []byte, into any, all []section) (places, error) {
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		return nil, &lineError{1, errors.New("the file is in UTF-16: save it as UTF-8")}
	}
	where, err := locate(text)
	if err != nil {
		return nil, err
	}
	err = toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(into)
	at := place{}
	if unknown, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		at = where.at(unknown.Errors[0].Position())
	} else if wrong, ok := errors.AsType[*toml.DecodeError](err); ok {
		at = where.at(wrong.Position())
	} else {
		return where, err
	}
	_, _, e, unknown := find(all, at)
	if unknown != nil {
		return where, unknown
	}
	if e.kind.name == "" {
		return where, at.wrong("%w", err)
	}
	return where, at.wrong("%w", e.kind.wrong())
}

// check says what is wrong with an entry by itself, and leads a path on from the folder of the file.
func (f *File) check(all []section, p place) error {
	if p.table && len(p.path) == 1 && slices.ContainsFunc(all, func(s section) bool { return strings.HasPrefix(s.name, p.path[0]+".") }) {
		return nil // such as an empty [connections]
	}
	s, name, e, err := find(all, p)
	if err == nil {
		err = checkName(s, name, p)
	}
	if err != nil || p.table {
		return err
	}
	value := valueAt(f, p.path)
	if err := e.kind.check(value.Interface()); err != nil {
		return p.wrong("%w", err)
	}
	if e.kind.name == "a path" {
		path, err := absolute(filepath.Dir(f.Path), value.String())
		if err != nil {
			return p.wrong("%w", err)
		}
		value.SetString(path)
	}
	return nil
}

// checkName refuses a name of a connection or of a theme that cannot be one.
func checkName(s section, name string, p place) error {
	if !p.table && name != "" {
		p.path = p.path[:len(p.path)-1]
	}
	switch {
	case name == "":
	case name != text.Clean(name) || strings.ContainsAny(name, " '\"\\$`"):
		return p.wrong("expected a name without spaces and quotes")
	case s.name == "themes.NAME" && slices.Contains(themes.Names(), name):
		return p.wrong("a theme of this name is built in; based-on can name it")
	}
	return nil
}

// valueAt is the value of an entry.
func valueAt(f *File, path []string) reflect.Value {
	v := reflect.ValueOf(f).Elem()
	for _, name := range path {
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() == reflect.Map {
			v = v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key()))
			continue
		}
		for _, field := range reflect.VisibleFields(v.Type()) {
			if field.Tag.Get("toml") == name {
				v = v.FieldByIndex(field.Index)
				break
			}
		}
	}
	return v
}

// textsOf spells a value as flags take it.
func textsOf(v reflect.Value) []string {
	if list, ok := v.Interface().(URLs); ok {
		return list
	}
	return []string{fmt.Sprint(v.Interface())}
}

// checkTogether says what is wrong with entries together.
func (f *File) checkTogether() error {
	if err := f.checkKeys(); err != nil {
		return err
	}
	if err := checkPrefixes(f.PrefixesOf("")); err != nil {
		return f.places.first("prefixes").wrong("%w", err)
	}
	for _, name := range f.Names() {
		one, here := f.Connections[name], f.places.first("connections", name)
		switch {
		case one.Cluster && one.SentinelMaster != "":
			return here.wrong("cluster or sentinel-master, not both")
		case (one.TLSCert == "") != (one.TLSKey == ""):
			return here.wrong("tls-cert and tls-key go together")
		case len(one.URL) == 0:
			return here.wrong("url is missing")
		}
		if err := checkPrefixes(f.PrefixesOf(name)); err != nil {
			return f.places.first("connections", name, "prefixes").wrong("%w", err)
		}
	}
	return nil
}

// checkKeys finds the line of what the key map refuses.
func (f *File) checkKeys() error {
	_, err := keymap.New(f.Keys)
	wrong, ok := errors.AsType[*keymap.OverrideError](err)
	if !ok {
		return err
	}
	for _, p := range f.places {
		if p.path[0] == "keys" && !p.table && slices.Contains(wrong.Actions, keymap.Action(p.name())) {
			return &lineError{p.line, wrong}
		}
	}
	return wrong
}

// checkNames looks for what is named and is not there.
func (f *File) checkNames() error {
	if f.Connection != "" && f.Connections[f.Connection] == nil {
		return f.places.first("connection").wrong("%w", f.Unknown(f.Connection))
	}
	if f.Theme != "" {
		if _, err := f.Themed(f.Theme, true); err != nil {
			return f.places.first("theme").wrong("%w", err)
		}
	}
	return nil
}

// absolute leads from what stands in a file to a path: ~ is the home, others begin in the folder of the file.
func absolute(folder, p string) (string, error) {
	user, rest, _ := strings.Cut(p, "/")
	switch {
	case user == "~":
		home, err := os.UserHomeDir()
		return filepath.Join(home, rest), err
	case strings.HasPrefix(user, "~") && user != p:
		return "", fmt.Errorf("%s is not a known home directory: write the whole path, or ./%s", user, user)
	case filepath.IsAbs(p):
		return p, nil
	}
	return filepath.Join(folder, p), nil
}
