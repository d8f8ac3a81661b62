package operate_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/core/operate"
)

// Foreign writers push what they like; each record is one line of JSON that gives it back.
func TestOddRecordsBecomeOneLineEach(t *testing.T) {
	records := []string{
		"{\n  \"n\": 1,\r\n  \"s\": \"a b\"\n}\n", `{"big":12345678901234567890,"z":1,"a":"\u00e9<&>"}`, "plain\ntext \x1b[31m <b>", "",
		"[1,\n2]", "\xff\xfe", "{\"a\":\"\xff\"}", `{"torn":`, "\x00", "1e999", "\u2028", strings.Repeat("x", 70_000),
	}
	want := map[string]string{records[0]: `{"n":1,"s":"a b"}`, "[1,\n2]": "[1,2]", "1e999": "1e999", records[1]: records[1]}
	s := single(t, operate.Options{})
	for _, r := range records {
		if err := s.c.RPush(ctx, "buf:{s}:list", r).Err(); err != nil {
			t.Fatal(err)
		}
	}
	out := s.do(t, s.FlushStore("s"))
	got := lines(t, out.Data[0])
	if len(got) != len(records) {
		t.Fatalf("%d lines for %d records: %q", len(got), len(records), got)
	}
	for i, line := range got {
		if !json.Valid([]byte(line)) {
			t.Errorf("%q became %q", records[i], line)
		}
		if w, ok := want[records[i]]; ok {
			if line != w {
				t.Errorf("%q became %q, want %q", records[i], line, w)
			}
			continue
		}
		var back string
		var binary struct{ Base64 string }
		if json.Unmarshal([]byte(line), &back) != nil && json.Unmarshal([]byte(line), &binary) == nil {
			b, _ := base64.StdEncoding.DecodeString(binary.Base64)
			back = string(b)
		}
		if back != records[i] {
			t.Errorf("%q became %q, which is %q", records[i], line, back)
		}
	}
}

// pages notes how much is asked for at a time.
type pages struct {
	redis.Hook
	most, n int64
}

func (p *pages) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (p *pages) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (p *pages) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, c := range cmds {
			if args := c.Args(); c.Name() == "lrange" {
				from, to := args[2].(int64), args[3].(int64)
				p.most, p.n = max(p.most, to-from+1), p.n+1
			}
		}
		return next(ctx, cmds)
	}
}

func TestALargeBatchIsStreamed(t *testing.T) {
	const total, chunk = 100_000, 10_000
	s := single(t, operate.Options{})
	for from := 0; from < total; from += chunk {
		var some []any
		for i := range chunk {
			some = append(some, `{"n":`+strconv.Itoa(from+i)+`}`)
		}
		if err := s.c.RPush(ctx, "buf:{s}:list", some...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	p := &pages{}
	s.core.Conn.AddHook(p)
	out := s.do(t, s.FlushStore("s"))
	if p.most > 1000 || p.n < total/1000 {
		t.Errorf("%d records at a time, %d times", p.most, p.n)
	}
	got := lines(t, out.Data[0])
	if len(got) != total || got[0] != `{"n":0}` || got[total-1] != `{"n":99999}` {
		t.Errorf("%d lines", len(got))
	}
}
