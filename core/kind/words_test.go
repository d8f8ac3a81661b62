package kind

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"
	"weak"
)

// A word takes a byte or two in each row and is stored once; beyond the limits it stands in the row, and reads the same.
func TestWords(t *testing.T) {
	s := NewSchema()
	word := s.Word("word")
	one := func(text string) Row { return s.One("", func(b *Builder) { word.Set(b, text) }) }
	text := "STATUS_RUNNING"
	a, b := one(text), one(text+"!")
	if len(a.Data()) > 3 || len(b.Data()) > 3 || word.Of(a) != text || word.Of(b) != text+"!" {
		t.Errorf("%q is %q, %q is %q", a.Data(), word.Of(a), b.Data(), word.Of(b))
	}
	if unsafe.StringData(word.Of(a)) != unsafe.StringData(word.Of(one(text))) {
		t.Error("a word is stored twice")
	}
	if long := strings.Repeat("x", maxWord+1); word.Of(one(long)) != long || len(one(long).Data()) < len(long) {
		t.Error("a long word was kept for ever")
	}
	for i := range 2 * maxWords {
		text := fmt.Sprint("w", i)
		if first, again := one(text), one(text); word.Of(first) != text || first != again {
			t.Fatalf("word %d is %q", i, word.Of(one(text)))
		}
	}
	if n := len(*s.words.list.Load()); n != maxWords || len(s.words.index) != maxWords {
		t.Errorf("%d words are kept, %d of them found", n, len(s.words.index))
	}
	if word.Of(a) != text || one(text) != a {
		t.Error("a word of the beginning is another now")
	}
}

// Kept words do not keep the texts that they came in.
func TestWordsPinNothing(t *testing.T) {
	s := NewSchema()
	word := s.Word("word")
	answer := strings.Repeat("x", 1<<10)
	piece := weak.Make(unsafe.StringData(answer))
	r := s.One("", func(b *Builder) { word.Set(b, answer[10:20]) })
	runtime.GC()
	if word.Of(r) != "xxxxxxxxxx" || piece.Value() != nil {
		t.Error("the word is a part of the answer")
	}
}

// Many pack and read words of one schema at once, the same and others.
func TestWordsAreForAll(t *testing.T) {
	s := NewSchema()
	word := s.Word("word")
	rows := make(chan Row, 1000)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			b := s.Builder(10)
			for i := range 2000 {
				b.Row(fmt.Sprint(i))
				word.Set(b, fmt.Sprint(i))
				if i%10 == 9 {
					for _, r := range b.Rows() {
						rows <- r
					}
				}
			}
		})
	}
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for r := range rows {
				if word.Of(r) != r.ID() {
					t.Errorf("the word of %s is %s", r.ID(), word.Of(r))
				}
			}
		})
	}
	all.Wait()
	close(rows)
	readers.Wait()
	if n := len(*s.words.list.Load()); n != 2000 {
		t.Errorf("%d words are kept", n)
	}
}
