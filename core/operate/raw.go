package operate

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// Rows that no primitive can read are looked into as the keys that they are, and deleted only as they were seen.

var (
	//go:embed lua/seal.lua
	sealLua string
	//go:embed lua/look.lua
	lookLua string
	//go:embed lua/drop.lua
	dropLua string

	lookScript = conn.NewScript(sealLua + lookLua)
	dropScript = conn.NewScript(sealLua + dropLua)
)

// What is sealed and shown of a key at most: the server is busy with it meanwhile.
const (
	maxSealed      = 100_000  // elements
	maxSealedBytes = 16 << 20 // of a string
	rawElements    = 20
	rawBytes       = 200 // of each element
)

// Raw is a key as it is stored.
type Raw struct {
	Key, Type string
	Size      int64    // elements; bytes of a string
	Head      []string // the first elements, cut: of a hash and a sorted set in pairs, of a stream with their IDs
	digest    string   // of all; empty where that would be too much
}

// errGone answers a look at a row of which no key is left.
var errGone = errors.New("none of its keys exist")

// Look reads the beginning of the first key of a row that is there. It writes nothing, and is for readers, too.
func (o *Operator) Look(ctx context.Context, of kind.Name, id string) (Raw, error) {
	for _, key := range o.core.Live.Keys(of, id) {
		got, err := lookScript.Read(ctx, o.core.Conn, []string{key}, maxSealed, maxSealedBytes, rawElements, rawBytes).StringSlice()
		if err != nil {
			return Raw{}, conn.Fail("look", key, err)
		}
		if len(got) < 3 || got[0] == "none" {
			continue
		}
		size, _ := strconv.ParseInt(got[1], 10, 64)
		return Raw{Key: key, Type: got[0], Size: size, Head: got[3:], digest: got[2]}, nil
	}
	return Raw{}, conn.Fail("look", id, errGone)
}

// DeleteRaw plans to delete the key of a row that cannot be read, if it still holds what was seen.
func (o *Operator) DeleteRaw(of kind.Name, id string, seen Raw) (Action, error) {
	if seen.digest == "" {
		return Action{}, conn.Fail("delete", seen.Key, fmt.Errorf("a %s of %d cannot be checked to be still as it was seen", seen.Type, seen.Size))
	}
	return Action{
		Verb: Delete, Kind: of, ID: id, Destructive: true,
		Summary:  fmt.Sprintf("delete the key %s, an unreadable %s, if it still holds what is seen", seen.Key, seen.Type),
		Commands: []string{conn.Spell([]any{"EVALSHA", "(delete as seen)", seen.Key, seen.Type, seen.digest})},
		run: func(ctx context.Context) (Outcome, error) {
			out := Outcome{Before: seen.told()}
			n, err := dropScript.Run(ctx, o.core.Conn, []string{seen.Key}, maxSealed, maxSealedBytes, seen.Type, seen.digest).Int()
			switch {
			case err != nil:
				return out, err
			case n == 0:
				return out, fmt.Errorf("%w: it does not hold what was seen", ErrConflict)
			}
			out.Text, out.NoUndo = "deleted "+seen.Key, "what was deleted could not be read"
			return out, nil
		},
	}, nil
}

// told is the key as the trail shows it.
func (r Raw) told() any {
	head := make([]any, len(r.Head))
	for i, one := range r.Head {
		head[i] = text([]byte(one))
	}
	return map[string]any{"key": text([]byte(r.Key)), "type": r.Type, "size": r.Size, "head": head}
}
