package conn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// DefaultURL is dialled when no URL is given.
const DefaultURL = "redis://127.0.0.1:6379/0"

const defaultTimeout = 3 * time.Second

// universal merges the URLs into one set of client options and says which kind of deployment they mean.
func (o Options) universal() (*redis.UniversalOptions, Mode, string, error) {
	fail := func(err error) (*redis.UniversalOptions, Mode, string, error) { return nil, "", "", err }
	urls := o.URLs
	if len(urls) == 0 {
		urls = []string{DefaultURL}
	}
	mode := Single
	switch {
	case o.Cluster && o.SentinelMaster != "":
		return fail(errors.New("a connection is either a cluster or a sentinel master, not both"))
	case o.Cluster:
		mode = Cluster
	case o.SentinelMaster != "":
		mode = Sentinel
	case len(urls) > 1:
		return fail(errors.New("several URLs are cluster or sentinel seeds: add --cluster or --sentinel-master"))
	}
	u := &redis.UniversalOptions{MasterName: o.SentinelMaster}
	for i, raw := range urls {
		one, err := parseURL(raw)
		switch {
		case err != nil:
			return fail(err)
		case mode == Cluster && (one.Network == "unix" || one.DB != 0):
			return fail(fmt.Errorf("url %q: a cluster has TCP addresses and only database 0", redact(raw)))
		case one.DB < 0 || one.DB > maxDatabase:
			return fail(fmt.Errorf("url %q: there is no database %d", redact(raw), one.DB))
		case i > 0 && one.DB != u.DB:
			return fail(fmt.Errorf("url %q: database %d, and %d in another URL", redact(raw), one.DB, u.DB))
		}
		u.Addrs = append(u.Addrs, one.Addr)
		o.take(u, one)
	}
	u.SentinelUsername, u.SentinelPassword = o.ofSentinel(u)
	u.Username = cmp.Or(o.Username, u.Username)
	u.Password = cmp.Or(o.Password, u.Password)
	if o.PasswordFrom != nil {
		user := u.Username
		u.CredentialsProviderContext = func(ctx context.Context) (string, string, error) {
			password, err := o.PasswordFrom(ctx)
			return user, password, err
		}
	}
	explicit := ""
	if o.TLS != nil {
		explicit = o.TLS.ServerName
		skip := u.TLSConfig != nil && u.TLSConfig.InsecureSkipVerify
		u.TLSConfig = o.TLS.Clone()
		u.TLSConfig.InsecureSkipVerify = skip || o.TLS.InsecureSkipVerify
	}
	timeout := cmp.Or(o.Timeout, defaultTimeout)
	u.DialTimeout, u.ReadTimeout, u.WriteTimeout = cmp.Or(u.DialTimeout, timeout), cmp.Or(u.ReadTimeout, timeout), cmp.Or(u.WriteTimeout, timeout)
	u.ContextTimeoutEnabled = true
	u.DisableIdentity = true // a proxy may hang up at CLIENT SETINFO
	u.Dialer = dialer{secure: u.TLSConfig, name: explicit, seeds: u.Addrs, timeout: u.DialTimeout, noHello: o.noHello}.dial
	// The dashboard asks again by itself and scripts never retry, so a command that fails says so at once.
	u.MaxRetries = cmp.Or(u.MaxRetries, -1)
	if o.NoTouch {
		u.OnConnect = noTouch
	}
	// Left to itself the client looks the host up before it is asked to dial, and asks every server for push messages
	// that only Redis Cloud sends.
	u.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return u, mode, strings.Join(u.Addrs, ","), nil
}

// maxDatabase is above the number of every database that a server can be told to have.
const maxDatabase = 1<<31 - 2

