package conn

import (
	"context"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Facts are what a server says of itself by INFO, as far as its settings and its state matter to what it keeps.
type Facts struct {
	Read bool   // it was asked
	Err  error  // why it does not tell; the rest is empty then
	Node string // whom they are of

	MaxMemory, UsedMemory int64  // bytes; MaxMemory 0: no limit
	Policy                string // of maxmemory
	AOF                   bool   // an append-only file is written
	AOFFailed, RDBFailed  bool   // the last write of either has failed
	NeverSaved            bool   // no snapshot since the server started, nor was one loaded
	Unsaved               int64  // changes since the last snapshot
	MasterOf              string // of a replica: its master's address
	LinkDown              bool   // of a replica: it has lost its master
	NoGoodReplica         bool   // of a master with min-replicas-to-write: it refuses writes for that
}

// Facts asks one node: of the masters that which Status asks. The error is a transport error; a refusal is among the facts.
func (c *Conn) Facts(ctx context.Context) (Facts, error) {
	nodes, err := Masters(ctx, c)
	if err != nil || len(nodes) == 0 {
		return Facts{}, err
	}
	node := nodes[0]
	for _, n := range nodes {
		if NodeAddr(n) == c.answers.addr() {
			node = n
		}
	}
	var sections []*redis.StringCmd
	err = Pipeline(ctx, node, func(p redis.Pipeliner) {
		for _, name := range []string{"server", "memory", "persistence", "replication"} {
			sections = append(sections, p.Info(ctx, name))
		}
	})
	if err != nil {
		return Facts{}, err
	}
	f := Facts{Read: true, Node: NodeAddr(node)}
	info := map[string]string{}
	for _, s := range sections {
		if f.Err == nil {
			f.Err = s.Err()
		}
		for line := range strings.Lines(s.Val()) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			info[name] = value
		}
	}
	if f.Err != nil {
		return f, nil
	}
	f.read(info)
	return f, nil
}

func (f *Facts) read(info map[string]string) {
	number := func(name string) int64 {
		n, _ := strconv.ParseInt(info[name], 10, 64)
		return n
	}
	f.MaxMemory, f.UsedMemory, f.Policy = number("maxmemory"), number("used_memory"), info["maxmemory_policy"]
	f.AOF = info["aof_enabled"] == "1"
	f.AOFFailed = f.AOF && info["aof_last_write_status"] == "err"
	f.RDBFailed = info["rdb_last_bgsave_status"] == "err"
	f.Unsaved = number("rdb_changes_since_last_save")
	loaded, knows := info["rdb_last_load_keys_loaded"]
	f.NeverSaved = info["rdb_last_bgsave_time_sec"] == "-1" && info["rdb_saves"] == "0" && knows && loaded == "0"
	if info["role"] == "slave" {
		f.MasterOf = info["master_host"] + ":" + info["master_port"]
		f.LinkDown = info["master_link_status"] == "down"
	}
	f.NoGoodReplica = info["role"] == "master" && info["min_slaves_good_slaves"] == "0"
}
