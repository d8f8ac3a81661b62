package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/files"
	"holdfast/core/live"
	"holdfast/core/operate"
	"holdfast/internal/config"
	"holdfast/internal/text"
)

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
	opened, err := core.Open(core.Options{Conn: c, Prefixes: o.conf.PrefixesOf(o.connection), Layouts: o.conf.LayoutsOf(o.connection), Refresh: o.refresh, Budget: budget, MaxMemory: memory})
	if err != nil { // nothing was dialled yet: it is about the flags
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	opened.LayoutErrors = append(o.conf.LayoutErrors, opened.LayoutErrors...)
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

// with opens the core that the flags describe for one verb.
func (o options) with(ctx context.Context, use func(*core.Core) error) error {
	if err := redirectLog(o.logFile); err != nil {
		return err
	}
	c, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, err := range c.LayoutErrors {
		fmt.Fprintf(o.stderr, "holdfast: %s\n", text.Clean(err.Error()))
	}
	if err := c.Conn.Reach(ctx); err != nil {
		return err
	}
	return use(c)
}

// act carries out the action that plan makes and prints what scripts want to know of it, also of one that got halfway.
func (o options) act(cmd *cobra.Command, plan func(*core.Core, *operate.Operator) (operate.Action, error)) error {
	return o.actTo(cmd.Context(), cmd.OutOrStdout(), plan)
}

func (o options) actTo(ctx context.Context, stdout io.Writer, plan func(*core.Core, *operate.Operator) (operate.Action, error)) error {
	return o.with(ctx, func(c *core.Core) (err error) {
		op, err := o.operator(c)
		if err != nil {
			return err
		}
		defer op.Close()
		action, err := plan(c, op)
		if err != nil {
			return err
		}
		out, err := op.Do(ctx, action)
		for _, line := range out.Data {
			if _, e := fmt.Fprintln(stdout, line); e != nil && err == nil {
				err = fmt.Errorf("%s: it is done, but its result could not be printed: %w", action.Verb, e)
			}
		}
		return err
	})
}
