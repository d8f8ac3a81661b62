-- Does a bounded part of a restore that was decided. Anybody may call it; whoever finds it unfinished carries it on.
-- KEYS[1] :epoch   KEYS[2] :ix   KEYS[3] :exp   KEYS[4] :load:<token>
-- ARGV[1]  the epoch as last seen: <number>-<token> while old keys go, <number>+<token> while staged ones come
-- ARGV[2]  'kv:{db}:d:'; the data keys carry the hash tag of KEYS[1], so the same node serves them
-- ARGV[3]  pairs to move   ARGV[4]  bytes after which to stop
-- Returns the epoch now.
local epoch = redis.call('GET', KEYS[1]) or '0'
if epoch ~= ARGV[1] then
  return epoch
end
local function data(key)
  local escaped = string.gsub(key, '[%%{}:*?%[%]\\%c]', function(c) -- as conn.Escape does it
    return string.format('%%%02X', string.byte(c))
  end)
  return ARGV[2] .. escaped
end
local number, token = string.match(epoch, '^(%d+)[-+](.*)$')

if string.find(epoch, '-', 1, true) then
  local keys = redis.call('ZRANGE', KEYS[2], 0, ARGV[3] - 1)
  for _, key in ipairs(keys) do
    redis.call('UNLINK', data(key))
  end
  if #keys > 0 then
    redis.call('ZREMRANGEBYRANK', KEYS[2], 0, #keys - 1)
    return epoch
  end
  redis.call('UNLINK', KEYS[3])
  epoch = number .. '+' .. token
  redis.call('SET', KEYS[1], epoch)
  return epoch
end

local now, bytes, room = tonumber(redis.call('TIME')[1]), 0, tonumber(ARGV[4])
for _ = 1, tonumber(ARGV[3]) do
  local pair = redis.call('LPOP', KEYS[4], 3)
  if not pair or #pair == 0 then
    redis.call('SET', KEYS[1], number)
    return number
  end
  local key, value, ts = pair[1], pair[2], pair[3]
  if ts == '0' then
    redis.call('SET', data(key), value)
    redis.call('ZADD', KEYS[2], 0, key)
  elseif tonumber(ts) > now then
    redis.call('SET', data(key), value, 'PXAT', ts .. '000')
    redis.call('ZADD', KEYS[2], 0, key)
    redis.call('ZADD', KEYS[3], ts, key)
  end
  bytes = bytes + #key + #value
  if bytes >= room then
    return epoch
  end
end
return epoch
