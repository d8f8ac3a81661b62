-- Replaces the value of a record that has a certain version; its lease stays.
-- KEYS[4]  the record
-- ARGV[2]  its key   ARGV[3]  the new value   ARGV[4]  the version it must have
-- Returns the new version as text; 0 if it has another version; -1 if there is none.
local had = redis.call('HMGET', KEYS[4], 'version', 'lease')
if not had[1] then
  return -1
end
local lease = had[2]
if lease and lease ~= '0' and redis.call('EXISTS', base .. 'lease:' .. lease) == 0 then
  gone, result = lease, -1
elseif had[1] ~= ARGV[4] then
  return 0
else
  local version = count()
  redis.call('HSET', KEYS[4], 'value', ARGV[3], 'version', version)
  tell(version .. ':' .. ARGV[2])
  result = version
end
