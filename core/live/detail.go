package live

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// Detail is the whole of one row, read on demand.
type Detail struct {
	Kind  kind.Name
	ID    string
	Found bool   // false: deleted meanwhile
	Body  []byte // the content, as the primitive's package gives it: JSON, or plain bytes
	Size  int64  // of the content, of which Body is only the beginning; 0: Body is all of it
	Keys  []RawKey
	// Of a kind that is read page by page: which part of the content Body is, empty for all of it, and where the next page
	// begins, empty if this is the last.
	Part, Next string
	// Related are the documents that the content names and that no view lists.
	Related []Related
}

// RawKey is one Redis key that a row is made of.
type RawKey struct {
	Name    string
	Type    string    // "string", "hash" and so on; empty: not known
	Bytes   int64     // what the server says it takes in memory; 0 where it does not say
	Expires time.Time // on our clock; zero: never, or not known
	Problem error     // why the type or the expiry is not known; a key whose type is not may be missing
}

// MaxInspect is the content that Inspect reads whole.
const MaxInspect = 64 << 20

// Inspect reads one row whole, with its raw keys; content above MaxInspect stays on the server, except for the
// beginning of a string. The keys come even if the content is unreadable: their types may tell why.
func (m *Model) Inspect(ctx context.Context, name kind.Name, id string) (Detail, error) {
	return m.detail(ctx, name, id, MaxInspect)
}

// maxGlance is the content that Glance reads whole. More than that may take the server and the line too long.
const maxGlance = 8 << 20

// Glance is Inspect for a screen, which must not wait for long: content above 8 MiB stays on the server.
func (m *Model) Glance(ctx context.Context, name kind.Name, id string) (Detail, error) {
	return m.detail(ctx, name, id, maxGlance)
}

// GlancePage is Glance for a kind that is read page by page: from is Next of the page before. Of other kinds there is one page.
func (m *Model) GlancePage(ctx context.Context, name kind.Name, id, from string) (Detail, error) {
	f, err := m.feed(name)
	if err != nil {
		return Detail{}, err
	}
	if f.page == nil {
		return m.Glance(ctx, name, id)
	}
	d := Detail{Kind: name, ID: id}
	if d.Keys, err = m.rawKeys(ctx, f.Source.Keys(id)); err == nil {
		d.Body, d.Next, d.Part, d.Found, err = f.page(ctx, id, from)
	}
	return d, err
}

func (m *Model) detail(ctx context.Context, name kind.Name, id string, most int64) (Detail, error) {
	f, err := m.feed(name)
	if err != nil {
		return Detail{}, err
	}
	if f.page != nil {
		return m.GlancePage(ctx, name, id, "")
	}
	keys, err := m.rawKeys(ctx, f.Source.Keys(id))
	if err != nil {
		return Detail{}, err
	}
	large := slices.IndexFunc(keys, func(k RawKey) bool {
		return k.Bytes > most && (k.Type == "string" || f.size == nil && (k.Type == "hash" || k.Type == ""))
	})
	if one := keys; large < 0 && !f.several && f.size == nil && len(one) == 1 && (one[0].Type == "string" || one[0].Type == "") && one[0].Bytes == 0 {
		return m.headOf(ctx, Detail{Kind: name, ID: id, Found: true, Keys: keys})
	}
	if large < 0 && f.size != nil {
		size, err := f.size(ctx, id)
		switch {
		case err != nil && (!conn.Refused(err) || !slices.ContainsFunc(keys, func(k RawKey) bool { return k.Bytes > 0 })):
			return Detail{Kind: name, ID: id, Keys: keys}, err
		case err != nil: // the memory of its keys has to tell
			large = slices.IndexFunc(keys, func(k RawKey) bool { return k.Bytes > most })
		case size > most:
			return Detail{Kind: name, ID: id, Found: true, Keys: keys, Size: size}, nil
		}
	}
	if large < 0 {
		d := Detail{Kind: name, ID: id, Keys: keys}
		d.Body, d.Found, err = f.Source.Inspect(ctx, id)
		if err != nil && conn.NoAnswer(err) {
			return Detail{}, err
		}
		if err == nil && f.related != nil {
			d.Related, err = m.related(ctx, f.related(id, d.Body))
		}
		return d, err
	}
	k := keys[large]
	d := Detail{Kind: name, ID: id, Found: true, Keys: keys, Size: k.Bytes}
	if k.Type == "string" {
		var head *redis.StringCmd
		var size *redis.IntCmd
		err = conn.Pipeline(ctx, m.conn, func(p redis.Pipeliner) {
			head, size = p.GetRange(ctx, k.Name, 0, conn.MaxUnasked-1), p.StrLen(ctx, k.Name)
		})
		if err != nil {
			return Detail{}, err
		}
		d.Body, d.Size = []byte(head.Val()), size.Val()
	}
	return d, nil
}

