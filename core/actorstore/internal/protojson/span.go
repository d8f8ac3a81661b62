package protojson

// Span is a part of a document, from its first byte to behind its last; empty: there is none.
type Span struct{ From, To int }

// Spanned is Integer that also tells where it stands.
func (s *Scanner) Spanned() (int64, Span) {
	s.Peek()
	from := s.Pos
	return s.Integer(), Span{from, s.Pos}
}

// Put replaces the part by a text in quotes.
func (at Span) Put(doc, text string) string {
	return doc[:at.From] + `"` + text + `"` + doc[at.To:]
}
