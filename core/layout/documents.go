package layout

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

var (
	//go:embed lua/edit_string.lua
	editStringLua string
	//go:embed lua/edit_field.lua
	editFieldLua string
	//go:embed lua/remove.lua
	removeLua string

	editStringScript = conn.NewScript(editStringLua)
	editFieldScript  = conn.NewScript(editFieldLua)
	removeScript     = conn.NewScript(removeLua)
)

var (
	errNoEdit    = errors.New("its layout does not say what can be edited")
	errNoBase    = errors.New("cannot be edited")
	errNoVersion = errors.New("it has no version that an edit could check")
	errManyField = errors.New("a hash of so many fields is not deleted by hand, since it could not be put back")
)

// maxKept is how many fields a hash may have that is deleted by hand: it is kept until it is put back.
const maxKept = 10_000

// documents are those of a view: the base's, and those of layouts that can be edited.
func documents(s *source, base kind.Documents, plans []*plan) kind.Documents {
	for _, p := range plans {
		if p.Edit != "" {
			return &docs{s, base}
		}
	}
	return base
}

// docs edits rows of layouts under compare-and-set. Two versions of a document differ as what is checked differs: the
// version field of a hash, else the content. A version is the number that the field holds, or a fingerprint.
type docs struct {
	s    *source
	base kind.Documents
}

// stored is what an edit checks and what it changes.
type stored struct {
	p       *plan
	key     string
	body    string
	checked string // the text of the version field, or the content
}

// Condition says when an edit is made, in words.
func (d *docs) Condition(id string, version int64) string {
	switch p := d.s.rowOf(id); {
	case p == nil:
		return kind.Condition(d.base, id, version)
	case p.Version != "":
		return fmt.Sprintf("if its %s is still the one shown", p.Version)
	}
	return "if its content is still the one shown"
}

// VersionIn is the base's: documents of layouts name no version that is known.
func (d *docs) VersionIn(id string, text []byte) (version int64, ok bool) {
	if v, does := d.base.(kind.Versioned); does && d.s.rowOf(id) == nil {
		return v.VersionIn(id, text)
	}
	return 0, false
}

// of is the layout of a row that can be edited, or the documents of the base.
func (d *docs) of(id string) (*plan, kind.Documents, error) {
	switch p := d.s.rowOf(id); {
	case p == nil && d.base == nil:
		return nil, nil, errNoBase
	case p == nil:
		return nil, d.base, nil
	case p.Edit == "":
		return nil, nil, fmt.Errorf("layout %s: %w", p.Name, errNoEdit)
	default:
		return p, nil, nil
	}
}

// Load reads a document: ErrGone, conn.ErrTooLarge.
func (d *docs) Load(ctx context.Context, id string) (body []byte, version int64, err error) {
	p, base, err := d.of(id)
	if base != nil {
		return base.Load(ctx, id)
	}
	if err != nil {
		return nil, 0, conn.Fail("load", id, err)
	}
	now, err := p.stored(ctx, d.s.c, id)
	return []byte(now.body), now.version(), conn.Fail("layout "+p.Name+": load", id, err)
}

// Replace sets a document and renews its version, if that is still the one that was seen: ErrChanged or ErrGone. Life and
// other fields stay.
func (d *docs) Replace(ctx context.Context, id string, version int64, body []byte) (newVersion int64, err error) {
	p, base, err := d.of(id)
	if base != nil {
		return base.Replace(ctx, id, version, body)
	}
	if err != nil {
		return 0, conn.Fail("replace", id, err)
	}
	next, err := p.replace(ctx, d.s.c, id, version, string(body))
	return next.version(), conn.Fail("layout "+p.Name+": replace", id, err)
}

func (p *plan) replace(ctx context.Context, c redis.UniversalClient, id string, version int64, body string) (next stored, err error) {
	now, err := p.seen(ctx, c, id, version)
	if err != nil {
		return stored{}, err
	}
	next = now
	next.body, next.checked = body, body
	switch {
	case p.Type == "string":
		err = verdict(editStringScript.Run(ctx, c, []string{now.key}, now.checked, body).Int64())
	case p.Version == "":
		err = verdict(editFieldScript.Run(ctx, c, []string{now.key}, p.Edit, now.checked, p.Edit, body).Int64())
	default:
		if next.checked, err = renewed(now.checked); err == nil {
			err = verdict(editFieldScript.Run(ctx, c, []string{now.key}, p.Version, now.checked, p.Edit, body, p.Version, next.checked).Int64())
		}
	}
	return next, err
}

// Remove deletes the key of a row if its version is still the one that was seen: ErrChanged or ErrGone.
func (d *docs) Remove(ctx context.Context, id string, version int64) error {
	p, base, err := d.of(id)
	if base != nil {
		return base.Remove(ctx, id, version)
	}
	if err != nil {
		return conn.Fail("remove", id, err)
	}
	now, err := p.seen(ctx, d.s.c, id, version)
	if err == nil {
		args := []any{now.checked}
		switch {
		case p.Version != "":
			args = append(args, p.Version)
		case p.Type == "hash":
			args = append(args, p.Edit)
		}
		err = verdict(removeScript.Run(ctx, d.s.c, []string{now.key}, args...).Int64())
	}
	return conn.Fail("layout "+p.Name+": remove", id, err)
}