// headOf reads a string whose size is not known, as far as MaxUnasked bytes: beyond that it is too much.
func (m *Model) headOf(ctx context.Context, d Detail) (Detail, error) {
	head, err := conn.Ask(ctx, m.conn, redis.NewStringCmd(ctx, "getrange", d.Keys[0].Name, 0, conn.MaxUnasked))
	if err == nil && len(head) > conn.MaxUnasked {
		err = fmt.Errorf("%w, and its length is not known", conn.ErrTooLarge)
	}
	if err == nil {
		d.Body = []byte(head)
	}
	return d, conn.Fail("live: read", d.Keys[0].Name, err)
}

// ReadRow reads one row now, whatever the last snapshot holds; none where it does not exist.
func (m *Model) ReadRow(ctx context.Context, name kind.Name, id string) (kind.Row, error) {
	f, err := m.feed(name)
	if err != nil {
		return kind.Row{}, err
	}
	rows, err := f.read(ctx, []string{id})
	if err != nil || len(rows) == 0 {
		return kind.Row{}, err
	}
	return rows[0], nil
}

func (m *Model) rawKeys(ctx context.Context, names []string) ([]RawKey, error) {
	types := make([]*redis.StatusCmd, len(names))
	ttls := make([]*redis.IntCmd, len(names))
	sizes := make([]*redis.IntCmd, len(names))
	err := conn.Pipeline(ctx, m.conn, func(p redis.Pipeliner) {
		for i, k := range names {
			types[i], ttls[i], sizes[i] = p.Type(ctx, k), conn.PTTL(ctx, p, k), p.MemoryUsage(ctx, k)
		}
	})
	if err == nil {
		err = m.sizeStrings(ctx, names, types, sizes)
	}
	if err != nil {
		return nil, err
	}
	var out []RawKey
	for i, name := range names {
		if types[i].Val() == "none" {
			continue
		}
		k := RawKey{Name: name, Type: types[i].Val(), Bytes: sizes[i].Val(), Problem: cmp.Or(types[i].Err(), ttls[i].Err())}
		if ttls[i].Err() == nil {
			k.Expires = conn.Deadline(m.now(), ttls[i].Val())
		}
		out = append(out, k)
	}
	return out, nil
}

// sizeStrings asks for the length of strings whose memory the server does not tell.
func (m *Model) sizeStrings(ctx context.Context, names []string, types []*redis.StatusCmd, sizes []*redis.IntCmd) error {
	return conn.Pipeline(ctx, m.conn, func(p redis.Pipeliner) {
		for i, name := range names {
			if types[i].Val() == "string" && sizes[i].Err() != nil {
				sizes[i] = p.StrLen(ctx, name)
			}
		}
	})
}

// Keys are the raw keys that may make up a row; none for an unknown kind.
func (m *Model) Keys(name kind.Name, id string) []string {
	f, err := m.feed(name)
	if err != nil {
		return nil
	}
	return f.Source.Keys(id)
}
