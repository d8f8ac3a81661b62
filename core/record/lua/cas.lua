-- Replaces the value of a record that has a certain version; its lease stays.
-- KEYS[3]  the record
-- ARGV[2]  its key   ARGV[3]  the new value   ARGV[4]  the version it must have
-- Returns the new version as text; 0 if it has another version; -1 if there is none.
local rec = KEYS[3]
local had = redis.call('HMGET', rec, 'version', 'lease')
if not had[1] then
  return -1
end
if dead(had[2]) then
  return done(-1)
end
if had[1] ~= ARGV[4] then
  return 0
end
may('HSET', rec, 'value', '')

local version = count()
redis.call('HSET', rec, 'value', ARGV[3], 'version', version)
tell(version .. ':' .. ARGV[2])
return done(version)
