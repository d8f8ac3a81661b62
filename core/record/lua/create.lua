-- Adds a record that does not exist.
-- KEYS[4]  the record      KEYS[5], KEYS[6]  :lease and :lk of its lease, if it has one
-- ARGV[2]  its key   ARGV[3]  its value   ARGV[4]  the id of its lease, '0' for none
-- Returns the version as text; {the version} that exists; -1 if the lease is gone.
local rec, key, lease = KEYS[4], ARGV[2], ARGV[4]
local former
if redis.call('HLEN', rec) > 0 then
  local had = redis.call('HMGET', rec, 'version', 'lease')
  if not had[1] then
    return redis.error_reply('NOTRECORD the key holds a foreign hash')
  end
  former = had[2]
  if not former or former == '0' or redis.call('EXISTS', base .. 'lease:' .. former) == 1 then
    return {had[1]}
  end
end
if lease ~= '0' then
  if redis.call('EXISTS', KEYS[5]) == 0 then
    return -1
  end
  redis.call('SCARD', KEYS[6]) -- refuses another type
end
redis.call('ZCARD', ix) -- refuses another type
local version = count()
if former then
  redis.call('DEL', rec)
  redis.pcall('SREM', base .. 'lk:' .. former, key)
end
redis.call('HSET', rec, 'value', ARGV[3], 'version', version, 'lease', lease)
redis.call('ZADD', ix, 0, key)
if lease ~= '0' then
  redis.call('SADD', KEYS[6], key)
end
tell(version .. ':' .. key)
result = version
