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

	"holdfast/core/conn"
	"holdfast/core/live"
)

// documents is what a primitive's package offers for a kind that is edited by hand.
type documents interface {
	Load(ctx context.Context, id string) (body []byte, version int64, err error)
	Replace(ctx context.Context, id string, version int64, body []byte) (newVersion int64, err error)
	Remove(ctx context.Context, id string, version int64) error
}

// documents of a kind; the registry of what can be edited, one line a kind.
func (o *Operator) documents(kind live.Kind) (documents, error) {
	switch kind {
	case "actors":
		return o.core.ActorRows, nil
	case "workers":
		return o.core.WorkerRows, nil
	case "records":
		return o.core.RecordRows, nil
	}
	return nil, fmt.Errorf("%s cannot be edited", kind)
}

// Document is a record as an editor shows it, with the version that a save will demand.
type Document struct {
	Kind    live.Kind
	ID      string
	Version int64
	Body    []byte
}

// Load reads a document for editing.
func (o *Operator) Load(ctx context.Context, kind live.Kind, id string) (Document, error) {
	d, err := o.documents(kind)
	if err != nil {
		return Document{}, conn.Fail("edit", id, err)
	}
	body, version, err := d.Load(ctx, id)
	return Document{kind, id, version, body}, conn.Fail("edit", id, err)
}

// form is how a body is shown to an editor.
type form int

const (
	verbatim form = iota
	indented      // compact JSON, which nobody can read on one line
	encoded       // base64 of what is no text
)

func (d Document) form() form {
	if !utf8.Valid(d.Body) {
		return encoded
	}
	var compact bytes.Buffer
	if len(d.Body) > 0 && (d.Body[0] == '{' || d.Body[0] == '[') && json.Compact(&compact, d.Body) == nil && bytes.Equal(compact.Bytes(), d.Body) {
		return indented
	}
	return verbatim
}

// Text is what the editor shows: compact JSON indented, other text as it is, binary as base64.
func (d Document) Text() string {
	switch d.form() {
	case encoded:
		return base64.StdEncoding.EncodeToString(d.Body) + "\n"
	case indented:
		var b bytes.Buffer
		_ = json.Indent(&b, d.Body, "", "  ") // it is JSON, as form has seen
		return b.String() + "\n"
	}
	return string(d.Body)
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
	return Action{
		Verb: Edit, Kind: doc.Kind, ID: doc.ID, Text: text,
		Summary:  fmt.Sprintf("save %s %s (%d bytes, was %d) if it still has version %d", doc.Kind, doc.ID, len(body), len(doc.Body), doc.Version),
		Commands: []string{fmt.Sprintf("EVALSHA (compare-and-set, version %d) %s", doc.Version, keyList(o, doc.Kind, doc.ID))},
		run: func(ctx context.Context) (Outcome, error) {
			out := Outcome{Before: document(doc.Version, doc.Body)}
			version, err := d.Replace(ctx, doc.ID, doc.Version, body)
			if err != nil {
				return out, asConflict(err)
			}
			out.After = document(version, body)
			out.Text = fmt.Sprintf("saved %s, version %d", doc.ID, version)
			saved := Document{doc.Kind, doc.ID, version, body}
			if undo, err := o.Edit(saved, doc.Text()); err == nil {
				undo.Summary = fmt.Sprintf("take the edit of %s back if it still has version %d", doc.ID, version)
				out.Undo = &undo
			} else {
				out.NoUndo = err.Error()
			}
			return out, nil
		},
	}, nil
}

// Delete plans to remove a document, if it still has the version that was seen.
func (o *Operator) Delete(kind live.Kind, id string, version int64) (Action, error) {
	d, err := o.documents(kind)
	if err != nil {
		return Action{}, conn.Fail("delete", id, err)
	}
	return Action{
		Verb: Delete, Kind: kind, ID: id, Destructive: true,
		Summary:  fmt.Sprintf("delete %s %s if it still has version %d", kind, id, version),
		Commands: []string{fmt.Sprintf("EVALSHA (delete, version %d) %s", version, keyList(o, kind, id))},
		run: func(ctx context.Context) (Outcome, error) {
			body, found, err := d.Load(ctx, id)
			if err != nil {
				return Outcome{}, err
			}
			out := Outcome{Before: document(found, body), NoUndo: "a deleted record is gone; the audit file has its content"}
			if err := d.Remove(ctx, id, version); err != nil {
				return out, asConflict(err)
			}
			out.Text = "deleted " + id
			return out, nil
		},
	}, nil
}

func document(version int64, body []byte) any {
	return map[string]any{"version": version, "body": text(body)}
}

// asConflict marks a lost race as ErrConflict beside the cause.
func asConflict(err error) error {
	if errors.Is(err, conn.ErrPrecondition) {
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return err
}

func keyList(o *Operator, kind live.Kind, id string) string {
	return strings.Join(o.core.Live.Keys(kind, id), " ")
}
