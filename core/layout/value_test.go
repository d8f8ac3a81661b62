package layout_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/layout"
	"holdfast/internal/redistest"
)

const values = `
[[layout]]
name = "values"
view = "values"
keys = ["value:{id}", "value:{id}:tail"]
except = ["value:none"]
type = "string"
columns = [
  { name = "host", from = "value", decode = ["protobuf"], pointer = "/1/0" },
  { name = "queues", from = "value", decode = ["protobuf"], pointer = "/5/*/1/0" },
  { name = "at", from = "value", decode = ["protobuf"], pointer = "/8/0/1/0", type = "time", format = "unix" },
]

[[layout]]
name = "names"
view = "names"
keys = ["value:none"]
type = "string"
columns = [
  { name = "each", from = "value", pointer = "/*" },
  { name = "names", from = "value", pointer = "/**" },
]

[[layout]]
name = "counts"
view = "counts"
keys = ["count:{id}"]
type = "list"
columns = [
  { name = "_here", from = "length" },
  { name = "_there", from = "length", key = "more:{id}", of = "zset" },
  { name = "_kept", from = "value", key = "kept:{key}" },
  { name = "all", from = "sum", sum = ["_here", "_there", "_kept"], type = "int" },
]
`

// message is a protobuf of field 1 "h1", two fields 5 with a text in them, and a time in field 8.
const message = "\x0a\x02h1\x10\x07\x2a\x0b\x0a\x07default\x10\x03\x2a\x07\x0a\x03low\x10\x01\x42\x06\x08\x80\xe2\xcf\xaa\x06"

func TestProtobufIsReadByNumbers(t *testing.T) {
	c := redistest.Single(t)
	ctx := context.Background()
	c.Set(ctx, "value:1", message, 0)
	r := rows(t, compile(t, c, values)[0], "value:1")["value:1"]
	if r.Bad() || value(t, r, "host") != "h1" || value(t, r, "queues") != "default, low" || fmt.Sprint(value(t, r, "at")) != "2023-11-14 22:13:20 +0000 UTC" {
		t.Errorf("%v %v %v %v", r.Problem(), value(t, r, "host"), value(t, r, "queues"), value(t, r, "at"))
	}
}

func TestProtobufThatIsCutOffIsABadRow(t *testing.T) {
	c := redistest.Single(t)
	ctx := context.Background()
	for n := range message {
		c.Set(ctx, fmt.Sprintf("value:%d", n), message[:n], 0)
	}
	nested := "\x0a\x00"
	for range 70 {
		nested = "\x0a" + string(rune(len(nested))) + nested
		if len(nested) > 120 {
			break
		}
	}
	odd := []string{"\x00", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x0a\xff\xff\xff\xff\x0f", "\x09abc", "\x0dabc", "\x0b", nested, strings.Repeat("\x08\x01", 20_000)}
	for i, text := range odd {
		c.Set(ctx, fmt.Sprintf("value:odd%d", i), text, 0)
	}
	k := compile(t, c, values)[0]
	for n := range message {
		id := fmt.Sprintf("value:%d", n)
		if r := rows(t, k, id)[id]; !r.None() && r.Bad() && !errors.Is(r.Problem(), layout.ErrValue) {
			t.Errorf("%d bytes: %v", n, r.Problem())
		}
	}
	for i := range odd {
		id := fmt.Sprintf("value:odd%d", i)
		if r := rows(t, k, id)[id]; i < 6 && !errors.Is(r.Problem(), layout.ErrValue) {
			t.Errorf("%q: %v", odd[i], r.Problem())
		}
	}
}

func FuzzProtobufNeverPanics(f *testing.F) {
	f.Add([]byte(message))
	f.Fuzz(func(t *testing.T, b []byte) { layout.ProtobufJSON(b) })
}

func TestAPointerTakesSeveralValues(t *testing.T) {
	c := redistest.Single(t)
	c.Set(context.Background(), "value:none", `{"b":"x","a":[1, 2],"c":null}`, 0)
	r := rows(t, compile(t, c, values)[1], "value:none")["value:none"]
	if value(t, r, "each") != "[1, 2], x" || value(t, r, "names") != "a, b, c" {
		t.Errorf("%q %q", value(t, r, "each"), value(t, r, "names"))
	}
}

func TestWhatAPartDoesNotHoldBelongsToOthers(t *testing.T) {
	c := redistest.Single(t)
	kinds := compile(t, c, values)
	for key, want := range map[string]string{"value:a": "value:a", "value:a:tail": "value:a", "value:a:b": "", "value:none": "", "value::tail": ""} {
		id, ok := kinds[0].Source.Identify(key)
		if id != want || ok != (want != "") {
			t.Errorf("%s is %q, %v, want %q", key, id, ok, want)
		}
	}
	if _, ok := kinds[1].Source.Identify("value:none"); !ok {
		t.Error("what one leaves out is the other's")
	}
}

func TestNumbersAreAdded(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		ctx := context.Background()
		c.RPush(ctx, "count:a", 1, 2)
		c.RPush(ctx, "count:b", 1)
		c.ZAdd(ctx, "more:a", redis.Z{Member: "x"})
		c.Set(ctx, "kept:count:a", "40", 0)
		got := rows(t, compile(t, c, values)[2], "count:a", "count:b")
		if a, b := value(t, got["count:a"], "all"), value(t, got["count:b"], "all"); a != int64(43) || b != int64(1) {
			t.Errorf("%v and %v, want 43 and 1", a, b)
		}
		c.Set(ctx, "kept:count:a", "many", 0)
		if r := rows(t, compile(t, c, values)[2], "count:a")["count:a"]; !r.Bad() {
			t.Error("a text was added")
		}
	})
}
