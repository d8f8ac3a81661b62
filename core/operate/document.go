package operate

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/kvstore/redisdb"
	"holdfast/core/layout"
	"holdfast/core/record"
)

// documents of a kind.
func (o *Operator) documents(of kind.Name) (kind.Documents, error) {
	if k, _ := o.core.Kind(of); k.Documents != nil {
		return k.Documents, nil
	}
	return nil, fmt.Errorf("%s cannot be edited", of)
}

// Document is a record as an editor shows it, with the version that a save will demand.
type Document struct {
	Kind    kind.Name
	ID      string
	Version int64
	Body    []byte
	binary  bool // edited as base64 though it is text
}

// Load reads a document for editing. A read-only Operator refuses already here, and notes it in the trail.
func (o *Operator) Load(ctx context.Context, of kind.Name, id string) (Document, error) {
	if o.opts.ReadOnly {
		_, err := o.Do(ctx, Action{Verb: Edit, Kind: of, ID: id, Summary: fmt.Sprintf("open %s %s for editing", of, id)})
		return Document{}, err
	}
	d, err := o.documents(of)
	if err != nil {
		return Document{}, conn.Fail("edit", id, err)
	}
	body, version, err := d.Load(ctx, id)
	return Document{Kind: of, ID: id, Version: version, Body: body}, conn.Fail("edit", id, err)
}

// form is how a body is shown to an editor.
type form int

const (
	verbatim form = iota
	indented      // compact JSON, which nobody can read on one line
	encoded       // base64 of what is no text
)

func (d Document) form() form {
	if d.binary || !utf8.Valid(d.Body) {
		return encoded
	}
	var compact bytes.Buffer
	if len(d.Body) > 0 && (d.Body[0] == '{' || d.Body[0] == '[') && json.Compact(&compact, d.Body) == nil && bytes.Equal(compact.Bytes(), d.Body) {
		return indented
	}
	return verbatim
}

// Text is what the editor shows: compact JSON indented, other text as it is, binary as base64.
func (d Document) Text() string { return d.show(d.Body) }

// Beside gives a document that is stored now and the text of an edit that it was too late for in one form, so that
// either can be edited: as base64 as soon as one of them is binary.
func (d Document) Beside(late Action) (now Document, text string) {
	d.binary = !utf8.Valid(late.body)
	return d, d.show(late.body)
}

func (d Document) show(body []byte) string {
	switch d.form() {
	case encoded:
		return base64.StdEncoding.EncodeToString(body) + "\n"
	case indented:
		var b bytes.Buffer
		if json.Indent(&b, body, "", "  ") == nil {
			return b.String() + "\n"
		}
	}
	return string(body)
}

// Extension of a file that holds Text, so that editors know how to colour it.
func (d Document) Extension() string {
	switch d.form() {
	case encoded:
		return ".base64"
	case indented:
		return ".json"
	}
	return ".txt"
}

// parse undoes Text. The line end that editors add to a last line is not part of the document.
func (d Document) parse(text string) ([]byte, error) {
	switch d.form() {
	case encoded:
		body, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return nil, fmt.Errorf("the document is binary and edited as base64: %w", err)
		}
		return body, nil
	case indented:
		var b bytes.Buffer
		if err := json.Compact(&b, []byte(text)); err != nil {
			return nil, fmt.Errorf("not valid JSON: %w", err)
		}
		return b.Bytes(), nil
	}
	if !bytes.HasSuffix(d.Body, []byte("\n")) {
		text = strings.TrimSuffix(text, "\n")
	}
	return []byte(text), nil
}

// ErrUnchanged answers an edit that changed nothing: there is nothing to write.
var ErrUnchanged = errors.New("no change")

// Edit plans to save text as the new content of doc, if the document still has the version that was loaded. Text that
// cannot be a document is an error here; text that changes nothing is ErrUnchanged.
func (o *Operator) Edit(doc Document, text string) (Action, error) {
	body, err := doc.parse(text)
	if err != nil {
		return Action{}, conn.Fail("edit", doc.ID, err)
	}
	if bytes.Equal(body, doc.Body) {
		return Action{}, ErrUnchanged
	}
	d, err := o.documents(doc.Kind)
	if err != nil {
		return Action{}, conn.Fail("edit", doc.ID, err)
	}
	return o.replace(d, doc, body, text), nil
}

