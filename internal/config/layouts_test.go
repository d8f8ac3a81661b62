package config

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder is a configuration folder with a file of layouts, and what Load makes of it.
func folder(t *testing.T, conf, layouts string) (*File, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "layouts"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"config.toml": conf, "layouts/own.toml": layouts} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Load(context.Background(), filepath.Join(dir, "config.toml"))
}

const ownLayout = `[[layout]]
name = "tills"
view = "tills"
keys = ["till:{id}"]
type = "string"
columns = [{ name = "cash", from = "value" }]
`

func keysOf(f *File, connection string) map[string]string {
	out := map[string]string{}
	for _, spec := range f.LayoutsOf(connection) {
		out[spec.Name] = strings.Join(spec.Keys, " ")
	}
	return out
}

func TestLayoutsAreTurnedOffAndGivenKeys(t *testing.T) {
	f, err := folder(t, `
[layouts]
rq = []
tills = ["shop:{id}"]
[connections.dev]
url = "redis://127.0.0.1:1/0"
[connections.dev.layouts]
tills = ["dev:{id...}"]
`, ownLayout)
	if err != nil {
		t.Fatal(err)
	}
	if got := keysOf(f, ""); got["tills"] != "shop:{id}" || got["rq"] != "" {
		t.Errorf("%v", got)
	}
	if got := keysOf(f, "dev"); got["tills"] != "dev:{id...}" || got["rq"] != "" {
		t.Errorf("of a connection: %v", got)
	}
	if got := keysOf(f, ""); got["rq-queues"] == "" {
		t.Error("the other presets are gone")
	}
}

func TestWrongEntriesOfLayoutsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"[layouts]\ntils = []":                    "line 2: layouts.tils: unknown layout: one of tills",
		"[layouts]\ntills = [\"{id\"]":            "line 2: layouts.tills: \"{id\": a brace",
		"[layouts]\ntills = \"x\"":                "line 2: layouts.tills: expected a list of key templates",
		"[connections.a.layouts]\ntils = [\"x\"]": "unknown layout",
	} {
		if strings.HasPrefix(text, "[conn") {
			text = "[connections.a]\nurl = \"redis://h\"\n" + text
		}
		if _, err := folder(t, text, ownLayout); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestABrokenLayoutFileLeavesTheRestWorking(t *testing.T) {
	f, err := folder(t, "[layouts]\nanything = []", "[[layout]]\nname = 1")
	if err != nil || len(f.LayoutErrors) != 1 || !strings.Contains(f.LayoutErrors[0].Error(), "own.toml line 2") {
		t.Errorf("%v, errors %v", err, f.LayoutErrors)
	}
}
