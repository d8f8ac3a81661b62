package conn

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// DB is the number of the database that commands go to.
func (c *Conn) DB() int {
	if c.options == nil {
		return 0
	}
	return c.options.DB
}

// Place is the address, and the database as a URL names it where that is not 0.
func (c *Conn) Place() string {
	switch db := strconv.Itoa(c.DB()); {
	case c.DB() == 0:
		return c.Addr
	case c.options.Addrs[0] != "" && c.options.Addrs[0][0] == '/': // a socket, whose path has slashes
		return c.Addr + "?db=" + db
	default:
		return c.Addr + "/" + db
	}
}

// Unverified tells whether the server's certificate is not checked, so that anybody could be the other end.
func (c *Conn) Unverified() bool {
	return c.options != nil && c.options.TLSConfig != nil && c.options.TLSConfig.InsecureSkipVerify
}

// Now is the time on the server's clock.
func (c *Conn) Now(ctx context.Context) (time.Time, error) {
	before := time.Now()
	server, err := Ask(ctx, c, redis.NewTimeCmd(ctx, "time"))
	return server.Add(time.Since(before) / 2), err
}
