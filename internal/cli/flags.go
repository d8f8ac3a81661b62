package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/pflag"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/files"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/internal/config"
)

// options are all flags of all verbs; each verb looks at its own.
type options struct {
	urls         []string
	cluster      bool
	sentinel     string // name of the master
	username     string
	passwordFile string
	tlsCA        string
	tlsCert      string
	tlsKey       string
	tlsName      string
	readOnly     bool
	refresh      time.Duration
	scanBudget   int
	maxMemory    string
	view         string
	theme        string
	config       string // path of the file
	connection   string
	flushDir     string
	auditFile    string
	logFile      string

	output  string        // get
	watch   bool          // get
	raw     bool          // get
	ttl     time.Duration // lock
	yes     bool          // lock
	token   string        // unlock
	file    string        // edit
	empty   bool          // edit
	replace bool          // restore
	from    string        // replicate
	db      string        // replicate
	to      string        // replicate
	name    string        // replicate
	seed    int64         // demo
	help    bool

	stderr io.Writer // for what is told while a verb works

	conf      *config.File                  // the file, if the verb looks at it
	reconnect func(string) (options, error) // the same command line with another connection
}

// flagSet declares the flags. Verbs share one set, so that a flag may stand before or after its verb.
func flagSet(o *options) *pflag.FlagSet {
	f := pflag.NewFlagSet("holdfast", pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringArrayVar(&o.urls, "url", nil, "server: redis:// rediss:// or unix://; repeat it for cluster seeds (default "+conn.DefaultURL+")")
	f.StringVar(&o.connection, "connection", "", "name of a connection in the configuration file")
	f.BoolVar(&o.cluster, "cluster", false, "the server is a Redis Cluster")
	f.StringVar(&o.sentinel, "sentinel-master", "", "name of the master, if the servers are sentinels")
	f.StringVar(&o.username, "username", "", "user to log in as")
	f.StringVar(&o.passwordFile, "password-file", "", "file with the password")
	f.StringVar(&o.tlsCA, "tls-ca", "", "PEM file with the certificates to trust; any --tls flag turns TLS on")
	f.StringVar(&o.tlsCert, "tls-cert", "", "PEM file with the client certificate")
	f.StringVar(&o.tlsKey, "tls-key", "", "PEM file with the client key")
	f.StringVar(&o.tlsName, "tls-server-name", "", "name expected in the server's certificate, if it differs from the URL's, as behind a port forward")
	f.BoolVar(&o.readOnly, "read-only", false, "refuse every action")
	f.DurationVar(&o.refresh, "refresh", time.Second, "time between readings")
	f.IntVar(&o.scanBudget, "scan-budget", live.DefaultBudget, "maximum round trips per second while the keyspace is read, each of up to a thousand keys; 0: no limit")
	f.StringVar(&o.maxMemory, "max-memory", "", "maximum memory, such as 2GiB; rows beyond it are left out and counted (default half of the machine's)")
	f.StringVar(&o.view, "view", "overview", "the view to start with")
	f.StringVar(&o.theme, "theme", "", "dark, light, high-contrast, colour-blind, mono or one of your own (default by the background)")
	f.StringVar(&o.config, "config", "", "configuration file (default holdfast/config.toml in the user's configuration folder)")
	f.StringVar(&o.flushDir, "flush-dir", ".", "directory for flushed buffers")
	f.StringVar(&o.auditFile, "audit-file", "", "file that records every action, as JSON Lines")
	f.StringVar(&o.logFile, "log-file", "", "log file of the connection library")
	f.StringVarP(&o.output, "output", "o", "table", "get: table, json, jsonl or csv")
	f.BoolVar(&o.watch, "watch", false, "get: repeat every --refresh")
	f.BoolVar(&o.raw, "raw", false, "get -o csv: do not put an apostrophe before cells that a spreadsheet would run as formulas")
	f.DurationVar(&o.ttl, "ttl", 0, "lock: how long it is held")
	f.BoolVar(&o.yes, "yes", false, "lock: allow a lock that no view would show, or one of more than 24 hours")
	f.StringVar(&o.token, "token", "", "unlock: the token that holds the lock")
	f.StringVar(&o.file, "file", "", "edit: the new document; - reads standard input")
	f.BoolVar(&o.empty, "allow-empty", false, "edit: accept an empty --file")
	f.BoolVar(&o.replace, "replace", false, "restore, replicate: replace all that the database or the folder holds; a replica starts from a snapshot")
	f.StringVar(&o.from, "from", "", "replicate: the server of the database to follow, instead of --url")
	f.StringVar(&o.db, "db", "", "replicate: the database")
	f.StringVar(&o.to, "to", "", "replicate: the folder of the replica, created if missing")
	f.StringVar(&o.name, "name", "", "replicate: name under which the replica reports its progress (default HOST:FOLDER)")
	f.Int64Var(&o.seed, "seed", 1, "demo: seed of a repeatable run")
	f.BoolVarP(&o.help, "help", "h", false, "show this help")
	return f
}

// own are the flags that only some verbs know; all others are common.
var own = map[string]string{
	"output": "get", "watch": "get", "raw": "get", "ttl": "lock", "yes": "lock", "token": "unlock", "file": "edit", "allow-empty": "edit", "seed": "demo",
	"replace": "restore replicate", "from": "replicate", "db": "replicate", "to": "replicate", "name": "replicate",
}

// splitURLs reads a list of URLs with spaces or commas between them. A comma inside a URL is left alone.
func splitURLs(list string) []string {
	for _, scheme := range []string{"redis://", "rediss://", "unix://"} {
		list = strings.ReplaceAll(list, ","+scheme, " "+scheme)
	}
	return strings.Fields(list)
}

// maxPassword is above every password.
const maxPassword = 64 << 10

// open makes the core that the flags describe.
func (o options) open(ctx context.Context) (*core.Core, error) {
	if o.refresh < config.MinRefresh {
		return nil, fmt.Errorf("%w: --refresh %v: at least %v, to spare the server", errUsage, o.refresh, config.MinRefresh)
	}
	if o.scanBudget < 0 {
		return nil, fmt.Errorf("%w: --scan-budget %d: 0 or more", errUsage, o.scanBudget)
	}
	budget := o.scanBudget
	if budget == 0 {
		budget = -1
	}
	memory, err := memoryLimit(o.maxMemory)
	if err != nil {
		return nil, err
	}
	secure, err := o.tls(ctx)
	if err != nil {
		return nil, err
	}
	c := conn.Options{URLs: o.urls, Cluster: o.cluster, SentinelMaster: o.sentinel, Username: o.username, TLS: secure, NoTouch: true}
	if o.passwordFile != "" {
		password, err := o.password(ctx)
		if err != nil {
			return nil, err
		}
		c.PasswordFrom = o.password
		if info, err := os.Stat(o.passwordFile); err == nil && !info.Mode().IsRegular() { // a pipe can be read once
			c.Password, c.PasswordFrom = password, nil
		}
	}
	opened, err := core.Open(core.Options{Conn: c, Prefixes: o.conf.PrefixesOf(o.connection), Refresh: o.refresh, Budget: budget, MaxMemory: memory})
	if err != nil { // nothing was dialled yet: it is about the flags
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	return opened, nil
}

// password reads the file anew for each connection: passwords are replaced while a dashboard runs.
func (o options) password(ctx context.Context) (string, error) {
	text, err := files.Read(ctx, o.passwordFile, maxPassword)
	if err != nil {
		return "", fmt.Errorf("--password-file: %w", err)
	}
	return strings.TrimRight(string(bytes.TrimPrefix(text, byteOrderMark)), "\r\n"), nil
}

// byteOrderMark is what some editors put before a text.
var byteOrderMark = []byte("\ufeff")

// minMemory is enough to start with.
const minMemory = 64 << 20

// memoryLimit reads --max-memory, in bytes.
func memoryLimit(text string) (uint64, error) {
	if text == "" {
		return live.DefaultMaxMemory(), nil
	}
	limit, err := humanize.ParseBytes(text)
	if err != nil || limit < minMemory {
		return 0, fmt.Errorf("%w: --max-memory %q: expected a size of at least 64MiB, such as 2GiB", errUsage, text)
	}
	return limit, nil
}

func (o options) operator(c *core.Core) (*operate.Operator, error) {
	return operate.New(c, operate.Options{ReadOnly: o.readOnly, FlushDir: o.flushDir, AuditFile: o.auditFile})
}
