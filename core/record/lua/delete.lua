-- Removes a record.
-- KEYS[4]  the record
-- ARGV[2]  its key   ARGV[3]  the version it must have, '' for any
-- Returns 1; 0 if it has another version; -1 if there is none.
local had = redis.call('HMGET', KEYS[4], 'version', 'lease')
if not had[1] then
  return -1
end
local lease = had[2]
if lease and lease ~= '0' and redis.call('EXISTS', base .. 'lease:' .. lease) == 0 then
  gone, result = lease, -1
elseif ARGV[3] ~= '' and had[1] ~= ARGV[3] then
  return 0
else
  local version = count()
  redis.call('DEL', KEYS[4])
  redis.pcall('ZREM', ix, ARGV[2]) -- an index of another type holds nothing of ours
  if lease and lease ~= '0' then
    redis.pcall('SREM', base .. 'lk:' .. lease, ARGV[2])
  end
  tell(version .. ':' .. ARGV[2])
  result = 1
end
