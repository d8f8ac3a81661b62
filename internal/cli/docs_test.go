package cli

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/config.md and docs/holdfast.1 anew")

// What is written of the configuration and of the command line is made from what the program does.
func TestDocsAreCurrent(t *testing.T) {
	for page, text := range map[string]string{"docs/config.md": configDocs(), "docs/holdfast.1": manPage()} {
		page = filepath.Join(checkout, page)
		if *update {
			if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(page); err != nil || string(got) != text {
			t.Errorf("%s is stale: go test ./internal/cli -run TestDocsAreCurrent -update (%v)", page, err)
		}
	}
}

// The example of the documentation is a file that loads, and so is each example of an entry.
func TestTheExamplesOfTheDocumentationLoad(t *testing.T) {
	_, example, _ := strings.Cut(configDocs(), "```toml\n")
	example, _, _ = strings.Cut(example, "```")
	c, err := loadConfig(t.Context(), file(t, example))
	if err != nil || len(c.connections) != 2 || c.connections["prod"].one("colour") != "bad" || c.prefixesOf("prod").Buffer != "shop:buf:" || c.prefixesOf("dev").Buffer != "" {
		t.Errorf("%v: %+v", err, c)
	}
	for _, s := range schema() {
		for _, e := range s.entries {
			text := "[" + s.name + "]\n"
			if s.name == "" {
				text = ""
			}
			items, err := readItems([]byte(text + e.name + " = " + e.example + "\n"))
			if err != nil {
				t.Fatal(e.name, err)
			}
			if _, err := s.check(items[len(items)-1]); err != nil {
				t.Errorf("[%s] %s = %s: %v", s.name, e.name, e.example, err)
			}
		}
	}
}

func TestTheManualIsReadWithoutAWarning(t *testing.T) {
	if _, err := exec.LookPath("groff"); err != nil {
		t.Skip(err)
	}
	out, err := exec.Command("groff", "-mandoc", "-Tutf8", "-ww", "-z", filepath.Join(checkout, "docs/holdfast.1")).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}
