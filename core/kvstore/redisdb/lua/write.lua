-- Stands after every script that writes: takes the next number, logs the change and applies its effects.
--
-- A change is an entry <number>-0 of the stream with one field, c: for each effect 'p' or 'd', the expiry, a space, the
-- length of the key, a space, the length of the value, a space, the key, the value. All numbers are decimal.
local record, plain -- plain: a put of one pair without expiry, as most are
if effects == 1 then
  local head = ARGV[3]
  if keep then
    head = string.gsub(head, '^p%d+', 'p' .. keep)
  end
  plain = string.sub(head, 1, 3) == 'p0 '
  record = head .. ARGV[4] .. ARGV[5]
else
  local chunks = {}
  for a = 3, more, 96 do -- some servers' Lua puts no long table together
    chunks[#chunks + 1] = table.concat(ARGV, '', a, math.min(a + 95, more))
  end
  record = table.concat(chunks)
end

-- What is written before the stream has accepted the change is taken back if it does not: XADD needs the number that
-- INCR gives, and a new key takes its place in the index first, which is the check of the index' type.
local placed = 0
if plain and filled == 0 then
  placed = call('ZADD', ix, 0, ARGV[4])
else
  call('ZCARD', ix)
end
local id, added = redis.pcall('INCR', seq)
if type(id) == 'number' then
  id = id < 1e14 and id .. '-0' or string.format('%.0f-0', id)
  if ARGV[2] == '0' then
    added = redis.pcall('XADD', log, id, 'c', record)
  else
    added = redis.pcall('XADD', log, 'MAXLEN', '~', ARGV[2], id, 'c', record)
  end
  if type(added) == 'table' then
    call('DECR', seq)
  end
else
  added = id
end
if type(added) == 'table' then
  if placed == 1 then
    call('ZREM', ix, ARGV[4])
  end
  return added
end
if master then
  call('SET', KEYS[6 + effects], master)
end

if plain then
  call('SET', KEYS[6], ARGV[5])
  if expiring > 0 then
    call('ZREM', exp, ARGV[4])
  end
else
  for i = 1, effects do
    local a = 3 * i
    local data, key = KEYS[5 + i], ARGV[a + 1]
    local kind, ts = string.match(ARGV[a], '^(.)(%d+) ')
    ts = keep or ts
    if kind == 'd' or (ts ~= '0' and tonumber(ts) <= clock()) then
      call('UNLINK', data)
      call('ZREM', ix, key)
      if expiring > 0 then
        call('ZREM', exp, key)
      end
    elseif ts == '0' then
      call('SET', data, ARGV[a + 2])
      call('ZADD', ix, 0, key)
      if expiring > 0 then
        call('ZREM', exp, key)
      end
    else
      call('SET', data, ARGV[a + 2], 'PXAT', ts .. '000')
      call('ZADD', ix, 0, key)
      call('ZADD', exp, ts, key)
      expiring = expiring + 1
    end
  end
end

-- What expired leaves its place in the index, a few at a time. Which keys these are is only known here, so their names
-- are built from KEYS[1]; that is safe in a cluster: they carry its hash tag.
if expiring > 0 then
  for _, key in ipairs(call('ZRANGEBYSCORE', exp, '-inf', '(' .. clock(), 'LIMIT', 0, 16)) do
    local escaped = string.gsub(key, '[%%{}:*?%[%]\\%c]', function(c) -- as conn.Escape does it
      return string.format('%%%02X', string.byte(c))
    end)
    if call('EXISTS', string.sub(KEYS[1], 1, -6) .. 'd:' .. escaped) == 0 then
      call('ZREM', ix, key)
    end
    call('ZREM', exp, key)
  end
end
return 1
