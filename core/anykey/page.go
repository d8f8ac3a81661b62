package anykey

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"holdfast/core/conn"
)

// Bounds of a page.
type Bounds struct {
	Elements int // at most
	Bytes    int // after so many it ends; of a string, its size
	Cut      int // how much is read of one element of a list, a sorted set or a stream, and kept of any other
}

// OnScreen is a page for somebody to look at, Whole one on the way to a file.
var (
	OnScreen = Bounds{Elements: 500, Bytes: 256 << 10, Cut: 4 << 10}
	Whole    = Bounds{Elements: 1000, Bytes: 1 << 20, Cut: 1 << 20}
)

// Page is a part of what a key holds.
type Page struct {
	Key, Type string
	Size      int64     // elements; bytes of a string; -1 where it is not known
	From      int64     // elements or bytes before the page; -1 where it is not known
	Value     string    // of a string
	Elements  []Element // of any other
	Next      string    // where the next page begins; empty: this is the last

	// Groups of a stream, with its first page; NoGroups says why they are not known.
	Groups   []Group
	NoGroups error
}

// Element is one of a hash (Name and Value), a list (Value), a set (Name), a sorted set (Name, and its score as Value) or a
// stream (the ID as Name, and Fields).
type Element struct {
	Name, Value Text
	Fields      []Text // names and values in turn
}

// Text is as much of a text as a page has room for.
type Text struct {
	Begin string
	Bytes int64 // of all of it
}

// Cut tells that there is more.
func (t Text) Cut() bool { return t.Bytes > int64(len(t.Begin)) }

func (b Bounds) text(s string) Text {
	return Text{s[:min(len(s), b.Cut)], int64(len(s))}
}

var (
	//go:embed lua/page.lua
	pageLua string

	pageScript = conn.NewScript(pageLua)
)

var (
	errGone  = errors.New("it is gone")
	errPlace = errors.New("this is no place in it")
)

// Page reads a page of a key; from is Next of the page before, or empty for the first. Of a key that is missing the type is
// "none"; one of a type that is not known here is an error.
func (r *Rows) Page(ctx context.Context, key, from string, b Bounds) (Page, error) {
	p := Page{Key: key, Size: -1, From: -1}
	typ, err := conn.Ask(ctx, r.c, redis.NewStatusCmd(ctx, "type", key))
	if err == nil && typ != "none" {
		err = r.page(ctx, &p, typ, from, b)
	}
	p.Type = typ
	return p, conn.Fail("anykey: read", key, err)
}

func (r *Rows) page(ctx context.Context, p *Page, typ, from string, b Bounds) (err error) {
	length, known := lengths[typ]
	if !known {
		return fmt.Errorf("a %s cannot be shown: only strings, hashes, lists, sets, sorted sets and streams can", typ)
	}
	switch n, err := conn.Ask(ctx, r.c, redis.NewIntCmd(ctx, length, p.Key)); {
	case err == nil:
		p.Size = n
	case !conn.Refused(err):
		return err
	}
	switch typ {
	case "string":
		return r.bytes(ctx, p, from, b)
	case "hash", "set":
		return r.scanned(ctx, p, typ, from, b)
	}
	if err := r.placed(ctx, p, typ, from, b); err != nil || typ != "stream" || from != "" {
		return err
	}
	p.Groups, p.NoGroups = r.groups(ctx, p.Key)
	if conn.NoAnswer(p.NoGroups) {
		return p.NoGroups
	}
	return nil
}

// place is the number that a page begins with.
func place(from string) (int64, error) {
	if from == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(from, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w: %q", errPlace, from)
	}
	return n, nil
}

func (r *Rows) bytes(ctx context.Context, p *Page, from string, b Bounds) (err error) {
	if p.From, err = place(from); err != nil {
		return err
	}
	p.Value, err = conn.Ask(ctx, r.c, redis.NewStringCmd(ctx, "getrange", p.Key, p.From, p.From+int64(b.Bytes)-1))
	if end := p.From + int64(len(p.Value)); err == nil && len(p.Value) == b.Bytes && end != p.Size {
		p.Next = strconv.FormatInt(end, 10)
	}
	return err
}

