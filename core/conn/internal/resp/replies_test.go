package resp

import (
	"errors"
	"strings"
	"testing"
)

func TestRepliesThatNoRedisGives(t *testing.T) {
	subscribe, scan, get := "*2\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n", "*2\r\n$4\r\nscan\r\n$1\r\n0\r\n", "*2\r\n$3\r\nget\r\n$1\r\nk\r\n"
	master := "*3\r\n$8\r\nsentinel\r\n$23\r\nget-master-addr-by-name\r\n$1\r\nm\r\n"
	hello := "*2\r\n$5\r\nhello\r\n$1\r\n3\r\n"
	for _, tt := range []struct {
		asked, answer string
		ok            bool
	}{
		{get, "$-1\r\n", true},
		{get, "$3\r\na\nb\r\n-ERR no\r\n:5\r\n$0\r\n\r\n*0\r\n*-1\r\n_\r\n#t\r\n,1.5\r\n(123\r\n=7\r\ntxt:abc\r\n", true},
		{get, "*2\r\n*1\r\n:1\r\n%1\r\n+a\r\n~1\r\n+b\r\n+after\r\n", true},
		{get, "|1\r\n+ttl\r\n:3\r\n+OK\r\n", true},
		{get, "$536870912\r\n", true},
		{get, "*1000000\r\n", true},
		{get, "$536870913\r\n", false},
		{get, "*99999999\r\n", false},
		{get, "%9999999\r\n", false},
		{get, "~99999999\r\n", false},
		{get, ">99999999\r\n", false},
		{get, "|99999999\r\n", false},
		{get, "=99999999999\r\n", false},
		{get, "!99999999999\r\n", false},
		{get, "*3000000\r\n*3000000\r\n", false},
		{get, strings.Repeat("*1\r\n", 33), false},
		{get, "$-2\r\n", false},
		{get, "$99999999999999999999999\r\n", false},
		{get, "$\r\n", false},
		{get, "*?\r\n", false},
		{get, "\r\n", false},
		{get, "HTTP/1.1 400 Bad Request\r\n", false},
		{get, "+no carriage return\n", false},
		{get, "-" + strings.Repeat("x", 1<<17), false},
		{hello, "%7\r\n", true},
		{hello, "%999999999\r\n", false},
		{hello, "$1073741\r\n", false},
		{master, "*2\r\n$1\r\na\r\n$1\r\n1\r\n", true},
		{master, "*-1\r\n", true},
		{master, "*0\r\n", false},
		{master, "*1\r\n$1\r\na\r\n", false},
		{scan, "*2\r\n$1\r\n0\r\n*1000\r\n", true},
		{scan, "*2\r\n$1\r\n0\r\n*2000000\r\n", false},
		{scan, "*2\r\n$999999999999\r\n", false},
		{subscribe, "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", true},
		{subscribe, "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n", true},
		{subscribe, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nv\r\n", true},
		{subscribe, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n", true},
		{subscribe, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*-1\r\n", true},
		{subscribe, ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nv\r\n+PONG\r\n", true},
		{subscribe, "*2\r\n$4\r\npong\r\n$0\r\n\r\n", true},
		{subscribe, "*4\r\n$8\r\npmessage\r\n$1\r\np\r\n$1\r\nc\r\n$1\r\nv\r\n", true},
		{subscribe, "*1\r\n$7\r\nmessage\r\n", false},
		{subscribe, "*2\r\n$7\r\nmessage\r\n$1\r\nc\r\n", false},
		{subscribe, "*3\r\n$7\r\nmessage\r\n:1\r\n$1\r\nv\r\n", false},
		{subscribe, "*3\r\n$7\r\nmessage\r\n$-1\r\n$1\r\nv\r\n", false},
		{subscribe, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*1\r\n:1\r\n", false},
		{subscribe, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*1\r\n$-1\r\n", false},
		{subscribe, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*1\r\n*1\r\n$1\r\na\r\n", false},
		{subscribe, "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n$1\r\n1\r\n", false},
		{subscribe, "*3\r\n:1\r\n$1\r\nc\r\n$1\r\n1\r\n", false},
		{subscribe, "*2\r\n$-1\r\n$1\r\nc\r\n", false},
		{subscribe, "*0\r\n", false},
		{subscribe, "*-1\r\n", false},
		{subscribe, "*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$4\r\nmain\r\n", false},
		{subscribe, "*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$25\r\nm 1.1.1.1 1111 2.2.2.2 22\r\n", true},
	} {
		for _, chunk := range []int{1, 2, 7, len(tt.answer)} {
			var r Replies
			r.Asked([]byte(tt.asked))
			var err error
			for at := 0; at < len(tt.answer) && err == nil; at += chunk {
				err = r.Read([]byte(tt.answer[at:min(at+chunk, len(tt.answer))]))
			}
			if (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrNotRedis) {
				t.Errorf("%.60q in pieces of %d: %v", tt.answer, chunk, err)
			}
		}
	}
}

// However bytes come in pieces, the verdict is the same, and what is kept of them is bounded.
func FuzzReplies(f *testing.F) {
	f.Add([]byte("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"), 3, true)
	f.Add([]byte("%2\r\n+a\r\n:1\r\n|1\r\n+b\r\n*-1\r\n=7\r\ntxt:abc\r\n$-1\r\n"), 1, false)
	f.Add([]byte("*1\r\n*1\r\n*1\r\n$999999999999\r\n"), 5, false)
	f.Fuzz(func(t *testing.T, answer []byte, chunk int, subscribed bool) {
		verdict := func(chunk int) bool {
			var r Replies
			r.limit.Store(&ofKeys)
			r.subscribed.Store(subscribed)
			for at := 0; at < len(answer); at += chunk {
				if r.Read(answer[at:min(at+chunk, len(answer))]) != nil {
					return false
				}
				if len(r.open) > maxDepth || r.items > ofKeys.items || len(r.push.parts) > 4 || r.text > ofKeys.text+2 {
					t.Fatalf("%d open, %d items, %d parts, %d bytes", len(r.open), r.items, len(r.push.parts), r.text)
				}
			}
			return true
		}
		if chunk = max(1, chunk%64); len(answer) > 0 && verdict(chunk) != verdict(len(answer)) {
			t.Errorf("%q: in pieces of %d %v, else %v", answer, chunk, verdict(chunk), verdict(len(answer)))
		}
	})
}
