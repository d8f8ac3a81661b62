package kind_test

import (
	"errors"
	"testing"
	"time"

	"holdfast/core/kind"
)

func TestARowIsSpelledOut(t *testing.T) {
	schema := kind.NewSchema()
	name, body, n := schema.Word("name"), schema.Bytes("body"), schema.Int("n")
	life, ends, off := schema.Duration("life"), schema.Deadline("ends"), schema.Bool("off")
	row := schema.One("a\x1b", func(b *kind.Builder) {
		name.Set(b, "x")
		body.Set(b, []byte("\xff"))
		n.Unknown(b, errors.New("refused"))
		life.Set(b, 1500*time.Millisecond)
		ends.Set(b, time.UnixMilli(1_700_000_000_000))
		off.Set(b, true)
		b.Bad(errors.New("torn"))
	})
	want := `"a\x1b" unreadable: torn name="x" body="\xff" n not known: refused life=1.5s ends=2023-11-14 22:13:20 +0000 UTC off=true`
	if got := row.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := (kind.Row{}).String(); got != "no row" {
		t.Errorf("no row is %s", got)
	}
}
