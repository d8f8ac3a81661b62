-- Stands after every script that writes: takes the next number, logs the change and applies its effects.
--
-- A change is an entry <number>-0 of the stream with one field, c: for each effect 'p' or 'd', the expiry, a space, the
-- length of the key, a space, the length of the value, a space, the key, the value. All numbers are decimal.
local record
if effects == 1 then
  record = ARGV[4] .. (keep or ARGV[5]) .. ' ' .. #ARGV[6] .. ' ' .. #ARGV[7] .. ' ' .. ARGV[6] .. ARGV[7]
else
  local chunks, parts, n = {}, {}, 0
  for a = 4, more, 4 do
    local key, value = ARGV[a + 2], ARGV[a + 3]
    parts[n + 1] = ARGV[a] .. ARGV[a + 1] .. ' ' .. #key .. ' ' .. #value .. ' '
    parts[n + 2], parts[n + 3] = key, value
    n = n + 3
    if n == 96 then -- some servers' Lua puts no long table together
      chunks[#chunks + 1] = table.concat(parts)
      parts, n = {}, 0
    end
  end
  chunks[#chunks + 1] = table.concat(parts)
  record = table.concat(chunks)
end

-- The counter comes first, because XADD needs its number; it goes back if the stream refuses.
local id = redis.call('INCR', seq)
id = id < 1e14 and id .. '-0' or string.format('%.0f-0', id)
local added
if ARGV[2] == '0' then
  added = redis.pcall('XADD', log, id, 'c', record)
else
  added = redis.pcall('XADD', log, 'MAXLEN', '~', ARGV[2], id, 'c', record)
end
if type(added) == 'table' then
  redis.call('DECR', seq)
  return added
end
if master then
  redis.call('SET', KEYS[6], master)
end

for i = 1, effects do
  local a = 4 * i
  local data, ts, key = KEYS[6 + i], keep or ARGV[a + 1], ARGV[a + 2]
  if ARGV[a] == 'd' or (ts ~= '0' and tonumber(ts) <= clock()) then
    redis.call('UNLINK', data)
    redis.call('ZREM', ix, key)
    if expiring > 0 then
      redis.call('ZREM', exp, key)
    end
  elseif ts == '0' then
    redis.call('SET', data, ARGV[a + 3])
    if filled == 0 or effects > 1 then -- else it was there, and so is its place in the index
      redis.call('ZADD', ix, 0, key)
    end
    if expiring > 0 then
      redis.call('ZREM', exp, key)
    end
  else
    redis.call('SET', data, ARGV[a + 3], 'PXAT', ts .. '000')
    redis.call('ZADD', ix, 0, key)
    redis.call('ZADD', exp, ts, key)
    expiring = expiring + 1
  end
end

-- What expired leaves its place in the index, a few at a time. Which keys these are is only known here, so their names
-- are built from ARGV[3]; that is safe in a cluster: they carry the hash tag of KEYS[1].
if expiring > 0 then
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', exp, '-inf', '(' .. clock(), 'LIMIT', 0, 16)) do
    local escaped = string.gsub(key, '[%%{}:*?%[%]\\%c]', function(c) -- as conn.Escape does it
      return string.format('%%%02X', string.byte(c))
    end)
    if redis.call('EXISTS', base .. escaped) == 0 then
      redis.call('ZREM', ix, key)
    end
    redis.call('ZREM', exp, key)
  end
end
return 1