// replace plans one compare-and-set.
func (o *Operator) replace(d kind.Documents, doc Document, body []byte, text string) Action {
	return Action{
		Verb: Edit, Kind: doc.Kind, ID: doc.ID, Text: text, body: body,
		Summary:  fmt.Sprintf("save %s %s (%d bytes, was %d) %s", doc.Kind, doc.ID, len(body), len(doc.Body), kind.Condition(d, doc.ID, doc.Version)),
		Commands: []string{o.script("compare and set", doc.Kind, doc.ID, doc.Version, body)},
		run: func(ctx context.Context) (Outcome, error) {
			out := Outcome{Before: document(doc.Version, doc.Body)}
			version, err := d.Replace(ctx, doc.ID, doc.Version, body)
			if err != nil {
				return out, asConflict(err)
			}
			saved := Document{Kind: doc.Kind, ID: doc.ID, Version: version, Body: body}
			// A primitive may spell the document its own way; what is stored is what counts.
			if stored, at, err := d.Load(conn.WithoutDoubt(ctx), doc.ID); err == nil && at == version {
				saved.Body = stored
			}
			out.After = document(version, saved.Body)
			out.Text = fmt.Sprintf("saved %s, version %d", doc.ID, version)
			undo := o.replace(d, saved, doc.Body, doc.Text())
			undo.Summary = fmt.Sprintf("undo the edit of %s %s", doc.ID, kind.Condition(d, doc.ID, version))
			out.Undo = &undo
			return out, nil
		},
	}
}

// Save plans to replace a document by text, for callers that have not loaded it. Text that names another version than
// the stored one was made from something else: that is ErrConflict. Text that changes nothing is not written.
func (o *Operator) Save(of kind.Name, id, text string) (Action, error) {
	d, err := o.documents(of)
	if err != nil {
		return Action{}, conn.Fail("edit", id, err)
	}
	return Action{
		Verb: Edit, Kind: of, ID: id, Text: text,
		Summary:  fmt.Sprintf("replace %s %s by %d bytes, unless it changes meanwhile", of, id, len(text)),
		Commands: []string{o.script("compare and set", of, id)},
		run: func(ctx context.Context) (Outcome, error) {
			body, version, err := d.Load(conn.WithoutDoubt(ctx), id)
			if err != nil {
				return Outcome{}, err
			}
			doc := Document{Kind: of, ID: id, Version: version, Body: body}
			unchanged := Outcome{Text: "no change, nothing written", Before: document(version, body)}
			if made, ok := versionIn(d, id, text); ok && made != version {
				return unchanged, fmt.Errorf("%w: the text has version %d, the stored one has version %d", ErrConflict, made, version)
			}
			edit, err := o.Edit(doc, text)
			if errors.Is(err, ErrUnchanged) {
				unchanged.After = unchanged.Before
				return unchanged, nil
			}
			if err != nil {
				return unchanged, err
			}
			return edit.run(ctx)
		},
	}, nil
}

// versionIn is the version that a text of a document names inside, if documents of its kind do.
func versionIn(d kind.Documents, id, text string) (version int64, ok bool) {
	if v, does := d.(kind.Versioned); does {
		return v.VersionIn(id, []byte(text))
	}
	return 0, false
}

// Delete plans to remove a document, if it still has the version that was seen.
func (o *Operator) Delete(of kind.Name, id string, version int64) (Action, error) {
	d, err := o.documents(of)
	if err != nil {
		return Action{}, conn.Fail("delete", id, err)
	}
	return Action{
		Verb: Delete, Kind: of, ID: id, Destructive: true,
		Summary:  fmt.Sprintf("delete %s %s %s", of, id, kind.Condition(d, id, version)),
		Commands: []string{o.script("delete", of, id, version)},
		run: func(ctx context.Context) (Outcome, error) {
			body, stored, back, err := d.Keep(conn.WithoutDoubt(ctx), id)
			if err != nil {
				return Outcome{}, err
			}
			out := Outcome{Before: document(stored, body)}
			if err := d.Remove(ctx, id, version); err != nil {
				return out, asConflict(err)
			}
			out.Text = "deleted " + id
			undo := o.putBack(of, id, document(stored, body), back)
			out.Undo = &undo
			return out, nil
		},
	}, nil
}

// document is how the trail shows one.
func document(version int64, body []byte) any {
	return map[string]any{"version": version, "body": text(body)}
}

// asConflict marks what somebody else did to a document that had been read as ErrConflict, beside the cause.
func asConflict(err error) error {
	for _, lost := range []error{actorstore.ErrPersistenceRetry, actorstore.ErrNotFound, record.ErrWrongVersion, record.ErrNotFound, redisdb.ErrChanged, redisdb.ErrNotFound, layout.ErrChanged, layout.ErrGone} {
		if errors.Is(err, lost) {
			return fmt.Errorf("%w: %w", ErrConflict, err)
		}
	}
	return err
}
