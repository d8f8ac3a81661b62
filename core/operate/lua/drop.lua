-- KEYS[1]: any key. ARGV[1], ARGV[2]: as for look.lua; ARGV[3]: its type and ARGV[4]: its digest as they were seen.
-- Returns 1 if the key was that and is deleted, else 0.
may('UNLINK', KEYS[1])
local kind, _, digest = seal(KEYS[1], ARGV[1], ARGV[2])
if kind ~= ARGV[3] or digest ~= ARGV[4] then return 0 end
return redis.call('UNLINK', KEYS[1])
