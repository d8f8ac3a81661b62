package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"holdfast/core"
	"holdfast/core/conn"
	"holdfast/core/files"
	"holdfast/core/kind"
	"holdfast/core/operate"
	"holdfast/internal/cli/internal/lookup"
	"holdfast/tui/view"
	"holdfast/views"
)

func editCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use: "edit VIEW KEY --file F", GroupID: act, Args: arguments(2, 2), ValidArgsFunction: o.completeArgs(words(editable()), o.keysOf("")),
		Short: "replace a document by compare-and-set",
		Long: "Replace a document by compare-and-set; binary as base64. A text with another version than the stored one is refused. With\n" +
			"kv DB:KEY it replaces the value of a pair in a KV database and keeps its expiry.",
	}
	file := c.Flags().String("file", "", "the new document; - reads standard input")
	empty := c.Flags().Bool("allow-empty", false, "accept an empty --file")
	o.serverFlags(c)
	o.readingFlags(c)
	o.actingFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error { return o.edit(cmd, args, *file, *empty) }
	return c
}

// editable are the views whose rows can be edited.
func editable() (names []string) {
	for _, v := range views.All() {
		edited := slices.ContainsFunc(v.Actions, func(a view.Action) bool { return a.Edit })
		if v.Name == "kv" || edited && v.Parent == "" {
			names = append(names, v.Name)
		}
	}
	return names
}

func (o options) edit(cmd *cobra.Command, args []string, file string, empty bool) error {
	ctx := cmd.Context()
	of, name := kind.Name("pairs"), lookup.Pair // of `edit kv`: a pair, not a database
	if args[0] != "kv" {
		if err := o.checkView(args[0]); err != nil {
			return err
		}
		v, ok := views.All().Named(args[0])
		if !ok || !slices.ContainsFunc(v.Actions, func(a view.Action) bool { return a.Edit }) {
			return fmt.Errorf("%w: %s cannot be edited", errUsage, args[0])
		}
		of, name = v.Kind, func(ctx context.Context, c *core.Core, key string) (string, error) {
			row, err := lookup.Row(ctx, c, v.Kind, key)
			if err != nil {
				return key, err
			}
			return row.ID(), nil
		}
	}
	if file == "" {
		return fmt.Errorf("%w: edit needs --file", errUsage)
	}
	text, err := readDocument(ctx, file)
	if err != nil {
		return fmt.Errorf("--file: %w", err)
	}
	if len(bytes.TrimSpace(text)) == 0 && !empty {
		return fmt.Errorf("edit %s: --file %s: %w", args[1], file, errEmpty)
	}
	return o.act(cmd, func(c *core.Core, op *operate.Operator) (operate.Action, error) {
		id, err := name(ctx, c, args[1])
		if conn.Unreachable(err) || errors.Is(err, lookup.ErrAmbiguous) && !op.ReadOnly() {
			return operate.Action{}, err
		} // of what is not there, the action tells: a read-only operator refuses first
		return op.Save(of, id, string(text))
	})
}

// errEmpty refuses what may have been cut off.
var errEmpty = conn.Precondition("the text is empty; to save it anyway, add --allow-empty")

// maxDocument is what a Redis value can hold.
const maxDocument = 512 << 20

func readDocument(ctx context.Context, path string) ([]byte, error) {
	if path == "-" {
		return files.ReadAll(ctx, os.Stdin, maxDocument)
	}
	return files.Read(ctx, path, maxDocument)
}
