package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/internal/redistest"
)

// withKind builds the program with one more kind of state: a folder in core, a line in core's registry (and its import), a
// file in views and a line there. docs/architecture.md names these four places.
func withKind(t *testing.T) (program string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	replace := map[string]string{}
	put := func(place string, text string) {
		replace[filepath.Join(checkout, place)] = filepath.Join(dir, strings.ReplaceAll(place, "/", "_"))
		must(os.WriteFile(replace[filepath.Join(checkout, place)], []byte(text), 0o600))
	}
	read := func(place string) string {
		text, err := os.ReadFile(filepath.Join(checkout, place))
		must(err)
		return string(text)
	}
	insert := func(place string, lines ...[2]string) { // behind a line
		text := read(place)
		for _, l := range lines {
			if strings.Count(text, l[0]+"\n") != 1 {
				t.Fatalf("%s does not have the line %q once", place, l[0])
			}
			text = strings.Replace(text, l[0]+"\n", l[0]+"\n"+l[1]+"\n", 1)
		}
		put(place, text)
	}
	put("core/backlog/backlog.go", read("internal/cli/testdata/newkind/backlog.go.txt"))
	put("views/backlogs.go", read("internal/cli/testdata/newkind/backlogs.go.txt"))
	insert("core/core.go", [2]string{"\t{redisdb.KeyPrefix, from(redisdb.NewRows)},", "\t{backlog.KeyPrefix, from(backlog.NewRows)},"},
		[2]string{"\t\"holdfast/core/live\"", "\t\"holdfast/core/backlog\""})
	insert("views/views.go", [2]string{"\t\tkv(),", "\t\tbacklogs(),"})

	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	must(err)
	must(os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
	program = filepath.Join(dir, "holdfast")
	build := exec.Command("go", "build", "-buildvcs=false", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, ".")
	build.Dir = checkout
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	page := read("docs/architecture.md")
	for _, place := range []string{"`core/KIND/`", "`core.registry`", "`views/KINDS.go`", "`views.All`"} {
		if !strings.Contains(page, place) {
			t.Errorf("docs/architecture.md does not name %s", place)
		}
	}
	return program
}

// A new kind of state is read live, listed, sorted, filtered, configured and completed, and has a tab, a key and an entry in
// the palette, without another line anywhere.
func TestANewKindTakesFourPlaces(t *testing.T) {
	t.Parallel()
	program := withKind(t)
	server := redistest.Start(t)
	c := server.Client(t)
	push := func(key string, n int) {
		for range n {
			if err := c.RPush(t.Context(), key, "job").Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	push("backlog:mail", 3)
	push("backlog:video", 12)
	push("jobs:other", 1)
	run := func(ok bool, args ...string) string {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); (err == nil) != ok {
			t.Fatalf("%q: %v, %s", args, err, &errs)
		}
		return out.String() + errs.String()
	}
	got := objects(t, run(true, "get", "backlogs", "-o", "json", "--url", server.URL()))
	if len(got) != 2 || got[0]["backlog"] != "mail" || fmt.Sprint(got[1]["waiting"]) != "12" {
		t.Errorf("get backlogs: %v", got)
	}
	own := file(t, "[prefixes]\nbacklog = \"jobs:\"\n[columns]\nbacklogs = [\"BACKLOG\"]\n")
	if got := objects(t, run(true, "get", "backlogs", "-o", "json", "--url", server.URL(), "--config", own)); len(got) != 1 || got[0]["backlog"] != "other" {
		t.Errorf("with a prefix of its own: %v", got)
	}
	wrong := file(t, "[columns]\nbacklogs = [\"WAITNG\"]\n")
	if text := run(false, "get", "backlogs", "--url", server.URL(), "--config", wrong); !strings.Contains(text, "line 2") || !strings.Contains(text, "did you mean WAITING?") {
		t.Errorf("a wrong column: %s", text)
	}
	if text := run(true, "__complete", "get", "back"); !strings.Contains(text, "backlogs") {
		t.Errorf("completion: %s", text)
	}

	x := inTerminal(t, nil, exec.Command(program, "--url", server.URL()))
	x.shows("LIVE", "backlogs")
	x.see("0", "mail", "video", "WAITING", "row 1 of 2")
	push("backlog:mail", 20)
	x.until("the table does not follow", func() bool { return strings.Contains(x.row("mail"), "23") })
	x.see("/", "/")
	x.see("vid", "row 1 of 1")
	x.hides("mail")
	x.see(escape, "mail", "video")
	x.see("1", "UNREADABLE")
	x.see(":", "─")
	x.see("backlogs", "Backlogs")
	x.see(enter, "WAITING")
	x.types("q")
	x.quits()
}
