package conn_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/core/conn"
	"holdfast/internal/redistest"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

func TestSpellWritesACommandAsOneWouldTypeIt(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, tt := range []struct {
		args []any
		want string
	}{
		{[]any{"get", "user:42"}, "GET user:42"},
		{[]any{"set", "k", "two words"}, `SET k "two words"`},
		{[]any{"set", "k", ""}, `SET k ""`},
		{[]any{"set", "k", `"quoted"`}, `SET k "\"quoted\""`},
		{[]any{"set", "k", []byte("\x1b[2J\x00")}, `SET k "\x1b[2J\x00"`},
		{[]any{"set", "k", "\u202eflip"}, `SET k "\u202eflip"`},
		{[]any{"mget", new("k"), new("")}, `MGET k ""`},
		{[]any{"expire", "k", 5, int64(-6), uint64(7), 1.5, nil}, "EXPIRE k 5 -6 7 1.5 ?"},
		{[]any{"set", "k", long}, `SET k "` + long[:96] + `"...(300 bytes)`},
		{[]any{"auth", "user", "SECRET"}, "AUTH ***"},
		{[]any{"AUTH", "SECRET"}, "AUTH ***"},
		{[]any{"hello", 3, "auth", "user", "SECRET", "setname", "n"}, "HELLO 3 auth ***"},
		{[]any{"HELLO", 3, "AUTH", "user", "SECRET"}, "HELLO 3 AUTH ***"},
		{[]any{"get", "auth"}, "GET auth"},
		{nil, ""},
	} {
		if got := conn.Spell(tt.args); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

func open(t *testing.T, o conn.Options) *conn.Conn {
	t.Helper()
	c, err := conn.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// What only reads does not push out what may change something.
// A restore sends thousands of arguments at once.
func TestSpellCutsALongListOfArguments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		args := []any{"rpush"}
		for i := range rapid.IntRange(1, 3000).Draw(t, "arguments") {
			args = append(args, strings.Repeat("x", 1+(i*37)%96))
		}
		got, cut := conn.Spell(args), 0
		if at := strings.Index(got, " ...("); at >= 0 && strings.HasSuffix(got, " more arguments)") {
			if _, err := fmt.Sscanf(got[at:], " ...(%d more arguments)", &cut); err != nil {
				t.Fatalf("%q: %v", got[at:], err)
			}
			got = got[:at]
		}
		said := len(strings.Fields(got))
		if said+cut != len(args) || len(got) > 4500 {
			t.Fatalf("%d of %d said, %d cut, %d bytes", said, len(args), cut, len(got))
		}
	})
}

func TestTheLogKeepsTheNewestCommands(t *testing.T) {
	_, m := redistest.Mini(t)
	c := open(t, conn.Options{URLs: []string{"redis://" + m.Addr()}, LogSize: 4})
	if got := c.Log.Last(); len(got) != 0 {
		t.Errorf("before any command: %v", got)
	}
	for i := range 6 {
		c.Set(ctx, fmt.Sprint("k", i), 1, 0)
	}
	texts := func() (texts []string) {
		for _, e := range c.Log.Last() {
			if strings.HasPrefix(e.Text, "HELLO") || strings.HasPrefix(e.Text, "CLIENT") {
				continue // the handshake
			}
			texts = append(texts, e.Text)
			if e.At.IsZero() || e.Took <= 0 {
				t.Errorf("%+v has no time", e)
			}
		}
		return texts
	}
	if got := fmt.Sprint(texts()); got != "[SET k2 1 SET k3 1 SET k4 1 SET k5 1]" {
		t.Error(got)
	}
	if err := conn.Pipeline(ctx, c, func(p redis.Pipeliner) { p.Get(ctx, "warm") }); err != nil { // dials
		t.Fatal(err)
	}
	sent := c.Log.Sent()
	if err := conn.Pipeline(ctx, c, func(p redis.Pipeliner) {
		for i := range 9 {
			p.Get(ctx, fmt.Sprint("p", i))
		}
	}); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(texts()); got != "[SET k2 1 SET k3 1 SET k4 1 SET k5 1 GET p5 GET p6 GET p7 GET p8]" || c.Log.Sent() != sent+9 {
		t.Errorf("%s, and %d commands more", got, c.Log.Sent()-sent)
	}
}

func TestTheLogTellsErrorsAndNotMissingKeys(t *testing.T) {
	_, m := redistest.Mini(t)
	c := open(t, conn.Options{URLs: []string{"redis://" + m.Addr()}})
	last := func() conn.Entry { l := c.Log.Last(); return l[len(l)-1] }
	c.RPush(ctx, "list", 1)
	c.Get(ctx, "missing")
	if e := last(); e.Text != "GET missing" || e.Err != "" {
		t.Errorf("%+v", e)
	}
	c.Get(ctx, "list")
	if e := last(); !strings.HasPrefix(e.Err, "WRONGTYPE") {
		t.Errorf("%+v", e)
	}
	m.Close()
	c.Get(ctx, "list")
	if e := last(); e.Err == "" {
		t.Errorf("a lost server leaves no trace: %+v", e)
	}
}

// guarded starts a server that wants a password.
func guarded(t *testing.T, password string) *redistest.Server {
	t.Helper()
	server := redistest.Start(t)
	if err := server.Client(t).ConfigSet(ctx, "requirepass", password).Err(); err != nil {
		t.Fatal(err)
	}
	return server
}

func TestNoPasswordReachesTheLog(t *testing.T) {
	server := guarded(t, "SECRET")
	for name, c := range map[string]*conn.Conn{
		"right": open(t, conn.Options{URLs: []string{server.URL()}, Username: "default", Password: "SECRET"}),
		"wrong": open(t, conn.Options{URLs: []string{server.URL()}, Password: "SECRETx"}),
	} {
		c.Do(ctx, "AUTH", "SECRET")
		if err := c.Get(ctx, "k").Err(); (err == redis.Nil) != (name == "right") {
			t.Errorf("%s: %v", name, err)
		}
		for _, e := range c.Log.Last() {
			if contains(e.Text, "SECRET") || contains(e.Err, "SECRET") {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
}
