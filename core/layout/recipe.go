package layout

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// Sentinels of what is done to rows by hand. Each means that nothing was written, and is a conn.ErrPrecondition, too.
var (
	ErrChanged  = conn.Precondition("it is not as it was seen any more")
	ErrGone     = conn.Precondition("it is gone")
	ErrTaken    = conn.Precondition("it is there again, or somebody else is")
	ErrNever    = conn.Precondition("not by hand")
	ErrNoRecipe = conn.Precondition("its layout does not say how")
	ErrUnseen   = conn.Precondition("what it holds is not known")
	ErrApart    = conn.Precondition("its keys have no hash tag in common, so that no script of a cluster can change both")
)

// Recipe is what a layout lets be done to one row by hand, made of the row as it was seen. It is carried out only if the row
// still is like that. Nothing is sent before Do.
type Recipe struct {
	Layout   string   // its name
	How      string   // as in Release.How or Bump.How; empty: the layout does not say
	Will     string   // what it does, in words; names in it are any bytes
	Then     string   // what happens next, as the layout says it
	Commands []string // what it sends, as one would type it
	Why      error    // why it cannot be done, such as ErrNever; nil: it can

	Destructive bool // something is gone afterwards

	do func(context.Context) (Done, error)
}

// Done is what a recipe did to a row.
type Done struct {
	Before, After map[string]string // what was changed, by name; any bytes
	Undo          *Recipe           // takes it back unless somebody came in meanwhile
	NoUndo        string            // why not, where Undo is nil
}

// Do carries a recipe out, or returns why it cannot be. Its errors are the sentinels of this package, those of the server, and
// transport errors, after which it may have happened.
func (r Recipe) Do(ctx context.Context) (Done, error) {
	if r.Why != nil {
		return Done{}, r.Why
	}
	return r.do(ctx)
}

// Release is how a row of a layout is freed or removed by hand; ok is false for a row that no layout describes.
func (s *Set) Release(view kind.Name, row kind.Row) (r Recipe, ok bool) {
	p, d := s.find(view, row.ID())
	if p == nil {
		return Recipe{}, false
	}
	r.Layout = p.Name
	if p.Release == nil {
		r.Why = fmt.Errorf("layout %s: %w", p.Name, ErrNoRecipe)
		return r, true
	}
	r.How, r.Then, r.Destructive = p.Release.How, p.Release.Then, true
	switch {
	case r.How == "never":
		r.Why = fmt.Errorf("layout %s: %w: %s", p.Name, ErrNever, p.Release.Because)
	case row.Schema() != p.schema:
		r.Why = ErrUnseen // a row of another Set
	case row.Bad():
		r.Why = fmt.Errorf("%w: %w", ErrUnseen, row.Problem())
	case r.How == "compare-and-delete":
		p.releaseString(s, &r, d, row)
	case r.How == "delete-field":
		p.releaseField(s, &r, d, row)
	default:
		p.releaseMember(s, &r, d, row)
	}
	return r, true
}

// Of is the layout that a row of a view belongs to, as it is declared.
func (s *Set) Of(view kind.Name, id string) (l Layout, ok bool) {
	p, _ := s.find(view, id)
	if p == nil {
		return Layout{}, false
	}
	return p.Layout, true
}

// find is the layout of a row, with its key and member.
func (s *Set) find(view kind.Name, id string) (*plan, *draft) {
	source := s.views[view]
	if source == nil {
		return nil, nil
	}
	p := source.rowOf(id)
	if p == nil {
		return nil, nil
	}
	key, member, _ := p.keyOf(id)
	if claimed, _ := source.planOf(key); claimed != p { // its keys but not its own
		return nil, nil
	}
	parts, _ := p.keys[0].match(key)
	return p, &draft{id: id, parts: parts, keys: p.keysOf(parts), member: member}
}

// told is the channel that is told, and what; empty where nobody is.
func (p *plan) told(d *draft) (channel, message string) {
	if p.publish != nil {
		channel, _ = p.publish.fill(p.lookup(d))
	}
	if channel != "" && p.message != nil {
		message, _ = p.message.fill(p.lookup(d))
	}
	return channel, message
}

// spelled is the sending of a script as one would type it, with the channel that it tells.
func spelled(name, channel, message string, args ...any) []string {
	if channel != "" {
		args = append(args, channel, message)
	}
	return []string{conn.Spell(append([]any{"EVALSHA", "(" + name + ")"}, args...))}
}

// holds is the stored text of a row, which one of its columns shows as it is.
func (p *plan) holds(row kind.Row) (string, error) {
	h := p.columns[p.whole].handle
	if err := h.Err(row); err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnseen, err)
	}
	if h.Type() == kind.TypeBytes {
		return kind.Bytes{Column: h}.Text(row), nil
	}
	return kind.Text{Column: h}.Of(row), nil
}

// asSeen tells whether the stored value of a member makes those columns of its row that were seen.
func (p *plan) asSeen(row kind.Row, raw string) error {
	b := p.schema.Builder(1)
	b.Row(row.ID())
	for i := range p.columns {
		if col := &p.columns[i]; p.ofMember(col) {
			if value, found, err := col.refine(raw); err == nil && found {
				_ = col.set(b, value) // then it is another one than was seen
			}
		}
	}
	now := b.Rows()[0]
	for i := range p.columns {
		if col := &p.columns[i]; p.ofMember(col) {
			if err := col.handle.Err(row); err != nil {
				return fmt.Errorf("%w: %w", ErrUnseen, err)
			}
			if fmt.Sprint(col.handle.Value(row)) != fmt.Sprint(col.handle.Value(now)) {
				return ErrChanged
			}
		}
	}
	return nil
}

// ofMember tells whether a column shows the value of the field that a row is, or the score of the member.
func (p *plan) ofMember(col *column) bool {
	return !col.hidden && p.spread && col.key == nil && col.member == nil && (col.From == "value" || col.From == "score")
}

// verdict is what a script says: 1 done, 0 changed, -1 gone.
func verdict(code int64, err error) error {
	switch {
	case err != nil && strings.Contains(err.Error(), "WRONGTYPE"):
		return fmt.Errorf("%w: its key has another type now", ErrChanged)
	case err != nil:
		return err
	case code == 0:
		return ErrChanged
	case code < 0:
		return ErrGone
	}
	return nil
}

var errAnswer = errors.New("an unexpected answer of a script")
