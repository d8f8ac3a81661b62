package redisdb

import (
	"context"
	"encoding/json"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kvstore"
	"holdfast/core/kvstore/redisdb/internal/logentry"
)

// What a detail pane shows of a log: so many changes, and so much of each value.
const (
	MaxInspect   = 50
	inspectValue = 200
	inspectWhole = 1 << 20 // bytes of a change that is read
	inspectRoom  = 8 << 20 // bytes after which no further change is looked at
)

// Inspect returns the newest MaxInspect changes of the log, newest first, as a JSON array: the number, and what was put or
// deleted. Bytes that are no text are {"base64": ...}, and long values are cut. Of a change of more than 1 MiB stands only how long it is,
// and after 8 MiB the array ends.
func (r *Rows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	rows, err := r.Read(ctx, []string{id})
	if err != nil || len(rows) == 0 {
		return nil, false, err
	}
	if err := rows[0].Problem(); err != nil {
		return nil, false, err
	}
	s := spaceOf(r.prefix, id)
	said, err := newestScript.Query(ctx, r.c, []string{s.log}, MaxInspect, inspectWhole, inspectRoom).Slice()
	if err != nil {
		return nil, false, conn.Fail("kv: read changes", s.log, err)
	}
	entries, sizes, err := newest(said)
	if err != nil {
		return nil, false, conn.Fail("kv: read changes", s.log, err)
	}
	type effect struct {
		Put     any    `json:"put,omitempty"`
		Delete  any    `json:"delete,omitempty"`
		Value   any    `json:"value,omitempty"`
		Bytes   int    `json:"bytes,omitempty"`
		Expires string `json:"expires,omitempty"`
	}
	type change struct {
		Change  uint64   `json:"change"`
		Effects []effect `json:"effects"`
		LeftOut int64    `json:"left_out_bytes,omitempty"`
	}
	changes := make([]change, len(entries))
	for i := range entries {
		changes[i].Change, changes[i].LeftOut = entries[i].ChangeNumber, sizes[i]
		for _, t := range entries[i].Trxns {
			if t.Type == kvstore.TrxnDelete {
				changes[i].Effects = append(changes[i].Effects, effect{Delete: text(t.Key)})
				continue
			}
			e := effect{Put: text(t.Key), Value: text(t.Value[:min(len(t.Value), inspectValue)]), Bytes: len(t.Value)}
			if t.ExpireTS != 0 {
				e.Expires = time.Unix(int64(t.ExpireTS), 0).UTC().Format(time.RFC3339)
			}
			changes[i].Effects = append(changes[i].Effects, e)
		}
	}
	body, err = json.Marshal(changes)
	return body, true, err
}

// newest reads what newest.lua says: entries, and of those that are left out their sizes.
func newest(said []any) (all []logentry.Entry, leftOut []int64, err error) {
	for i := 0; i+2 < len(said); i += 3 {
		id, _ := said[i].(string)
		size, _ := said[i+1].(int64)
		fields, _ := said[i+2].([]any)
		if size > inspectWhole {
			var e logentry.Entry
			if err := e.Parse([]byte(id), nil); err != nil {
				return nil, nil, err
			}
			all, leftOut = append(all, e), append(leftOut, size)
			continue
		}
		m := redis.XMessage{ID: id, Values: map[string]any{}}
		for f := 0; f+1 < len(fields); f += 2 {
			name, _ := fields[f].(string)
			m.Values[name] = fields[f+1]
		}
		one, err := logentry.FromMessages([]redis.XMessage{m})
		if err != nil {
			return nil, nil, err
		}
		all, leftOut = append(all, one...), append(leftOut, 0)
	}
	return all, leftOut, nil
}

// Size is 0: Inspect reads little however large a database is.
func (r *Rows) Size(context.Context, string) (int64, error) { return 0, nil }
