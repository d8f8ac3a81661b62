package print

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"holdfast/core/live"
	"holdfast/internal/text"
)

// Whole writes one row with all that is known of it: its fields, its content, its raw keys and the documents that it names.
// Of one that is too large to be read unasked, whose fields nobody has read, its key stands for them. unread is why the
// content is not known; nil where it is.
func (p Printer) Whole(fields []string, r Row, d live.Detail, unread error) error {
	out := bufio.NewWriterSize(p.Out, outSize)
	w := whole{Detail: d, head: object{{"key", plain(r.Key)}}, content: plain(d.Body), unread: unread}
	if r.Problem == nil {
		w.head = r.object(fields)
	}
	keys := make([]any, len(d.Keys))
	for i, k := range d.Keys {
		if keys[i] = plain(k.Name); k.Type == "" {
			w.untyped = k.Problem
		}
	}
	w.keys = keys
	w.head = w.head.because(unread).because(w.untyped)
	if unread != nil {
		w.content = notKnown{}
	}
	if w.untyped != nil {
		w.keys = notKnown{}
	}
	var err error
	switch p.Format {
	case Table:
		err = w.table(out)
	case CSV:
		err = w.csv(p.csv(out))
	default:
		err = w.json(out)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// whole is a row with its detail.
type whole struct {
	live.Detail
	head    object
	content any // as text
	unread  error
	keys    any
	untyped error // why it is not known which of the keys are there
}

func (w whole) json(out io.Writer) error {
	body := content(w.Body)
	if w.unread != nil {
		body = w.content
	}
	o := append(slices.Clip(w.head), member{"content", body}, member{"raw_keys", w.keys})
	if len(w.Related) > 0 {
		related := make([]object, len(w.Related))
		for i, doc := range w.Related {
			related[i] = object{{"key", plain(doc.Key)}, {"content", content(doc.Body)}}
			if doc.Problem != nil {
				related[i] = object{{"key", plain(doc.Key)}, {"error", doc.Problem.Error()}}
			}
		}
		o = append(o, member{"related", related})
	}
	b, err := o.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", b)
	return err
}

func (w whole) table(out io.Writer) error {
	tw := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, m := range w.head {
		fmt.Fprintf(tw, "%s\t%s\n", m.name, m.shown())
	}
	for _, k := range w.Keys {
		fmt.Fprintf(tw, "raw key\t%s %s\n", text.Clean(k.Name), text.Clean(cmp.Or(k.Type, notKnownText)))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	content := member{value: w.content}.cell()
	if w.unread != nil {
		content = notKnownText
	}
	_, err := fmt.Fprintf(out, "\n%s\n", text.CleanLines(content))
	for _, doc := range w.Related {
		body := member{value: plain(doc.Body)}.cell()
		if doc.Problem != nil {
			body = "unreadable: " + doc.Problem.Error()
		}
		if err == nil {
			_, err = fmt.Fprintf(out, "\n%s\n%s\n", text.Clean(doc.Key), text.CleanLines(body))
		}
	}
	return err
}

func (w whole) csv(out csvOut) error {
	for _, m := range append(slices.Clip(w.head), member{"content", w.content}) {
		if err := out.write(m.name, out.cell(m)); err != nil {
			return err
		}
	}
	return out.flush()
}
