-- Reads keys; writes nothing and stands alone.
-- KEYS[1] :epoch   KEYS[2...]  the data keys
-- ARGV[1]  the epoch of the handle
-- Returns for each data key its value (nil: none) and when it ends in epoch seconds (0: never).
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then
  return redis.error_reply('STALE the database was restored')
end
local out, now = {}, nil
for i = 2, #KEYS do
  local value, ts = redis.call('GET', KEYS[i]), 0
  if value then
    local ms = redis.call('PEXPIRETIME', KEYS[i])
    if ms > 0 then
      now = now or tonumber(redis.call('TIME')[1])
      ts = math.floor((ms + 500) / 1000)
      value = ts > now and value
    end
  end
  out[2 * i - 3], out[2 * i - 2] = value, ts
end
return out
