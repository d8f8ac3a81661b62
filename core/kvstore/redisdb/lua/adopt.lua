-- Does a bounded part of a restore that was decided, and names the keys of the next part, whose data keys must be declared.
-- Anybody may call it, first without data keys; whoever finds a restore unfinished carries it on.
-- KEYS[1] :epoch   KEYS[2] :ix   KEYS[3] :exp   KEYS[4] :load:<token>
-- KEYS[5...]  the data keys that are expected to be dealt with next, in their order
-- ARGV[1]  the epoch as last seen: <number>-<token> while old keys go, <number>+<token> while staged ones come
-- ARGV[2]  'kv:{db}:d:'   ARGV[3]  how many keys to name   ARGV[4]  bytes after which to stop
-- Returns the epoch now, and the keys to be dealt with next.
local call = redis.call
local epoch = call('GET', KEYS[1]) or '0'
local number, way, token = string.match(epoch, '^(%d+)([-+])(.*)$')
if not way then
  return {epoch}
end
local most, room = tonumber(ARGV[3]), tonumber(ARGV[4])
may('SET', KEYS[1], '')
may('UNLINK', KEYS[3])
may('ZREMRANGEBYRANK', KEYS[2], 0, 0)
may('ZADD', KEYS[2], 0, '')
may('LPOP', KEYS[4])

local function expected(i, key)
  return KEYS[i] == ARGV[2] .. string.gsub(key, '[%%{}:*?%[%]\\%c]', function(c) -- as conn.Escape does it
    return string.format('%%%02X', string.byte(c))
  end)
end

if way == '-' then
  local keys = call('ZRANGE', KEYS[2], 0, #KEYS - 5 + most)
  local count = 0
  if epoch == ARGV[1] then
    while count < #KEYS - 4 and keys[count + 1] and expected(5 + count, keys[count + 1]) do
      count = count + 1
      call('UNLINK', KEYS[4 + count])
    end
  end
  if count > 0 then
    call('ZREMRANGEBYRANK', KEYS[2], 0, count - 1)
  end
  local answer, size = {epoch}, 0
  for i = count + 1, math.min(count + most, #keys) do
    if size < room then
      answer[#answer + 1] = keys[i]
      size = size + #keys[i]
    end
  end
  if #answer > 1 then
    return answer
  end
  call('UNLINK', KEYS[3])
  epoch = number .. '+' .. token
  call('SET', KEYS[1], epoch)
elseif epoch == ARGV[1] then
  local now, bytes = tonumber(call('TIME')[1]), 0
  for i = 5, #KEYS do
    local key = call('LINDEX', KEYS[4], 0)
    if bytes >= room or not key or not expected(i, key) then
      break
    end
    local pair = call('LPOP', KEYS[4], 3)
    local value, ts = pair[2], pair[3]
    if ts == '0' then
      call('SET', KEYS[i], value)
      call('ZADD', KEYS[2], 0, key)
    elseif tonumber(ts) > now then
      call('SET', KEYS[i], value, 'PXAT', ts .. '000')
      call('ZADD', KEYS[2], 0, key)
      call('ZADD', KEYS[3], ts, key)
    end
    bytes = bytes + #key + #value
  end
end

local answer, size = {epoch}, 0
for i = 0, most - 1 do
  local key = size < room and call('LINDEX', KEYS[4], 3 * i)
  if not key then
    break
  end
  answer[#answer + 1] = key
  size = size + #key
end
if #answer == 1 then
  call('SET', KEYS[1], number)
  return {number}
end
return answer
