package conn

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Entry is one command that was sent.
type Entry struct {
	At    time.Time
	Text  string // as one would type it into redis-cli, long arguments cut, secrets hidden
	Took  time.Duration
	Err   string // empty when the server answered; never more than its first line
	Reads bool   // it can change nothing
	Own   bool   // it was sent under Own
}

type ownKey struct{}

// Own marks what is sent under a context as commands of somebody's own, which the log keeps longest.
func Own(ctx context.Context) context.Context { return context.WithValue(ctx, ownKey{}, true) }

// maxOwn is how many own commands are kept: more than somebody sends by hand in a session.
const maxOwn = 1 << 16

// Log keeps the last commands that went through a connection: own ones apart from others, and those that only read apart
// from those that may change something, so that polling does not push an action out. It is a go-redis hook and safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	sent uint64
	own  []entry
	read ring
	act  ring
}

// ring keeps the newest entries; commands are spelled out only when somebody asks.
type ring struct {
	entries []entry
	added   int
}

type entry struct {
	Entry
	args []any // nil: Text is made already
}

func newLog(size int) *Log {
	if size <= 0 {
		size = 512
	}
	return &Log{read: ring{entries: make([]entry, size)}, act: ring{entries: make([]entry, size)}}
}

// Sent is how many commands were ever sent.
func (l *Log) Sent() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent
}

// Last returns the newest entries of all sorts, oldest first.
func (l *Log) Last() []Entry {
	l.mu.Lock()
	out := slices.Concat(l.act.last(), l.read.last())
	for _, e := range l.own {
		out = append(out, e.spelled())
	}
	l.mu.Unlock()
	slices.SortStableFunc(out, func(a, b Entry) int { return a.At.Compare(b.At) })
	return out
}

func (r *ring) add(e entry) {
	r.entries[r.added%len(r.entries)] = e
	r.added++
}

func (r *ring) last() []Entry {
	out := make([]Entry, 0, min(r.added, len(r.entries)))
	for i := r.added - cap(out); i < r.added; i++ {
		out = append(out, r.entries[i%len(r.entries)].spelled())
	}
	return out
}

func (e entry) spelled() Entry {
	if e.args != nil {
		e.Text = Spell(e.args)
	}
	return e.Entry
}

// DialHook leaves dialling as it is.
func (l *Log) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook notes a single command.
func (l *Log) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		start := time.Now()
		err := next(ctx, cmd)
		l.add(ctx, []redis.Cmder{cmd}, start, err)
		return err
	}
}

// ProcessPipelineHook notes each command of a pipeline.
func (l *Log) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		start := time.Now()
		err := next(ctx, cmds)
		l.add(ctx, cmds, start, err)
		return err
	}
}

// add notes commands. Of a pipeline longer than the ring only its end could stay.
func (l *Log) add(ctx context.Context, cmds []redis.Cmder, start time.Time, err error) {
	took, own := time.Since(start), ctx.Value(ownKey{}) != nil
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent += uint64(len(cmds))
	for _, cmd := range cmds[max(0, len(cmds)-len(l.read.entries)):] {
		e := entry{Entry{At: start, Took: took, Reads: reads(cmd.Name()), Own: own}, cmd.Args()}
		if heavy(e.args) { // do not hold on to a whole document for its first bytes
			e.Text, e.args = Spell(e.args), nil
		}
		if cause := cmd.Err(); cause != nil && cause != redis.Nil {
			e.Err, _, _ = strings.Cut(cause.Error(), "\n")
		} else if cause == nil && err != nil && len(cmds) == 1 && err != redis.Nil {
			e.Err, _, _ = strings.Cut(err.Error(), "\n")
		}
		switch {
		case own:
			if len(l.own) == maxOwn {
				l.own = slices.Delete(l.own, 0, maxOwn/2)
			}
			l.own = append(l.own, e)
		case e.Reads:
			l.read.add(e)
		default:
			l.act.add(e)
		}
	}
}

// reads tells the commands that can change nothing. Scripts and unknown ones may.
func reads(name string) bool {
	switch name {
	case "scan", "get", "mget", "strlen", "exists", "type", "ttl", "pttl", "memory", "time", "info", "ping", "hello", "client", "cluster",
		"getrange", "pexpiretime", "hstrlen", "hscan", "sscan", "zscan", "zcount", "evalsha_ro", "eval_ro",
		"llen", "lrange", "scard", "smembers", "hget", "hmget", "hgetall", "hlen", "zcard", "zrange", "zscore", "xlen", "xrange",
		"xinfo", "dbsize", "command", "object", "lindex", "hexists", "sismember", "smismember", "zrangebyscore", "zrangebylex",
		"zlexcount", "xrevrange", "multi", "exec", "asking", "readonly", "hrandfield", "dump":
		return true
	}
	return false
}

func heavy(args []any) bool {
	size := 0
	for _, a := range args {
		switch v := a.(type) {
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		}
	}
	return size > 1024
}
