-- Adds a record that does not exist.
-- KEYS[3]  :ix   KEYS[4]  the record   KEYS[5]  :lk of its lease, if it has one
-- ARGV[2]  its key   ARGV[3]  its value   ARGV[4]  the id of its lease, '0' for none
-- Returns the version as text; '=' and the version of one that exists; -1 if the lease is gone.
local ix, rec, lk, key, lease = KEYS[3], KEYS[4], KEYS[5], ARGV[2], ARGV[4]
if redis.call('HLEN', rec) > 0 then
  local had = redis.call('HMGET', rec, 'version', 'lease')
  if not had[1] then
    return redis.error_reply('NOTRECORD the key holds a foreign hash')
  end
  if not dead(had[2]) then
    return '=' .. had[1]
  end
end
if lk then
  if dead(lease) then
    return -1
  end
  redis.call('SCARD', lk) -- refuses another type
  may('SADD', lk, key)
end
redis.call('ZCARD', ix) -- refuses another type
may('ZADD', ix, '0', key)
may('HSET', rec, 'value', '')

-- The record comes last: without it the others are out of sight.
local version = count()
if lk then
  redis.call('SADD', lk, key)
end
redis.call('ZADD', ix, '0', key)
-- Of a record that it replaces nothing is left: all have these fields. The sweep of its lease finds that the key has gone to
-- another. It is not deleted first, because while a slot moves a script loses the right to a key that it has deleted.
redis.call('HSET', rec, 'value', ARGV[3], 'version', version, 'lease', lease)
tell(version .. ':' .. key)
return done(version)
