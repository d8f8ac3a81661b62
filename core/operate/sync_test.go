package operate_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"holdfast/core/conn"
	"holdfast/core/operate"
	"holdfast/internal/redistest"
)

// forgetful knows what a disk would have after a power cut: of files what was synced, and of folders the names that were.
type forgetful struct {
	mu    sync.Mutex
	files map[string]string   // content by inode, here by any name that it had
	names map[string][]string // of a folder
	nodes []os.FileInfo       // of the files that were synced
	early []string            // what was there under its name before it was on the disk
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
		if strings.HasSuffix(f.Name(), ".jsonl") && !d.keeps(info) {
			d.early = append(d.early, f.Name())
		}
		d.nodes = append(d.nodes, info)
		return err
	}
	entries, err := os.ReadDir(f.Name())
	d.names[f.Name()] = nil
	for _, e := range entries {
		d.names[f.Name()] = append(d.names[f.Name()], e.Name())
	}
	return err
}

// keeps tells whether the disk has a file, under whatever name.
func (d *forgetful) keeps(file os.FileInfo) bool {
	return slices.ContainsFunc(d.nodes, func(n os.FileInfo) bool { return os.SameFile(n, file) })
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
	if len(disk.early) > 0 {
		t.Errorf("%q had the name before it was on the disk: a crash leaves it torn, and it is in the way", disk.early)
	}
	if text := disk.files[s.audit]; !strings.Contains(text, `"verb":"flush"`) {
		t.Errorf("told before the trail is on the disk, which has %q", text)
	}
}

// A file that an earlier flush left under the name may not be on the disk yet.
func TestAFileThatIsThereIsSyncedBeforeTheBatchIsDeleted(t *testing.T) {
	s := single(t, operate.Options{})
	disk := &forgetful{files: map[string]string{}, names: map[string][]string{}}
	s.push(t, "s", 3)
	at, _, err := s.core.Buffers.Prepare(ctx, "s", "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.dir, fmt.Sprintf("s-%d.jsonl", at))
	for _, err := range []error{os.Mkdir(s.dir, 0o700), os.WriteFile(path, []byte("{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n"), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s.Syncing(disk.sync)
	s.do(t, s.FlushBatch("s", at, 3, -1))
	if info, err := os.Stat(path); err != nil || !disk.keeps(info) {
		t.Errorf("the batch is deleted, and what has its name is not on the disk: %v", err)
	}
}

// A disk that refuses any one of the syncs keeps the batch in Redis; one that refuses that of the trail is told.
func TestABatchStaysWhereADiskRefusesToSync(t *testing.T) {
	refused := errors.New("the disk is gone")
	for nth := 1; ; nth++ {
		s := single(t, operate.Options{FlushDir: filepath.Join(t.TempDir(), "made", "here")})
		s.push(t, "s", 3)
		synced, trail := 0, false
		s.Syncing(func(f *os.File) error {
			if synced++; synced == nth {
				trail = f.Name() == s.audit
				return refused
			}
			return f.Sync()
		})
		_, err := s.Do(ctx, s.FlushStore("s"))
		if synced < nth {
			if err != nil || nth < 7 { // two folders, the file by each of its names, its folder, the trail
				t.Errorf("%d syncs: %v", synced, err)
			}
			return
		}
		left, batches := 0, dump(t, s.c)
		for key := range batches {
			if strings.HasSuffix(key, ":list") {
				left++
			}
		}
		if !errors.Is(err, refused) || (left == 1) == trail {
			t.Errorf("sync %d: %v; left are %v", nth, err, batches)
		}
	}
}

// What an operator syncs with is that of the system: it does not take a file that is closed.
func TestAnOperatorSyncsInEarnest(t *testing.T) {
	s := single(t, operate.Options{})
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	for what, err := range map[string]error{"a batch": s.Sync(f), "the trail": s.SyncTrail(f)} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
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
