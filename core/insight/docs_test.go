package insight_test

import (
	"flag"
	"os"
	"testing"

	"holdfast/core/insight"
)

var update = flag.Bool("update", false, "write docs/findings.md")

func TestDocsAreCurrent(t *testing.T) {
	const path = "../../docs/findings.md"
	if *update {
		if err := os.WriteFile(path, []byte(insight.Docs()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != insight.Docs() {
		t.Errorf("docs/findings.md is not what the rules say (%v): go test ./core/insight -run TestDocsAreCurrent -update", err)
	}
}
