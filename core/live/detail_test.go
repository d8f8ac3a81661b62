package live

import (
	"errors"
	"testing"
	"time"

	"holdfast/core/conn"
)

func TestDetail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "k:")
	w.put("k:a=text")
	w.mini.SetTTL("k:a", time.Minute)
	d, err := w.Inspect(ctx, "k:", "a")
	if err != nil || !d.Found || string(d.Body) != "text" || d.Kind != "k:" || d.ID != "a" {
		t.Errorf("%+v, %v", d, err)
	}
	if len(d.Keys) != 1 || d.Keys[0] != (RawKey{Name: "k:a", Type: "string", Expires: w.now().Add(time.Minute), Bytes: d.Keys[0].Bytes}) {
		t.Errorf("%+v", d.Keys)
	}
	if d, err := w.Inspect(ctx, "k:", "none"); err != nil || d.Found || len(d.Keys) != 0 {
		t.Errorf("%+v, %v", d, err)
	}
	if r, err := w.ReadRow(ctx, "k:", "a"); err != nil || textOf(r) != "text" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := w.ReadRow(ctx, "k:", "none"); err != nil || !r.None() {
		t.Errorf("%+v, %v", r, err)
	}
	same(t, "keys", w.Keys("k:", "a"), []string{"k:a"})

	// A row that cannot be read still has its raw keys, whose types tell why.
	w.mini.Lpush("k:list", "x")
	if d, err := w.Inspect(ctx, "k:", "list"); err == nil || len(d.Keys) != 1 || d.Keys[0].Type != "list" {
		t.Errorf("%+v, %v", d, err)
	}

	for _, err := range []error{
		func() error { _, err := w.Inspect(ctx, "x", "a"); return err }(),
		func() error { _, err := w.ReadRow(ctx, "x", "a"); return err }(),
	} {
		if !errors.Is(err, ErrUnknownKind) {
			t.Error(err)
		}
	}
	if keys := w.Keys("x", "a"); keys != nil {
		t.Errorf("keys of no kind: %q", keys)
	}
	w.mini.Close()
	if _, err := w.Inspect(ctx, "k:", "a"); !conn.Unreachable(err) {
		t.Error(err)
	}
}
