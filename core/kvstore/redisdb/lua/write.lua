-- Stands after every script that writes: takes the next number, logs the change and applies its effects.
-- Returns 1; if pairs have expired an array: 1, keys to name with the next write.
--
-- A change is an entry <number>-0 of the stream with one field, c: for each effect 'p' or 'd', the expiry, a space, the
-- length of the key, a space, the length of the value, a space, the key, the value. All numbers are decimal.
local record, plain -- plain: a put of one pair without expiry, as most are
if effects == 1 then
  local head = ARGV[5]
  if keep then
    head = string.gsub(head, '^p%d+', 'p' .. keep)
  end
  plain = string.sub(head, 1, 3) == 'p0 '
  record = head .. ARGV[6] .. ARGV[7]
else
  local chunks = {}
  for a = 5, more, 96 do -- some servers' Lua puts no long table together
    chunks[#chunks + 1] = table.concat(ARGV, '', a, math.min(a + 95, more))
  end
  record = table.concat(chunks)
end

local last = call('GET', seq) or '0'
if not string.find(last, '^%d+$') then
  return redis.error_reply('ERR the number of the last change is no number')
end
local number = string.format('%.0f', tonumber(last) + 1)
local history
if last == '0' then
  clock()
  history = ARGV[3] .. '-' .. time[1] .. '.' .. time[2]
end

-- todo has for each effect the expiry of the pair to put; false if there is one to take away.
local todo, puts, leaves = nil, plain, expiring > 0 -- leaves: something leaves a sorted set
if not plain then
  todo = {}
  for i = 1, effects do
    local kind, ts = string.match(ARGV[3 * i + 2], '^(.)(%d+) ')
    ts = keep or ts
    todo[i] = kind == 'p' and (ts == '0' or tonumber(ts) > clock()) and ts
    puts = puts or todo[i]
    leaves = leaves or todo[i] ~= '0'
  end
end

-- What is refused is refused here: rights, and types by whoever reads.
local placed = not plain or filled == 0 -- a plain put of what is there finds its place in the index
if placed then
  call('ZCARD', ix)
end
may('SET', seq, '')
if placed and puts then
  may('ZADD', ix, 0, '')
end
if leaves then
  may('ZREM', ix, '')
end
if not plain then
  may('UNLINK', seq)
end
if not puts then
  may('XADD', log, '*', 'c', '')
  call('ZREM', ix, '') -- nothing is named '': a server above maxmemory lets a script go on that has begun to write
end
if ARGV[2] == '0' then
  call('XADD', log, number .. '-0', 'c', record)
else
  call('XADD', log, 'MAXLEN', '~', ARGV[2], number .. '-0', 'c', record)
end

call('SET', seq, number)
if history then
  call('SET', KEYS[6], history)
  call('SET', KEYS[1], ARGV[1]) -- a script that reads is answered while the slot moves if all of its keys are there
end
if master then
  call('SET', KEYS[7 + effects], master)
end
if source then
  call('SET', KEYS[8 + effects], source)
end
if gone then
  sweep()
end
if plain then
  call('SET', KEYS[7], ARGV[7])
  if placed then
    call('ZADD', ix, 0, ARGV[6])
  end
  if expiring > 0 then
    call('ZREM', exp, ARGV[6])
  end
  return done
end
for i = 1, effects do
  local data, key, ts = KEYS[6 + i], ARGV[3 * i + 3], todo[i]
  if not ts then
    call('UNLINK', data)
    call('ZREM', ix, key)
  elseif ts == '0' then
    call('SET', data, ARGV[3 * i + 4])
    call('ZADD', ix, 0, key)
  else
    call('SET', data, ARGV[3 * i + 4], 'PXAT', ts .. '000')
    call('ZADD', ix, 0, key)
    call('ZADD', exp, ts, key)
    expiring = expiring + 1
  end
  if expiring > 0 and (not ts or ts == '0') then
    call('ZREM', exp, key)
  end
end
return done
