package config

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/config.md anew")

func TestDocsAreCurrent(t *testing.T) {
	const page = "../../docs/config.md"
	text := docs()
	if *update {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(page); err != nil || string(got) != text {
		t.Errorf("%s is stale: go test ./internal/config -run TestDocsAreCurrent -update (%v)", page, err)
	}
}

// The example of the documentation is a file that loads, and so is each example of an entry.
func TestTheExamplesOfTheDocumentationLoad(t *testing.T) {
	_, example, _ := strings.Cut(docs(), "```toml\n")
	example, _, _ = strings.Cut(example, "```")
	f, err := Load(t.Context(), file(t, example))
	if err != nil || len(f.Connections) != 2 || f.ColourOf("prod") != "bad" || f.PrefixesOf("prod")["buffer"] != "shop:buf:" || f.PrefixesOf("dev")["buffer"] != "" {
		t.Errorf("%v: %+v", err, f)
	}
	for _, s := range schema() {
		for _, e := range s.entries {
			text := strings.TrimPrefix(s.name+"."+e.name, ".") + " = " + e.example + "\n"
			for _, needed := range []string{"prod.url = 'redis://h'", "NAME.url = 'redis://h'", "NAME.tls-cert = 'c'", "NAME.tls-key = 'k'"} {
				if !strings.Contains(needed, "NAME."+e.name+" ") {
					text += "connections." + needed + "\n"
				}
			}
			if _, err := Load(t.Context(), file(t, text)); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}
