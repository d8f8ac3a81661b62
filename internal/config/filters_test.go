package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func filtersIn(t *testing.T) *Filters {
	t.Helper()
	return &Filters{Path: filepath.Join(t.TempDir(), "state", "holdfast", "filters.toml")}
}

func (f *Filters) mustLoad(t *testing.T) map[string][]string {
	t.Helper()
	all, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestFilterFileKeepsFilters(t *testing.T) {
	f := filtersIn(t)
	if all := f.mustLoad(t); len(all) != 0 {
		t.Errorf("a file that is not there has %v", all)
	}
	odd := []string{`status:run !"x" 'y' \ ~^a$`, "日本 é"}
	for view, filters := range map[string][]string{"actors": odd, "kv": {"a"}} {
		if err := f.Save(view, filters); err != nil {
			t.Fatal(err)
		}
	}
	all := (&Filters{Path: f.Path}).mustLoad(t)
	if !slices.Equal(all["actors"], odd) || !slices.Equal(all["kv"], []string{"a"}) {
		t.Errorf("kept %q", all)
	}
	info, err := os.Stat(f.Path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others can read it", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(f.Path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Two dashboards keep what both used.
func TestFilterFileOfTwoDashboards(t *testing.T) {
	f := filtersIn(t)
	var many []string
	for i := range 20 {
		many = append(many, fmt.Sprint("f", i))
	}
	for _, filters := range [][]string{many, {"new", "f3"}} {
		if err := (&Filters{Path: f.Path}).Save("kv", filters); err != nil {
			t.Fatal(err)
		}
	}
	got := f.mustLoad(t)["kv"]
	if len(got) != 20 || !slices.Equal(got[:4], []string{"new", "f3", "f0", "f1"}) {
		t.Errorf("kept %q", got)
	}
}

// What is broken is an error to be told, and gone with the next filter.
func TestBrokenFilterFile(t *testing.T) {
	for name, text := range map[string]string{
		"no TOML": "actors = [", "other types": "actors = 3\n", "binary": "\x00\xff", "huge": strings.Repeat("#\n", maxFilters),
	} {
		f := filtersIn(t)
		if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.Path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if all, err := f.Load(); err == nil || !strings.Contains(err.Error(), f.Path) {
			t.Errorf("%s: %v, %v", name, all, err)
		}
		if err := f.Save("kv", []string{"a"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := f.mustLoad(t)["kv"]; !slices.Equal(got, []string{"a"}) {
			t.Errorf("%s: kept %q", name, got)
		}
	}
}

func TestFilterFileThatCannotBeWritten(t *testing.T) {
	f := &Filters{Path: filepath.Join(t.TempDir(), "file", "filters.toml")}
	if err := os.WriteFile(filepath.Dir(f.Path), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Save("kv", []string{"a"}); err == nil {
		t.Error("kept nowhere, and no error")
	}
}

// A link to where the filters are kept stays one, also while nothing is there.
func TestAFilterFileThatIsALinkStaysOne(t *testing.T) {
	f := filtersIn(t)
	there := filepath.Join(t.TempDir(), "dotfiles", "filters.toml")
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(there, f.Path); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"a", "b"} {
		if err := f.Save("kv", []string{text}); err != nil {
			t.Fatal(err)
		}
	}
	if to, err := os.Readlink(f.Path); err != nil || to != there {
		t.Errorf("%q, %v: it is no link any more", to, err)
	}
	if got := (&Filters{Path: there}).mustLoad(t)["kv"]; !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("kept %q", got)
	}
	if err := os.Remove(f.Path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(f.Path, f.Path); err != nil {
		t.Fatal(err)
	}
	if err := f.Save("kv", []string{"a"}); err == nil {
		t.Error("kept behind a link to itself")
	}
}
