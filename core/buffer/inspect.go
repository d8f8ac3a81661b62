package buffer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// The content of a row is the beginning of a buffer, which costs little memory however large its records are.
const (
	MaxInspect   = 200     // records that Inspect returns
	inspectWhole = 1 << 20 // bytes of a record that it returns whole
	inspectHead  = 200     // bytes of a longer one
	inspectRoom  = 8 << 20 // bytes after which it looks at no further record
)

// Inspect returns the first MaxInspect records of a row as a JSON array; a record that is not JSON becomes a string. A
// record of more than 1 MiB becomes {"left_out_bytes": its length, "begins": its first characters}. After 8 MiB the
// array ends with {"left_out_records": how many of the MaxInspect}.
func (r *Rows) Inspect(ctx context.Context, id string) (body []byte, found bool, err error) {
	const op = "buffer: inspect"
	escaped, at, ok := r.locate(id)
	if ctx == nil {
		return nil, false, conn.Fail(op, id, ErrNoContext)
	}
	if !ok {
		return nil, false, conn.Fail(op, id, ErrForeign)
	}
	base := r.baseOf(escaped, at)
	records, err := r.heads(ctx, base)
	if err != nil {
		return nil, false, fail(op, base, err)
	}
	if len(records) == 0 {
		var keys []string
		for _, part := range parts {
			if part != ops {
				keys = append(keys, base+part)
			}
		}
		gone, err := conn.Gone(ctx, r.c, keys)
		if err != nil || !slices.ContainsFunc(keys, func(key string) bool { return !gone[key] }) {
			return nil, false, fail(op, base, err)
		}
	}
	body, err = json.Marshal(records)
	return body, true, fail(op, base, err)
}

// heads reads the records that Inspect shows, each as JSON. Who may run no scripts is shown those of a small buffer.
func (r *Rows) heads(ctx context.Context, base string) ([]json.RawMessage, error) {
	said, err := headsScript.Query(ctx, r.c, []string{base + list}, MaxInspect, inspectWhole, inspectHead, inspectRoom).Slice()
	if conn.Refused(err) {
		return r.firstOfSmall(ctx, base, err)
	}
	if err != nil {
		return nil, err
	}
	out, _ := said[0].([]any)
	records := make([]json.RawMessage, 0, len(out)/2+1)
	for i := 0; i+1 < len(out); i += 2 {
		size, _ := out[i].(int64)
		text, _ := out[i+1].(string)
		if size == int64(len(text)) {
			records = append(records, asJSON(text))
			continue
		}
		for len(text) > 0 && len(text) > inspectHead-utf8.UTFMax && !utf8.ValidString(text) { // cut within a character
			text = text[:len(text)-1]
		}
		records = append(records, fmt.Appendf(nil, `{"left_out_bytes":%d,"begins":%s}`, size, quoted(text)))
	}
	if more, _ := said[1].(int64); more > 0 {
		records = append(records, fmt.Appendf(nil, `{"left_out_records":%d}`, more))
	}
	return records, nil
}

func (r *Rows) firstOfSmall(ctx context.Context, base string, refused error) ([]json.RawMessage, error) {
	text, err := conn.Ask(ctx, r.c, redis.NewStringCmd(ctx, "getrange", base+size, 0, conn.MaxNumber-1))
	if err != nil {
		return nil, err
	}
	if n, err := number(text); err != nil || n > inspectRoom {
		return nil, refused
	}
	page, err := conn.Ask(ctx, r.c, redis.NewStringSliceCmd(ctx, "lrange", base+list, 0, MaxInspect-1))
	if err != nil {
		return nil, err
	}
	records := make([]json.RawMessage, len(page))
	for i, text := range page {
		records[i] = asJSON(text)
	}
	return records, nil
}

// asJSON is a record as it is, or where it is no JSON as a string.
func asJSON(record string) json.RawMessage {
	if json.Valid([]byte(record)) {
		return json.RawMessage(record)
	}
	return quoted(record)
}

func quoted(text string) json.RawMessage {
	b, _ := json.Marshal(text) // a string always marshals
	return b
}

// Size is 0: Inspect reads little however large a buffer is.
func (r *Rows) Size(context.Context, string) (int64, error) { return 0, nil }
