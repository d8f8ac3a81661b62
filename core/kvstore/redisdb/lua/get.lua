-- Reads keys; writes nothing and stands alone.
-- KEYS[1] :epoch   KEYS[2...]  the data keys
-- ARGV[1]  the epoch of the handle
-- Returns for each data key its value (nil: none) and when it ends in epoch seconds (0: never).
local call = redis.call
if (call('GET', KEYS[1]) or '0') ~= ARGV[1] then
  return redis.error_reply('STALE the database was restored')
end
local out = {}
for i = 2, #KEYS do
  local value, ts = call('GET', KEYS[i]), 0
  if value then
    ts = ends(KEYS[i])
    value = (ts == 0 or ts > clock()) and value
  end
  out[2 * i - 3], out[2 * i - 2] = value, ts
end
return out
