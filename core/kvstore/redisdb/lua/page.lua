-- Reads a page of a database in the order of its keys; writes nothing and stands alone.
-- KEYS[1] :epoch   KEYS[2] :seq   KEYS[3] :ix   KEYS[4] :exp
-- ARGV[1]  the epoch of the handle, '*' for whichever it is   ARGV[2]  'kv:{db}:d:'
-- ARGV[3], ARGV[4]  where the page begins and ends, as ZRANGEBYLEX takes it
-- ARGV[5]  how many keys of the index to look at   ARGV[6]  bytes after which the page ends
-- Returns the change number, the last key looked at (nil: the end was reached), and then for each pair its key, its value
-- and when it ends in epoch seconds (0: never).
local epoch = redis.call('GET', KEYS[1]) or '0'
if ARGV[1] == '*' and string.find(epoch, '[-+]') then
  return redis.error_reply('RESTORING the database is being restored')
end
if ARGV[1] ~= '*' and epoch ~= ARGV[1] then
  return redis.error_reply('STALE the database was restored')
end
local now = tonumber(redis.call('TIME')[1])
local out, n, bytes, last = {redis.call('GET', KEYS[2]) or '0', false}, 2, 0, false
local most, room = tonumber(ARGV[5]), tonumber(ARGV[6])
local expiring = redis.call('ZCARD', KEYS[4]) > 0
local keys = redis.call('ZRANGEBYLEX', KEYS[3], ARGV[3], ARGV[4], 'LIMIT', 0, most)
local odd = string.find(table.concat(keys), '[%%{}:*?%[%]\\%c]') -- else no key of the page has what must be encoded
for i, key in ipairs(keys) do
  local data = key
  if odd then
    data = string.gsub(key, '[%%{}:*?%[%]\\%c]', function(c) -- as conn.Escape does it
      return string.format('%%%02X', string.byte(c))
    end)
  end
  data = ARGV[2] .. data
  local value = redis.call('GET', data)
  local ts = 0
  if value and expiring then
    local ms = redis.call('PEXPIRETIME', data)
    ts = ms > 0 and math.floor((ms + 500) / 1000) or 0
    value = (ts == 0 or ts > now) and value
  end
  if value then
    out[n + 1], out[n + 2], out[n + 3] = key, value, ts
    n = n + 3
    bytes = bytes + #key + #value
  end
  if bytes >= room then
    last = key
    break
  end
end
if not last and #keys == most then
  last = keys[most]
end
out[2] = last
return out
