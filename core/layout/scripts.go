package layout

import (
	_ "embed"

	"holdfast/core/conn"
)

// What changes rows by hand: one script each, which checks what was seen before its first write.

var (
	//go:embed lua/release_string.lua
	releaseStringLua string
	//go:embed lua/release_field.lua
	releaseFieldLua string
	//go:embed lua/release_member.lua
	releaseMemberLua string
	//go:embed lua/put_field.lua
	putFieldLua string
	//go:embed lua/put_member.lua
	putMemberLua string
	//go:embed lua/fence.lua
	fenceLua string

	releaseStringScript = conn.NewScript(releaseStringLua)
	releaseFieldScript  = conn.NewScript(releaseFieldLua)
	releaseMemberScript = conn.NewScript(releaseMemberLua)
	putFieldScript      = conn.NewScript(putFieldLua)
	putMemberScript     = conn.NewScript(putMemberLua)
	fenceScript         = conn.NewScript(fenceLua)
)
