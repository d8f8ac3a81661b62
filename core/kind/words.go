package kind

import (
	"encoding/binary"
	"strings"
	"sync"
	"sync/atomic"
)

// words are the texts that many rows of a kind repeat, each stored once. They are never let go of, so there is a limit; what
// comes after stands in the rows themselves. Reading one takes no lock.
type words struct {
	list  atomic.Pointer[[]string]
	mu    sync.RWMutex
	index map[string]uint64
}

const (
	maxWords = 1 << 14
	maxWord  = 256 // bytes
)

func (w *words) at(i uint64) string { return (*w.list.Load())[i] }

// append packs a word: its number plus one, or 0 and the text.
func (w *words) append(out []byte, s string) []byte {
	if n, ok := w.number(s); ok {
		return binary.AppendUvarint(out, n+1)
	}
	return appendText(append(out, 0), s)
}

// cut takes a packed word off the front.
func (w *words) cut(raw string) (text, rest string) {
	n, rest := uvarint(raw)
	if n > 0 {
		return w.at(n - 1), rest
	}
	return cutText(rest)
}

// known is the number of a word that was stored before.
func (w *words) known(s []byte) (n uint64, ok bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	n, ok = w.index[string(s)]
	return n, ok
}

func (w *words) number(s string) (n uint64, ok bool) {
	w.mu.RLock()
	n, ok = w.index[s]
	full := len(w.index) >= maxWords
	w.mu.RUnlock()
	if ok || full || len(s) > maxWord {
		return n, ok
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if n, ok = w.index[s]; ok || len(w.index) >= maxWords {
		return n, ok
	}
	if w.index == nil {
		w.index = map[string]uint64{}
	}
	var list []string
	if old := w.list.Load(); old != nil {
		list = *old
	}
	s = strings.Clone(s)
	list = append(list, s) // readers of the old list do not look behind its end
	w.list.Store(&list)
	n = uint64(len(list) - 1)
	w.index[s] = n
	return n, true
}
