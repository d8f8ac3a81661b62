-- Push: appends one record, unless its operation id is known, and says what the buffer holds.
-- KEYS: 1 list, 2 keys, 3 size, 4 ts, 5 ops (only with an operation id)
-- ARGV: 1 record, 2 operation id ('' for none), 3.. names of the record's members
-- Reply: repeated (0 or 1), count, bytes, first write (ms), names that were in keys before this push

local call = redis.call
local count = call('LLEN', KEYS[1])
local names = call('SMEMBERS', KEYS[2])
local first = call('GET', KEYS[4])
if first and (#first > 15 or string.find(first, '%D')) then
  error('CORRUPT ' .. KEYS[4] .. ' is no timestamp')
end
local stamp
if ARGV[2] ~= '' then
  if call('ZSCORE', KEYS[5], ARGV[2]) then
    return {1, count, call('GET', KEYS[3]) or 0, first or 0, names}
  end
  stamp = tick(KEYS[5])
end

-- The first write is the one that can still be refused (no integer, no memory); after it nothing can fail.
local bytes = call('INCRBY', KEYS[3], #ARGV[1])
count = call('RPUSH', KEYS[1], ARGV[1])
if not first then
  first = math.floor(now() / 1000)
  call('SET', KEYS[4], first)
end
for i = 3, #ARGV, 1000 do -- Lua's stack ends near 8,000 values
  call('SADD', KEYS[2], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
if stamp then
  remember(KEYS[5], ARGV[2], stamp)
end
return {0, count, bytes, first, names}
