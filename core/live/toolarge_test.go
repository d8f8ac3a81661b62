package live_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/live"
	"holdfast/core/record"
	"holdfast/internal/redistest"
)

var sentBytes = regexp.MustCompile(`total_net_output_bytes:(\d+)`)

// sent is how many bytes a server has sent to all its clients.
func sent(t *testing.T, admin *redis.Client) int {
	t.Helper()
	m := sentBytes.FindStringSubmatch(admin.Info(ctx, "stats").Val())
	if m == nil {
		t.Fatal("the server does not tell")
	}
	n, err := strconv.Atoi(m[1])
	ok(t, err)
	return n
}

// A value that is far too large for its place is told as such. Nobody waits for it: it stays on the server, whether it
// was there at first, was pushed, or stands under the cursor.
func TestHugeValuesStayOnTheServer(t *testing.T) {
	t.Parallel()
	const size = 50 << 20
	server := redistest.Start(t)
	admin := server.Client(t)
	c := open(t, conn.Options{URLs: []string{server.URL()}, Timeout: time.Minute}, time.Hour) // bytes are counted here, not seconds
	huge := strings.Repeat("x", size)
	hash := func(key string) { ok(t, admin.HSet(ctx, key, "value", huge, "version", "3", "lease", "0").Err()) }
	kinds := []struct {
		kind kind.Name
		id   string
		key  string
		good bool // a huge value is what may stand there
	}{
		{"actors", "a", "actor:a", false}, {"workers", "ns:pool:w", "worker:ns:pool:w", false}, {"generations", "ns:g", "gen:ns:g", false},
		{"locks", "lock:l", "lock:l", false}, {"leases", "ns:7", "rec:{ns}:lease:7", false}, {"records", "ns:r", "rec:{ns}:r:r", false},
		{"pairs", "db:k", "kv:{db}:d:k", true}, {"kv", "db", "kv:{db}:seq", false}, {"buffers", "s", "buf:{s}:size", false},
		{"buffers", "t", "buf:{t}:lock", false}, {"buffers", "buf:x", "buf:x", false},
	}
	set := func(key string) {
		if strings.HasPrefix(key, "rec:{ns}:r:") {
			hash(key)
		} else {
			put(t, admin, key, huge)
		}
	}
	checked := func(s *live.Snapshot, n int) bool {
		for _, k := range kinds[:n] {
			row, found := s.Table(k.kind).Get(k.id)
			if !found || (row.Problem() == nil) != k.good {
				return false
			}
		}
		return true
	}
	first := 6 // are there before the dashboard
	for _, k := range kinds[:first] {
		set(k.key)
	}
	before := sent(t, admin)
	run(t, c)
	until(t, c, "the huge ones that were there", func(s *live.Snapshot) bool { return s.Pushed && checked(s, first) })
	for _, k := range kinds[first:] {
		set(k.key)
	}
	s := until(t, c, "all", func(s *live.Snapshot) bool { return checked(s, len(kinds)) })
	for _, k := range kinds {
		d, err := c.Live.Glance(ctx, k.kind, k.id)
		if conn.Unreachable(err) || len(d.Body) > conn.MaxUnasked || d.Found && d.Size == 0 && k.kind != "kv" && k.kind != "buffers" {
			t.Errorf("%s %s: %d bytes of %d, %v", k.kind, k.id, len(d.Body), d.Size, err)
		}
	}
	if n := sent(t, admin) - before; n > size/2 {
		t.Errorf("%d bytes were sent", n)
	}
	for _, name := range []kind.Name{"actors", "workers", "records"} {
		table := s.Table(name)
		if err := table.Row(0).Problem(); !errors.Is(err, conn.ErrTooLarge) || !strings.Contains(err.Error(), strconv.Itoa(size)+" bytes") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d, err := c.Live.Inspect(ctx, "pairs", "db:k"); err != nil || len(d.Body) != size || d.Size != 0 {
		t.Errorf("who asks for all gets %d bytes, %v", len(d.Body), err)
	}
	pairs(t, c, admin, size)
}

// pairs checks that a huge value of a database is told by its size, and neither edited nor taken for another one.
func pairs(t *testing.T, c *core.Core, admin *redis.Client, size int64) {
	t.Helper()
	keys := kindOf(t, c, "pairs")
	row := func() kind.Row {
		rows, err := keys.Source.Read(ctx, []string{"db:k"})
		ok(t, err)
		return rows[0]
	}
	columns, was := redisdb.PairColumns, row()
	if columns.Bytes.Of(was) != size || columns.Value.Text(was) == "" || was.Problem() != nil {
		t.Error(was)
	}
	if _, _, err := keys.Documents.Load(ctx, "db:k"); !errors.Is(err, conn.ErrTooLarge) {
		t.Errorf("an edit of it: %v", err)
	}
	ok(t, admin.Append(ctx, "kv:{db}:d:k", "x").Err())
	longer := row()
	if kind.Same(longer, was) || columns.Fingerprint.Of(longer) == columns.Fingerprint.Of(was) || columns.Bytes.Of(longer) != size+1 {
		t.Error("one byte more is no change")
	}
	if err := keys.Documents.Remove(ctx, "db:k", columns.Fingerprint.Of(was)); !errors.Is(err, redisdb.ErrChanged) {
		t.Errorf("removed though it changed: %v", err)
	}
}

func kindOf(t *testing.T, c *core.Core, name kind.Name) kind.Kind {
	t.Helper()
	k, found := c.Kind(name)
	if !found {
		t.Fatalf("no kind %q", name)
	}
	return k
}

// What is just short enough is read whole, and an empty document is not a missing one.
func TestValuesAtTheLimit(t *testing.T) {
	each(t, func(t *testing.T, c *core.Core) {
		pad := strings.Repeat(" ", conn.MaxUnasked-len(actorDoc("fits", "")))
		put(t, c.Conn, "actor:fits", actorDoc("fits", "")+pad)
		put(t, c.Conn, "actor:over", actorDoc("over", "")+pad+" ")
		put(t, c.Conn, "actor:empty", "")
		put(t, c.Conn, "gen:ns:empty", "")
		put(t, c.Conn, "lock:empty", "")
		read := func(name kind.Name, ids ...string) []kind.Row {
			rows, err := kindOf(t, c, name).Source.Read(ctx, ids)
			ok(t, err)
			return rows
		}
		actors := read("actors", "fits", "over", "empty", "none")
		if len(actors) != 3 || actors[0].Problem() != nil || !errors.Is(actors[1].Problem(), conn.ErrTooLarge) || actors[2].Problem() == nil ||
			errors.Is(actors[2].Problem(), conn.ErrTooLarge) {
			t.Error(actors)
		}
		generations, locks := read("generations", "ns:empty", "ns:none"), read("locks", "lock:empty", "lock:none")
		if len(generations) != 1 || generations[0].Problem() == nil || len(locks) != 1 || locks[0].Problem() != nil {
			t.Error(generations, locks)
		}
	})
}

// Of a row whose content is large the detail reads a part, whatever is large in it, and the part says what it lacks.
func TestALargeContentIsLookedIntoInPart(t *testing.T) {
	t.Parallel()
	const size = 20 << 20
	server := redistest.Start(t)
	admin := server.Client(t)
	c := open(t, conn.Options{URLs: []string{server.URL()}, Timeout: time.Minute}, time.Hour)
	huge := strings.Repeat("x", size)
	push := func(store string, records ...string) {
		for range records {
			_, err := c.Buffers.Push(ctx, store, []byte(`{"a":1}`))
			ok(t, err)
		}
		for i, r := range records {
			ok(t, admin.LSet(ctx, "buf:{"+store+"}:list", int64(i), r).Err())
		}
	}
	push("one", `{"a":1}`, huge, `{"a":2}`, `{"a":3}`)
	push("many", slices.Repeat([]string{huge[:conn.MaxUnasked]}, 20)...)
	records, err := c.Records("ns")
	ok(t, err)
	lease, err := records.NewLease(ctx, time.Hour, false)
	ok(t, err)
	for _, key := range []string{"r", "amid"} {
		_, err = records.Create(ctx, record.Record{Key: record.Key(key), Value: record.Value("v"), Lease: lease.Id()})
		ok(t, err)
	}
	names := fmt.Sprintf("rec:{ns}:lk:%d", lease.Id())
	ok(t, admin.Eval(ctx, `for i = 1, 120000 do redis.call('SADD', KEYS[1], i .. string.rep('x', 100)) end return 1`, []string{names}).Err())
	for i := range 1000 {
		ok(t, admin.HSet(ctx, "rec:{ns}:r:amid", i, i).Err())
	}
	ok(t, admin.HSet(ctx, "rec:{ns}:r:r", "value", huge).Err())
	ok(t, admin.HSet(ctx, "rec:{ns}:r:amid", "value", huge).Err())
	db, err := c.KV("db")
	ok(t, err)
	ok(t, db.Put(&kvstore.KVPair{Key: []byte("k"), Value: []byte("v")}))
	ok(t, db.Put(&kvstore.KVPair{Key: []byte("k"), Value: []byte(huge)}))
	ok(t, db.Close())
	ok(t, admin.Eval(ctx, `for i = 1, 120000 do redis.call('HSET', KEYS[1], string.rep('x', 100) .. i, '1 1700000000000') end return 1`, []string{"kv:{db}:replicas"}).Err())
	for _, tt := range []struct {
		kind     kind.Name
		id, says string // in its content; empty: the content is told by its size alone
	}{
		{"buffers", "one", `[{"a":1},{"left_out_bytes":20971520,"begins":"xxx`},
		{"buffers", "one", `{"left_out_records":2}]`},
		{"buffers", "many", `{"left_out_records":12}]`},
		{"leases", fmt.Sprintf("ns:%d", lease.Id()), `{"left_out":"the names of further records, after `},
		{"records", "ns:r", ""}, {"records", "ns:amid", ""},
		{"pairs", "db:k", ""},
		{"kv", "db", `"left_out_bytes":20971`},
	} {
		before := sent(t, admin)
		d, err := c.Live.Glance(ctx, tt.kind, tt.id)
		ok(t, err)
		if !d.Found || !strings.Contains(string(d.Body), tt.says) || tt.says == "" && d.Size < size {
			t.Errorf("%s %s: %d bytes of %d: %.200q ... %.100q", tt.kind, tt.id, len(d.Body), d.Size, d.Body, d.Body[max(0, len(d.Body)-100):])
		}
		if n := sent(t, admin) - before; n > size/2 {
			t.Errorf("%s %s: %d bytes were sent", tt.kind, tt.id, n)
		}
	}
	for _, rights := range []string{"-memory -strlen", "-type", "-memory -hstrlen", "-memory -type -strlen -hstrlen"} { // who may not ask how much it is
		args := []any{"ACL", "SETUSER", "few", "reset", "on", ">pw", "~*", "&*", "+@all"}
		for _, right := range strings.Fields(rights) {
			args = append(args, right)
		}
		ok(t, admin.Do(ctx, args...).Err())
		few := open(t, conn.Options{URLs: []string{server.URL()}, Username: "few", Password: "pw", Timeout: time.Minute}, time.Hour)
		for name, id := range map[kind.Name]string{"pairs": "db:k", "records": "ns:r", "buffers": "one", "kv": "db"} {
			before := sent(t, admin)
			d, err := few.Live.Glance(ctx, name, id)
			if n := sent(t, admin) - before; n > size/2 || err == nil && (!d.Found || d.Size == 0 && d.Body == nil) {
				t.Errorf("%s: %s %s: %d bytes were sent, found %v, %v", rights, name, id, n, d.Found, err)
			}
		}
	}
}
