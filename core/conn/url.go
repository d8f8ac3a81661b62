package conn

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
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
	urls := o.URLs
	if len(urls) == 0 {
		urls = []string{DefaultURL}
	}
	mode := Single
	switch {
	case o.Cluster && o.SentinelMaster != "":
		return nil, "", "", errors.New("a connection is either a cluster or a sentinel master, not both")
	case o.Cluster:
		mode = Cluster
	case o.SentinelMaster != "":
		mode = Sentinel
	case len(urls) > 1:
		return nil, "", "", errors.New("several URLs are cluster or sentinel seeds: add --cluster or --sentinel-master")
	}
	u := &redis.UniversalOptions{MasterName: o.SentinelMaster}
	for _, raw := range urls {
		one, err := parseURL(raw)
		if err != nil {
			return nil, "", "", err
		}
		if mode == Cluster && (one.Network == "unix" || one.DB != 0) {
			return nil, "", "", fmt.Errorf("url %q: a cluster has TCP addresses and only database 0", redact(raw))
		}
		u.Addrs = append(u.Addrs, one.Addr)
		u.DB = one.DB
		u.Username = cmp.Or(u.Username, one.Username)
		u.Password = cmp.Or(u.Password, one.Password)
		if one.TLSConfig != nil {
			u.TLSConfig = one.TLSConfig
		}
	}
	u.Username = cmp.Or(o.Username, u.Username)
	u.Password = cmp.Or(o.Password, u.Password)
	if o.TLS != nil {
		u.TLSConfig = o.TLS
	}
	timeout := cmp.Or(o.Timeout, defaultTimeout)
	u.DialTimeout, u.ReadTimeout, u.WriteTimeout = timeout, timeout, timeout
	u.ContextTimeoutEnabled = true
	u.Dialer = dialer(u.TLSConfig, timeout)
	// The dashboard asks again by itself and scripts never retry, so a command that fails says so at once.
	u.MaxRetries, u.DialerRetries = -1, 1
	if o.NoTouch {
		u.OnConnect = func(ctx context.Context, cn *redis.Conn) error {
			_ = cn.Do(ctx, "client", "no-touch", "on").Err() // an older server refuses it, and works
			return nil
		}
	}
	// Left to itself the client looks the host up before it is asked to dial, and asks every server for push messages
	// that only Redis Cloud sends.
	u.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return u, mode, strings.Join(u.Addrs, ","), nil
}

func parseURL(raw string) (*redis.Options, error) {
	shown := redact(raw)
	if scheme, _, ok := strings.Cut(raw, "://"); !ok || (scheme != "redis" && scheme != "rediss" && scheme != "unix") {
		return nil, fmt.Errorf("url %q: want redis://, rediss:// or unix://", shown)
	}
	if shown == hidden { // the parser's own words would repeat parts of it
		return nil, fmt.Errorf("url %q: malformed: percent-encode what is special in the user or password", shown)
	}
	one, err := redis.ParseURL(raw)
	if err != nil {
		return nil, fmt.Errorf("url %q: %w", shown, err)
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

// dialer dials connections that can be interrupted.
func dialer(secure *tls.Config, timeout time.Duration) func(context.Context, string, string) (net.Conn, error) {
	plain := &net.Dialer{Timeout: timeout, KeepAlive: 5 * time.Minute}
	dial := plain.DialContext
	if secure != nil {
		dial = (&tls.Dialer{NetDialer: plain, Config: secure}).DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return newWire(c, &replies{}), nil
	}
}
