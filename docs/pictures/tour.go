//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/docs/rig"
)

// step is one thing that an operator wants, and the keys to it.
type step struct {
	title, why string
	keys       []stroke
}

// stroke is one key press; keep: the screen after it goes into the tour.
type stroke struct {
	press
	name string
	keep bool
}

const maxPresses = 5 // of a step

func story() []step {
	return []step{
		{"Find the stuck actor", "Filter the actors: the text is searched for in every column, here in the status.", []stroke{
			{press{"4", "STATUS"}, "4", false},
			{press{"/", "filter"}, "/", false},
			{press{"r", "r"}, "r", false},
			{press{"e", "re"}, "e", false},
			{press{"s", "row 1 of 1"}, "s", true},
		}},
		{"See its worker", "Accept the filter, open the row, follow its first link.", []stroke{
			{press{enter, "row 1 of 1"}, "enter", false},
			{press{enter, "worker  workers"}, "enter", true},
			{press{enter, "Workers agents:small"}, "enter", true},
		}},
		{"Take its lock", "Go back to the actor; the form suggests the name of its lock, and the commands are shown before they are sent.", []stroke{
			{press{escape, "Actors " + stuck}, "esc", false},
			{press{"l", "take a lock"}, "l", true},
			{press{enter, "> yes <"}, "enter", true},
			{press{"y", "done: took lock:actor:" + stuck}, "y", true},
		}},
		{"Edit its status", "`$EDITOR` opens the document (here one that writes `STATUS_SUSPENDED`);\nthe change is shown, and saved " +
			"only if the actor has not changed since.", []stroke{
			{press{"e", "STATUS_SUSPENDED"}, "e", true},
			{press{"y", "done: "}, "y", true},
		}},
		{"Release the lock", "The actor links to the lock that guards it. The token on the screen releases it.", []stroke{
			{press{tab, "> locked by"}, "tab", false},
			{press{enter, "Locks lock:actor"}, "enter", false},
			{press{"u", "> no <"}, "u", true},
			{press{"y", "done: released"}, "y", true},
		}},
		{"Undo the edit", "A release cannot be undone, and the dashboard says so once; then the edit can be undone, unless the actor changed since. Go back to the actor: it is as before.", []stroke{
			{press{"z", "cannot undo"}, "z", true},
			{press{"z", "undo the edit of " + stuck}, "z", true},
			{press{"y", "done: saved " + stuck}, "y", false},
			{press{escape, "STATUS_RESUMING"}, "esc", true},
		}},
	}
}

// tour tells the story at 80x24, and tries it at 160x45 too.
func (s studio) tour(ctx context.Context) error {
	text, err := s.tell(ctx, 80, 24)
	if err != nil {
		return fmt.Errorf("80x24: %w", err)
	}
	if _, err := s.tell(ctx, 160, 45); err != nil {
		return fmt.Errorf("160x45: %w", err)
	}
	return os.WriteFile(filepath.Join(s.out, "tour.md"), []byte(text), 0o644)
}

func (s studio) tell(ctx context.Context, wide, high int) (string, error) {
	editor, err := s.editor("editor", `sed -i 's/STATUS_RESUMING/STATUS_SUSPENDED/' "$1"`)
	if err != nil {
		return "", err
	}
	server, c, err := agents(ctx, s.work)
	if err != nil {
		return "", err
	}
	defer server.Stop()
	defer c.Conn.Close()
	x, err := s.start(wide, high, []string{editor}, "--url", server.URL)
	if err != nil {
		return "", err
	}
	defer x.Close()
	if err := see(ctx, x, "LIVE (pushed)"); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(preface)
	b.WriteString(screen(x))
	for i, step := range story() {
		if len(step.keys) > maxPresses {
			return "", fmt.Errorf("%s: %d key presses, want at most %d", step.title, len(step.keys), maxPresses)
		}
		var names []string
		for _, k := range step.keys {
			names = append(names, "`"+k.name+"`")
		}
		fmt.Fprintf(&b, "\n## %d. %s: %s\n\n%s\n", i+1, step.title, presses(len(names)), step.why)
		fmt.Fprintf(&b, "\nKeys: %s\n", strings.Join(names, " "))
		for n, k := range step.keys {
			if err := k.on(ctx, x); err != nil {
				return "", fmt.Errorf("%s, key %s: %w", step.title, k.name, err)
			}
			if k.keep {
				fmt.Fprintf(&b, "\nAfter %s:\n\n%s", strings.Join(names[:n+1], " "), screen(x))
			}
		}
	}
	return b.String(), nil
}

func presses(n int) string {
	if n == 1 {
		return "1 key press"
	}
	return fmt.Sprintf("%d key presses", n)
}

// screen is what the terminal shows, as a block of text.
func screen(x *rig.Terminal) string {
	x.Mu.Lock()
	defer x.Mu.Unlock()
	lines := make([]string, x.High)
	for y := range lines {
		lines[y] = strings.TrimRight(x.Line(y), " ")
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = slices.Delete(lines, len(lines)-1, len(lines))
	}
	return "```text\n" + strings.Join(lines, "\n") + "\n```\n"
}

const preface = `# A tour

An actor hangs in RESUMING. Find it, see its worker, take its lock, edit its status, release the lock, undo the edit: each
step takes at most five key presses. The screens below come from the program: ` + "`docs/pictures.sh`" + ` presses these keys in the
real binary, on a Redis of its own with a dozen actors, and writes this page. The screens are 80x24; the script presses the
same keys at 160x45, and fails if a step does not show what it should.

The first screen, ` + "`holdfast --url redis://127.0.0.1:PORT`" + `:

`