// Keep is Load for what is to be removed. back restores the whole key, every field of a hash, unless it exists again: ErrTaken.
func (d *docs) Keep(ctx context.Context, id string) (body []byte, version int64, back func(context.Context) error, err error) {
	p, base, err := d.of(id)
	if base != nil {
		return base.Keep(ctx, id)
	}
	if err != nil {
		return nil, 0, nil, conn.Fail("keep", id, err)
	}
	op := "layout " + p.Name + ": keep"
	now, err := p.stored(ctx, d.s.c, id)
	if err == nil && p.Type == "hash" {
		var n int64
		if n, err = conn.Ask(ctx, d.s.c, redis.NewIntCmd(ctx, "hlen", now.key)); err == nil && n > maxKept {
			err = errManyField
		}
	}
	if err != nil {
		return nil, 0, nil, conn.Fail(op, id, err)
	}
	var life *redis.IntCmd
	var dump *redis.StringCmd
	sent := time.Now()
	err = conn.Pipeline(ctx, d.s.c, func(pipe redis.Pipeliner) { life, dump = conn.PTTL(ctx, pipe, now.key), pipe.Dump(ctx, now.key) })
	for _, cmd := range []redis.Cmder{life, dump} {
		if err == nil {
			err = cmd.Err()
		}
	}
	if err == redis.Nil {
		err = ErrGone
	}
	if err != nil {
		return nil, 0, nil, conn.Fail(op, id, err)
	}
	ends, whole := conn.Deadline(sent, life.Val()), dump.Val()
	return []byte(now.body), now.version(), func(ctx context.Context) error {
		left, err := leftOf(ends)
		if err == nil {
			err = conn.Once(ctx, d.s.c, "restore", now.key, left, whole).Err()
		}
		if redis.HasErrorPrefix(err, "BUSYKEY") {
			err = ErrTaken
		}
		return conn.Fail("layout "+p.Name+": put back", id, err)
	}, nil
}

// seen is what is stored, if it has the version that was seen.
func (p *plan) seen(ctx context.Context, c redis.UniversalClient, id string, version int64) (stored, error) {
	now, err := p.stored(conn.WithoutDoubt(ctx), c, id)
	if err == nil && now.version() != version {
		err = ErrChanged
	}
	return now, err
}

// stored reads what an edit shows and checks. What cannot be read as its layout says can be edited all the same as long as it
// is of the right type, and has the version that an edit renews.
func (p *plan) stored(ctx context.Context, c redis.UniversalClient, id string) (stored, error) {
	key, _, _ := p.keyOf(id)
	now := stored{p: p, key: key}
	size := redis.NewIntCmd(ctx, "strlen", key)
	if p.Type == "hash" {
		size = redis.NewIntCmd(ctx, "hstrlen", key, p.Edit)
	}
	n, err := conn.Ask(ctx, c, size)
	if err == nil && n > conn.MaxUnasked {
		err = conn.TooLarge(n)
	}
	if err = verdict(1, err); err != nil {
		return now, err
	}
	if p.Type == "string" {
		now.body, err = conn.Ask(ctx, c, redis.NewStringCmd(ctx, "get", key))
		if now.checked = now.body; err == redis.Nil {
			err = ErrGone
		}
		return now, verdict(1, err)
	}
	fields := []any{"hmget", key, p.Edit}
	if p.Version != "" {
		fields = append(fields, p.Version)
	}
	got, err := conn.Ask(ctx, c, redis.NewSliceCmd(ctx, fields...))
	if err = verdict(1, err); err != nil {
		return now, err
	}
	body, is := got[0].(string)
	if !is {
		return now, ErrGone
	}
	if now.body, now.checked = body, body; p.Version != "" {
		if now.checked, is = got[1].(string); !is {
			return now, errNoVersion
		}
	}
	return now, nil
}

// version is the number that a version field holds, or a fingerprint of what is checked.
func (s stored) version() int64 {
	if s.p == nil {
		return 0
	}
	if n, is := counted(s.checked); is && s.p.Version != "" {
		return n
	}
	sum := sha256.Sum256([]byte(s.checked))
	return int64(binary.BigEndian.Uint64(sum[:]) >> 1)
}

// counted reads a version that is a number, as it is counted.
func counted(text string) (n int64, is bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0 && strconv.FormatInt(n, 10) == text
}

// renewed is the version that follows: the next number, or a random text of the same form, in which each letter and digit is
// another hexadecimal one, so that a UUID stays one.
func renewed(old string) (string, error) {
	if n, is := counted(old); is {
		if n == math.MaxInt64 {
			return "", fmt.Errorf("%w: no version follows %d", errNoVersion, n)
		}
		return strconv.FormatInt(n+1, 10), nil
	}
	for range 100 {
		random := make([]byte, len(old))
		_, _ = rand.Read(random) // it never fails
		text := []byte(old)
		for i, c := range text {
			switch {
			case c >= 'A' && c <= 'Z':
				text[i] = "0123456789ABCDEF"[random[i]%16]
			case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
				text[i] = "0123456789abcdef"[random[i]%16]
			}
		}
		if string(text) != old {
			return string(text), nil
		}
	}
	return "", fmt.Errorf("%w: %s cannot be renewed", errNoVersion, short(old))
}
