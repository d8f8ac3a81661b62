package layout

import (
	"slices"

	"holdfast/core/kind"
)

const notWhole = "%s needs a column that shows the value as it is stored (from = \"value\" and nothing else, a text): what was seen is compared"

// isWhole tells whether a column shows the stored text of a string as it is.
func (c *compiler) isWhole(col column) bool {
	if col.hidden || col.From != "value" || col.key != nil || len(col.Decode)+len(col.Words) > 0 || col.pointer != nil || col.pattern != nil {
		return false
	}
	typ := col.handle.Type()
	return typ == kind.TypeText || typ == kind.TypeWord || typ == kind.TypeBytes
}

// checkActions checks what can be done by hand.
func (c *compiler) checkActions() (err error) {
	parts := append(c.keys[0].parts(), "key")
	c.whole = slices.IndexFunc(c.columns, c.isWhole)
	if r := c.Release; r != nil {
		if err := oneOf(r.How, releases); err != nil {
			return wrong(err, "release", "how")
		}
		fits := map[string]bool{
			"compare-and-delete": c.Type == "string" && !c.spread, "delete-field": c.Rows == "field", "remove-member": c.Rows == "member", "never": true,
		}
		if !fits[r.How] {
			return wrongf([]any{"release", "how"}, "%s does not fit rows that are a %s of a %s", r.How, c.Rows, c.Type)
		}
		if r.How == "never" && r.Because == "" {
			return wrongf([]any{"release"}, "never needs because: the reason that the screen gives")
		}
		if r.How == "compare-and-delete" && c.whole < 0 {
			return wrongf([]any{"release", "how"}, notWhole, r.How)
		}
		if r.Publish != "" {
			if c.publish, err = c.template(r.Publish, parts); err != nil {
				return wrong(err, "release", "publish")
			}
		}
		if r.Message != "" {
			if c.message, err = c.template(r.Message, parts); err != nil {
				return wrong(err, "release", "message")
			}
		}
		for i, f := range r.WithLast {
			if r.How != "delete-field" || !slices.Contains(c.Skip, f) {
				return wrongf([]any{"release", "with-last", i}, "with-last is of delete-field, and of fields that are no rows: write %q under skip, too", f)
			}
		}
	}
	if b := c.Bump; b != nil {
		if err := oneOf(b.How, []string{"new-fence"}); err != nil {
			return wrong(err, "bump", "how")
		}
		if c.Type != "string" || c.spread {
			return wrongf([]any{"bump", "how"}, "only a string key can be bumped")
		}
		if b.Length < 8 || b.Length > 64 || b.Length%2 != 0 {
			return wrongf([]any{"bump", "length"}, "%d is out of bounds: an even number from 8 to 64", b.Length)
		}
		if c.whole < 0 {
			return wrongf([]any{"bump", "how"}, notWhole, b.How)
		}
		if b.Delete != "" {
			if c.drop, err = c.template(b.Delete, parts); err != nil {
				return wrong(err, "bump", "delete")
			}
		}
	}
	if c.Edit != "" {
		switch {
		case c.spread:
			return wrongf([]any{"edit"}, "a %s cannot be edited: rows that are a key can", c.Rows)
		case c.Type == "string" && c.Edit != "value":
			return wrongf([]any{"edit"}, `of a string, edit is "value"`)
		case c.Type != "string" && c.Type != "hash":
			return wrongf([]any{"edit"}, "a %s cannot be edited", c.Type)
		}
	}
	if c.Version != "" && (c.Edit == "" || c.Type != "hash") {
		return wrongf([]any{"version"}, "version is of an edited hash")
	}
	return nil
}
