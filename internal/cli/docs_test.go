package cli

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write docs/holdfast.1 anew")

// The manual is made from the commands.
func TestDocsAreCurrent(t *testing.T) {
	page, text := filepath.Join(checkout, "docs/holdfast.1"), manPage()
	if *update {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(page); err != nil || string(got) != text {
		t.Errorf("%s is stale: go test ./internal/cli -run TestDocsAreCurrent -update (%v)", page, err)
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
