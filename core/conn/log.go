package conn

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Entry is one command that was sent.
type Entry struct {
	At   time.Time
	Text string // as one would type it into redis-cli, long arguments cut, secrets hidden
	Took time.Duration
	Err  string // empty when the server answered; never more than its first line
}

// Log keeps the last commands that went through a connection. It is a go-redis hook and safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	ring []Entry
	sent uint64 // entries ever added; ring[sent%len] is the next to go
}

func newLog(size int) *Log {
	if size <= 0 {
		size = 512
	}
	return &Log{ring: make([]Entry, size)}
}

// Sent is how many commands were ever sent.
func (l *Log) Sent() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent
}

// Last returns the newest entries, oldest first.
func (l *Log) Last() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	size := uint64(len(l.ring))
	out := make([]Entry, 0, min(l.sent, size))
	for i := l.sent - min(l.sent, size); i < l.sent; i++ {
		out = append(out, l.ring[i%size])
	}
	return out
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
		l.add([]redis.Cmder{cmd}, start, err)
		return err
	}
}

// ProcessPipelineHook notes each command of a pipeline.
func (l *Log) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		start := time.Now()
		err := next(ctx, cmds)
		l.add(cmds, start, err)
		return err
	}
}

// add notes commands. Of a pipeline longer than the ring only its end could stay, so only that is spelled out.
func (l *Log) add(cmds []redis.Cmder, start time.Time, err error) {
	took := time.Since(start)
	l.mu.Lock()
	defer l.mu.Unlock()
	skip := max(0, len(cmds)-len(l.ring))
	l.sent += uint64(skip)
	for _, cmd := range cmds[skip:] {
		e := Entry{At: start, Text: Spell(cmd.Args()), Took: took}
		if cause := cmd.Err(); cause != nil && cause != redis.Nil {
			e.Err, _, _ = strings.Cut(cause.Error(), "\n")
		} else if cause == nil && err != nil && len(cmds) == 1 && err != redis.Nil {
			e.Err, _, _ = strings.Cut(err.Error(), "\n")
		}
		l.ring[l.sent%uint64(len(l.ring))] = e
		l.sent++
	}
}

const longestArg = 96

// Spell writes a command as one would type it: arguments that need it are quoted, long ones are cut with their length,
// and what follows AUTH is hidden.
func Spell(args []any) string {
	var b strings.Builder
	for i, a := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		text := spellArg(a)
		if i == 0 {
			text = strings.ToUpper(text)
		}
		if text == "AUTH" || (i > 0 && strings.EqualFold(text, "auth") && strings.EqualFold(spellArg(args[0]), "hello")) {
			b.WriteString(text + " ***")
			break
		}
		b.WriteString(text)
	}
	return b.String()
}

func spellArg(a any) string {
	var s string
	switch v := a.(type) {
	case string:
		s = v
	case []byte:
		s = string(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	default:
		return "?"
	}
	if len(s) > longestArg {
		return strconv.Quote(s[:longestArg]) + "...(" + strconv.Itoa(len(s)) + " bytes)"
	}
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' || r == '\'' || r >= 0x7f }) {
		return strconv.Quote(s)
	}
	return s
}
