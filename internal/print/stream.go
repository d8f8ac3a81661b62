package print

import (
	"bufio"
	"iter"
)

// Row is what is written of one row: a value for each field, or its key and why it is unreadable.
type Row struct {
	// Values are string, []byte, integers, float64, bool, time.Time (zero: null), time.Duration (in ms), nil; an error says why
	// the value is not known.
	Values  []any
	Key     string
	Problem error
}

// Stream writes rows one after the other. Nothing arrives before the first of them or the end.
type Stream struct {
	out *bufio.Writer
	encoding
}

// encoding writes rows in one format. It may go through the rows twice, and keeps none.
type encoding interface {
	begin() error
	rows(iter.Seq[Row]) error
	end() error
}

// outSize is as much as a pipe takes at once on Linux.
const outSize = 64 << 10

// Begin starts a stream of rows with these fields.
func (p Printer) Begin(fields ...string) (*Stream, error) {
	s := &Stream{out: bufio.NewWriterSize(p.Out, outSize)}
	switch p.Format {
	case JSON:
		s.encoding = &jsonArray{out: s.out, fields: fields}
	case JSONL:
		s.encoding = jsonLines{s.out, fields}
	case CSV:
		s.encoding = csvRows{p.csv(s.out), fields}
	default:
		s.encoding = &table{out: s.out, fields: fields}
	}
	return s, s.begin()
}

// Rows writes rows, which must be the same whenever they are gone through: a table goes through them for its widths first.
// The columns of a table are aligned in one call.
func (s *Stream) Rows(rows iter.Seq[Row]) error {
	if err := s.rows(rows); err != nil {
		return err
	}
	return s.out.Flush()
}

// End writes what follows the last row.
func (s *Stream) End() error {
	if err := s.end(); err != nil {
		return err
	}
	return s.out.Flush()
}
