-- Push: appends one record, unless its operation id is known, and says what the buffer holds.
-- KEYS: 1 list, 2 keys, 3 size, 4 ts, 5 ops (only with an operation id)
-- ARGV: 1 record, 2 operation id ('' for none), 3.. names of the record's members
-- Reply: repeated (0 or 1), count, bytes, first write (ms), names that were in keys before this push

local call = redis.call
local names = call('SMEMBERS', KEYS[2])
local had = call('MGET', KEYS[3], KEYS[4])
for i = 1, 2 do
  local text = had[i] or call('GET', KEYS[i + 2]) -- MGET shows a foreign type as missing, GET refuses it
  if text and (#text > 15 or string.find(text, '%D')) then
    error('CORRUPT ' .. KEYS[i + 2] .. ' is no number')
  end
end
local first = had[2]
local stamp
if ARGV[2] ~= '' then
  if call('ZSCORE', KEYS[5], ARGV[2]) then
    return {1, call('LLEN', KEYS[1]), had[1] or 0, first or 0, names}
  end
  stamp = tick(KEYS[5])
end

-- The first write is the one that can still be refused (foreign type, no memory); after it nothing can fail.
local count = call('RPUSH', KEYS[1], ARGV[1])
local bytes = call('INCRBY', KEYS[3], #ARGV[1])
if not first then
  first = math.floor(now() / 1000)
  call('SET', KEYS[4], first)
end
for i = 3, #ARGV, 1000 do -- Lua's stack ends near 8,000 values
  call('SADD', KEYS[2], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
if stamp then
  remember(KEYS[5], ARGV[2], stamp)
  call('ZREMRANGEBYSCORE', KEYS[5], '-inf', stamp - window_ms * 1000)
  call('ZREMRANGEBYRANK', KEYS[5], 0, -limit - 1)
end
return {0, count, bytes, first, names}