// take adds what one URL says, its options too. Where several differ the first one counts.
func (o Options) take(u *redis.UniversalOptions, one *redis.Options) {
	u.DB = one.DB
	u.Username, u.Password = cmp.Or(u.Username, one.Username), cmp.Or(u.Password, one.Password)
	if one.TLSConfig != nil {
		skip := u.TLSConfig != nil && u.TLSConfig.InsecureSkipVerify
		u.TLSConfig = one.TLSConfig
		u.TLSConfig.InsecureSkipVerify = skip || one.TLSConfig.InsecureSkipVerify
	}
	u.Protocol, u.ClientName = cmp.Or(u.Protocol, one.Protocol), cmp.Or(u.ClientName, one.ClientName)
	u.MaxRetries = cmp.Or(u.MaxRetries, one.MaxRetries)
	u.MinRetryBackoff, u.MaxRetryBackoff = cmp.Or(u.MinRetryBackoff, one.MinRetryBackoff), cmp.Or(u.MaxRetryBackoff, one.MaxRetryBackoff)
	u.DialTimeout, u.ReadTimeout = cmp.Or(u.DialTimeout, one.DialTimeout), cmp.Or(u.ReadTimeout, one.ReadTimeout)
	u.WriteTimeout, u.PoolTimeout = cmp.Or(u.WriteTimeout, one.WriteTimeout), cmp.Or(u.PoolTimeout, one.PoolTimeout)
	u.PoolFIFO, u.PoolSize = u.PoolFIFO || one.PoolFIFO, cmp.Or(u.PoolSize, one.PoolSize)
	u.MinIdleConns, u.MaxIdleConns = cmp.Or(u.MinIdleConns, one.MinIdleConns), cmp.Or(u.MaxIdleConns, one.MaxIdleConns)
	u.MaxActiveConns, u.MaxConcurrentDials = cmp.Or(u.MaxActiveConns, one.MaxActiveConns), cmp.Or(u.MaxConcurrentDials, one.MaxConcurrentDials)
	u.PipelinePoolSize = cmp.Or(u.PipelinePoolSize, one.PipelinePoolSize)
	u.PipelineReadBufferSize = cmp.Or(u.PipelineReadBufferSize, one.PipelineReadBufferSize)
	u.PipelineWriteBufferSize = cmp.Or(u.PipelineWriteBufferSize, one.PipelineWriteBufferSize)
	u.ConnMaxIdleTime, u.ConnMaxLifetime = cmp.Or(u.ConnMaxIdleTime, one.ConnMaxIdleTime), cmp.Or(u.ConnMaxLifetime, one.ConnMaxLifetime)
	u.ConnMaxLifetimeJitter = cmp.Or(u.ConnMaxLifetimeJitter, one.ConnMaxLifetimeJitter)
}

// ofSentinel is who we are to the sentinels: whom the URL names, if the master's user or password is given beside it.
// Else a password alone is taken for both, as it is usually set; a user by name is taken for the master's.
func (o Options) ofSentinel(u *redis.UniversalOptions) (user, password string) {
	if beside := o.Username != "" || o.Password != "" || o.PasswordFrom != nil; beside || u.Username == "" {
		return u.Username, u.Password
	}
	return "", ""
}

func parseURL(raw string) (*redis.Options, error) {
	shown := redact(raw)
	if scheme, _, ok := strings.Cut(raw, "://"); !ok || (scheme != "redis" && scheme != "rediss" && scheme != "unix") {
		return nil, fmt.Errorf("url %q: expected redis://, rediss:// or unix://", shown)
	}
	if shown == hidden { // the parser's own words would repeat parts of it
		return nil, fmt.Errorf("url %q: malformed: percent-encode what is special in the user or password", shown)
	}
	one, err := redis.ParseURL(raw)
	if err != nil {
		return nil, fmt.Errorf("url %q: %w", shown, err)
	}
	if u, err := url.Parse(raw); err == nil && u.Scheme != "unix" && u.Query().Has("db") && strings.Trim(u.Path, "/") != "" &&
		strings.Trim(u.Path, "/") != u.Query().Get("db") {
		return nil, fmt.Errorf("url %q: it names two databases, %s and %d", shown, strings.Trim(u.Path, "/"), one.DB)
	}
	return one, nil
}

const hidden = "***"

// redact writes a URL without its user information and query. One that may hold a password anywhere else, such as
// after a bare slash in it, is hidden whole.
func redact(raw string) string {
	plain, _, _ := strings.Cut(raw, "?")
	u, err := url.Parse(raw)
	switch {
	case err == nil && u.User != nil && !strings.Contains(u.Host+u.Path+u.RawQuery+u.Fragment, "@"):
		return u.Scheme + "://" + hidden + "@" + u.Host + u.Path
	case !strings.Contains(raw, "@") && (err == nil || !strings.Contains(raw, "://")):
		return plain
	default:
		return hidden
	}
}
