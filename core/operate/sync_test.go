package operate_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"holdfast/core/conn"
	"holdfast/core/operate"
	"holdfast/core/redistest"
)

// forgetful knows what a disk would have after a power cut: of files what was synced, and of folders the names that were.
type forgetful struct {
	mu    sync.Mutex
	files map[string]string   // content by inode, here by any name that it had
	names map[string][]string // of a folder
}

func (d *forgetful) sync(f *os.File) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.IsDir() {
		text, err := os.ReadFile(f.Name())
		d.files[f.Name()] = string(text)
		return err
	}
	entries, err := os.ReadDir(f.Name())
	d.names[f.Name()] = nil
	for _, e := range entries {
		d.names[f.Name()] = append(d.names[f.Name()], e.Name())
	}
	return err
}

// has tells whether some synced file has this content, and the folder a synced name of that ending.
func (d *forgetful) has(dir, ending string, lines int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	named, whole := false, false
	for _, name := range d.names[dir] {
		named = named || strings.HasSuffix(name, ending)
	}
	for _, text := range d.files {
		whole = whole || strings.Count(text, "\n") == lines
	}
	return named && whole
}

// A power cut right after the batch is deleted must find the file on the disk, under its name, in a folder that is there.
func TestABatchIsOnTheDiskBeforeItIsDeleted(t *testing.T) {
	c := redistest.Single(t)
	disk := &forgetful{files: map[string]string{}, names: map[string][]string{}}
	dir := filepath.Join(t.TempDir(), "made", "here")
	asked := false
	emptying := redistest.Emptying()
	gate := redistest.NewGate(t, c.Options().Addr, func(_ int, command string) redistest.Hold {
		if emptying(command) {
			asked = true
			for folder, child := range map[string]string{filepath.Dir(dir): "here", filepath.Dir(filepath.Dir(dir)): "made"} {
				disk.mu.Lock()
				names := strings.Join(disk.names[folder], " ")
				disk.mu.Unlock()
				if !strings.Contains(names, child) {
					t.Errorf("folder %s is not on the disk", child)
				}
			}
			if !disk.has(dir, ".jsonl", 3) {
				t.Errorf("deleted while the disk has %q, %q", disk.files, disk.names)
			}
		}
		return redistest.Pass
	})
	s := newStage(t, c, conn.Options{URLs: []string{gate.URL()}}, operate.Options{FlushDir: dir})
	defer s.core.Close()
	s.Syncing(disk.sync)
	s.push(t, "s", 3)
	s.do(t, s.FlushStore("s"))
	if !asked {
		t.Error("nothing was deleted")
	}
	if text := disk.files[s.audit]; !strings.Contains(text, `"verb":"flush"`) {
		t.Errorf("told before the trail is on the disk, which has %q", text)
	}
}

// Whoever shows the trail with cat must not be at the mercy of what others named things, and what is written must not go
// where nobody looks.
func TestTheTrailIsSafeToShowAndToKeep(t *testing.T) {
	s := single(t, operate.Options{})
	name := "a\u009b31m\u202e\u200b\U000e0041\ufe0f\u2028é字"
	s.do(t, s.BumpGeneration("ns", name))
	text, err := os.ReadFile(s.audit)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range "\u009b\u202e\u200b\U000e0041\ufe0f\u2028" {
		if strings.ContainsRune(string(text), r) {
			t.Errorf("%U stands in it raw", r)
		}
	}
	if !strings.Contains(string(text), "é字") || s.trail(t)[0]["id"] != "ns:"+name {
		t.Errorf("%s", text)
	}

	if err := os.Rename(s.audit, s.audit+".1"); err != nil {
		t.Fatal(err)
	}
	s.do(t, s.BumpGeneration("ns", "k"))
	if e := s.trail(t); len(e) != 1 || e[0]["id"] != "ns:k" {
		t.Errorf("after it was moved away: %v", e)
	}

	dir := t.TempDir()
	link, open := filepath.Join(dir, "link"), filepath.Join(dir, "open")
	for _, err := range []error{os.Symlink(s.audit, link), os.WriteFile(open, nil, 0o600), os.Chmod(open, 0o644)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{link, open} {
		if _, err := operate.New(s.core, operate.Options{AuditFile: path}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