// scanned reads a page of a hash or a set. from is how many elements came before, and the cursor.
func (r *Rows) scanned(ctx context.Context, p *Page, typ, from string, b Bounds) error {
	var cursor uint64
	var before int64
	if from != "" {
		if n, err := fmt.Sscanf(from, "%d/%d", &before, &cursor); n != 2 || err != nil {
			return fmt.Errorf("%w: %q", errPlace, from)
		}
	}
	scan, each := "hscan", 2
	if typ == "set" {
		scan, each = "sscan", 1
	}
	p.From = before
	for room := b.Bytes; ; {
		page, next, err := conn.Elements(ctx, r.c, scan, p.Key, cursor, b.Elements-len(p.Elements))
		if err != nil {
			return err
		}
		for i := 0; i+each <= len(page); i += each {
			e := Element{Name: b.text(page[i])}
			if each == 2 {
				e.Value = b.text(page[i+1])
			}
			p.Elements = append(p.Elements, e)
			room -= len(e.Name.Begin) + len(e.Value.Begin)
		}
		cursor = next
		if cursor == 0 || room <= 0 || len(p.Elements) >= b.Elements {
			break
		}
	}
	if cursor != 0 {
		p.Next = fmt.Sprintf("%d/%d", before+int64(len(p.Elements)), cursor)
	}
	return nil
}

// placed reads a page of a list, a sorted set or a stream. from is a place; of a stream that and the ID before it.
func (r *Rows) placed(ctx context.Context, p *Page, typ, from string, b Bounds) (err error) {
	var at any
	if typ == "stream" {
		id := "-"
		if from != "" {
			if n, err := fmt.Sscanf(from, "%d/%s", &p.From, &id); n != 2 || err != nil {
				return fmt.Errorf("%w: %q", errPlace, from)
			}
		}
		at, p.From = id, max(p.From, 0)
	} else {
		if p.From, err = place(from); err != nil {
			return err
		}
		at = p.From
	}
	texts, err := pageScript.Query(ctx, r.c, []string{p.Key}, typ, at, b.Elements, b.Bytes, b.Cut).Slice()
	if err != nil {
		return err
	}
	in := answer(texts)
	for len(in) > 0 {
		var e Element
		switch typ {
		case "list":
			e.Value = in.text()
		case "zset":
			e.Name, e.Value = in.text(), in.text()
		default:
			e.Name = in.text()
			for n, _ := strconv.Atoi(in.text().Begin); n > 0 && len(in) > 0; n-- {
				e.Fields = append(e.Fields, in.text())
			}
		}
		p.Elements = append(p.Elements, e)
	}
	end := p.From + int64(len(p.Elements))
	if n := len(p.Elements); n == 0 || p.Size >= 0 && end >= p.Size {
		return nil
	}
	if p.Next = strconv.FormatInt(end, 10); typ == "stream" {
		p.Next += "/" + p.Elements[len(p.Elements)-1].Name.Begin
	}
	return nil
}

// answer is what page.lua gave, text and length in turn.
type answer []any

func (a *answer) text() Text {
	if len(*a) < 2 {
		*a = nil
		return Text{}
	}
	begin, _ := (*a)[0].(string)
	n, _ := (*a)[1].(int64)
	*a = (*a)[2:]
	return Text{begin, n}
}

// nouns are what a type's elements are called.
var nouns = map[string]string{"string": "bytes", "hash": "fields", "list": "elements", "set": "members", "zset": "members", "stream": "entries"}

// Noun is what the elements of a type are called.
func Noun(typ string) string { return nouns[typ] }

// Part says which elements a page has, such as "fields 1 to 500 of 1000000"; empty where it has all.
func (p Page) Part() string {
	n := int64(len(p.Elements))
	if p.Type == "string" {
		n = int64(len(p.Value))
	}
	if p.From <= 0 && p.Next == "" {
		return ""
	}
	of := ""
	if p.Size >= 0 {
		of = fmt.Sprintf(" of %d", p.Size)
	}
	return fmt.Sprintf("%s %d to %d%s", Noun(p.Type), p.From+1, p.From+n, of)
}
