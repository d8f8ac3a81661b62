package logentry

import (
	"errors"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
)

func bulk(text string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text) }

func logged(id, field, record string) string {
	return "*2\r\n" + bulk(id) + "*2\r\n" + bulk(field) + bulk(record)
}

// What reads a raw reply takes nothing for an entry that is none, and reads past no end.
func TestOnlyWholeEntriesOfOurLogAreRead(t *testing.T) {
	one := logged("7-0", "c", "p0 1 3 kabcd0 2 0 xy") + logged("8-0", "c", "")
	list, err := FromRaw([]byte("*2\r\n" + one))
	if err != nil || len(list) != 2 || list[0].ChangeNumber != 7 || len(list[0].Trxns) != 2 || len(list[1].Trxns) != 0 {
		t.Fatalf("%v, %v", list, err)
	}
	if a, b := list[0].Trxns[0], list[0].Trxns[1]; string(a.Key) != "k" || string(a.Value) != "abc" || string(b.Key) != "xy" || b.Value != nil {
		t.Errorf("%+v, %+v", a, b)
	}
	for end := range len(one) + 3 {
		if _, err := FromRaw([]byte("*2\r\n" + one)[:end]); !errors.Is(err, ErrMalformed) {
			t.Errorf("cut at %d: %v", end, err)
		}
	}
	for what, entry := range map[string]string{
		"another field":         logged("7-0", "f", "p0 1 1 kv"),
		"no number":             logged("-0", "c", ""),
		"a sequence":            logged("7-1", "c", ""),
		"a number too great":    logged("99999999999999999999-0", "c", ""),
		"another kind":          logged("7-0", "c", "x0 1 1 kv"),
		"a value that is cut":   logged("7-0", "c", "p0 1 2 kv"),
		"a length beyond reach": logged("7-0", "c", "p0 9999999999999999999 1 kv"),
		"no lengths":            logged("7-0", "c", "p0"),
		"three parts":           "*3\r\n" + bulk("7-0") + "*2\r\n" + bulk("c") + bulk(""),
	} {
		if _, err := FromRaw([]byte("*1\r\n" + entry)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	var answered redis.Error
	if _, err := FromRaw([]byte("-WRONGTYPE no stream\r\n")); !errors.As(err, &answered) || err.Error() != "WRONGTYPE no stream" {
		t.Errorf("a refusal: %v", err)
	}
}
