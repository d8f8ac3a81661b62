package cli

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/core/conn"
	"holdfast/core/live"
	"holdfast/internal/config"
	"holdfast/themes"
)

// options are the flags that several verbs share. Those of one verb stand in its file.
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

	args, environ []string
	stderr        io.Writer    // for what is told while a verb works
	conf          *config.File // if the verb looks at it
}

// shared is an annotation of the flags of several verbs, which the help of holdfast itself lists.
const shared = "shared"

// declare adds flags to a command; all but its own are marked as shared.
func declare(c *cobra.Command, add func(f *pflag.FlagSet)) {
	group := pflag.NewFlagSet("", pflag.ContinueOnError)
	add(group)
	group.VisitAll(func(f *pflag.Flag) { f.Annotations = map[string][]string{shared: nil} })
	c.Flags().AddFlagSet(group)
}

func isShared(f *pflag.Flag) bool {
	_, ok := f.Annotations[shared]
	return ok
}

// serverFlags say where the server is.
func (o *options) serverFlags(c *cobra.Command) {
	declare(c, func(f *pflag.FlagSet) {
		f.StringArrayVar(&o.urls, "url", nil, "server: redis:// rediss:// or unix://; repeat it for cluster seeds (default "+conn.DefaultURL+")")
		f.StringVar(&o.connection, "connection", "", "name of a connection in the configuration file")
	})
	o.accessFlags(c)
}

// accessFlags say how a server is reached, and as whom.
func (o *options) accessFlags(c *cobra.Command) {
	declare(c, func(f *pflag.FlagSet) {
		f.BoolVar(&o.cluster, "cluster", false, "the server is a Redis Cluster")
		f.StringVar(&o.sentinel, "sentinel-master", "", "name of the master, if the servers are sentinels")
		f.StringVar(&o.username, "username", "", "user to log in as")
		f.StringVar(&o.passwordFile, "password-file", "", "file with the password")
		f.StringVar(&o.tlsCA, "tls-ca", "", "PEM file with the certificates to trust; any --tls flag turns TLS on")
		f.StringVar(&o.tlsCert, "tls-cert", "", "PEM file with the client certificate")
		f.StringVar(&o.tlsKey, "tls-key", "", "PEM file with the client key")
		f.StringVar(&o.tlsName, "tls-server-name", "", "name expected in the server's certificate, if it differs from the URL's, as behind a port forward")
	})
}

// readingFlags say how a server is read. Whoever has them reads the environment and the configuration before it runs.
func (o *options) readingFlags(c *cobra.Command) {
	o.configFlag(c)
	declare(c, func(f *pflag.FlagSet) {
		f.BoolVar(&o.readOnly, "read-only", false, "refuse every action")
		f.DurationVar(&o.refresh, "refresh", time.Second, "time between readings")
		f.IntVar(&o.scanBudget, "scan-budget", live.DefaultBudget, "maximum round trips per second while the keyspace is read, each of up to a thousand keys; 0: no limit")
		f.StringVar(&o.maxMemory, "max-memory", "", "maximum memory, such as 2GiB; rows beyond it are left out and counted (default half of the machine's)")
		f.StringVar(&o.logFile, "log-file", "", "log file of the connection library")
	})
	c.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkVariables(cmd, o.environ); err != nil {
			return err
		}
		return o.settle(cmd, "")
	}
}

func (o *options) configFlag(c *cobra.Command) {
	declare(c, func(f *pflag.FlagSet) {
		f.StringVar(&o.config, "config", "", "configuration file (default holdfast/config.toml in the user's configuration folder)")
	})
}

// actingFlags say what actions leave behind.
func (o *options) actingFlags(c *cobra.Command) {
	declare(c, func(f *pflag.FlagSet) {
		f.StringVar(&o.flushDir, "flush-dir", ".", "directory for flushed buffers")
		f.StringVar(&o.auditFile, "audit-file", "", "file that records every action, as JSON Lines")
	})
}

// screenFlags are those of the dashboard.
func (o *options) screenFlags(c *cobra.Command) {
	declare(c, func(f *pflag.FlagSet) {
		f.StringVar(&o.view, "view", "overview", "the view to start with")
		f.StringVar(&o.theme, "theme", "", strings.Join(themes.Names(), ", ")+" or one of your own (default by the background)")
	})
}

// isAddress tells whether a flag says where a server is or who we are there. These go together: the password for one
// server is not sent to another.
func isAddress(flag string) bool {
	return slices.Contains([]string{"url", "cluster", "sentinel-master", "username", "password-file", "tls-ca", "tls-cert", "tls-key", "tls-server-name"}, flag)
}

func isPath(flag string) bool {
	return slices.Contains([]string{"password-file", "tls-ca", "tls-cert", "tls-key", "config", "flush-dir", "audit-file", "log-file", "file", "to"}, flag)
}
