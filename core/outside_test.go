package core_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/internal/redistest"
)

// Another module uses core from a checkout: the program of docs/example is built outside of this module, as the README says.
func TestAnotherModuleUsesCore(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it builds and runs another program, and nothing of ours runs in this one")
	}
	checkout, err := filepath.Abs("..")
	ok(t, err)
	dir := t.TempDir()
	for name, from := range map[string]string{"main.go": "docs/example/main.go", "go.mod": "docs/example/go.mod", "go.sum": "go.sum"} {
		text, err := os.ReadFile(filepath.Join(checkout, from))
		ok(t, err)
		text = []byte(strings.Replace(string(text), "=> ../..", "=> "+checkout, 1))
		ok(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	run := exec.Command("go", "run", "-mod=mod", ".", redistest.Start(t).URL())
	run.Dir = dir
	out, err := run.CombinedOutput()
	const want = `records waiting to be flushed: 1
generation of user 42: 1
actor locked: true
leader registered: true
change number of the database: 1
`
	if err != nil || string(out) != want {
		t.Errorf("%v, %s", err, out)
	}
}
