package conn

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
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
	// The dashboard asks again by itself and scripts never retry, so a command that fails says so at once.
	u.MaxRetries = -1
	return u, mode, strings.Join(u.Addrs, ","), nil
}

func parseURL(raw string) (*redis.Options, error) {
	scheme, _, ok := strings.Cut(raw, "://")
	if !ok || (scheme != "redis" && scheme != "rediss" && scheme != "unix") {
		return nil, fmt.Errorf("url %q: want redis://, rediss:// or unix://", redact(raw))
	}
	one, err := redis.ParseURL(raw)
	if err != nil {
		return nil, fmt.Errorf("url %q: %w", redact(raw), withoutURL(err))
	}
	return one, nil
}

// redact hides the user information of a URL, also of one that net/url cannot read.
func redact(raw string) string {
	head, rest, ok := strings.Cut(raw, "://")
	if !ok {
		head, rest = "", raw
	}
	authority, path, slash := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = "***@" + authority[i+1:]
	} else if i := strings.LastIndexByte(rest, '@'); i >= 0 { // a password with a bare slash in it
		authority, path, slash = "***@"+rest[i+1:], "", false
	}
	path, _, _ = strings.Cut(path, "?") // a query may hold a password too
	if slash {
		authority += "/" + path
	}
	if !ok {
		return authority
	}
	return head + "://" + authority
}

// withoutURL drops the URL that net/url repeats in its errors, credentials and all.
func withoutURL(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return errors.New("malformed: " + ue.Op + " failed")
	}
	return err
}
