-- Push: appends one record, unless its operation id is known, and says what the buffer holds. Names are listed only where
-- they are few, so that a push costs the server the same however many there are.
-- KEYS: 1 list, 2 keys, 3 size, 4 ts, 5 ops (only with an operation id)
-- ARGV: 1 record, 2 operation id ('' for none), 3 how many names are few, 4.. names of the record's members, each once
-- Reply: repeated (0 or 1), count, bytes, first write (ms), how many names, and names that make up all of them with those
-- of a record that was added, if they are few

local call = redis.call
local known = call('SCARD', KEYS[2])
local had = call('MGET', KEYS[3], KEYS[4])
for i = 1, 2 do
  local text = had[i] or call('GET', KEYS[i + 2]) -- MGET shows a foreign type as missing, GET refuses it
  if text and (#text > 15 or string.find(text, '%D')) then
    error('CORRUPT ' .. KEYS[i + 2] .. ' is no number')
  end
end
local few, own = tonumber(ARGV[3]), #ARGV - 3
local names = {}
if known > 0 and known ~= own and known <= few then
  names = call('SMEMBERS', KEYS[2])
end

local first = had[2]
local stamp
if ARGV[2] ~= '' then
  if call('ZSCORE', KEYS[5], ARGV[2]) then
    if known == own and known <= few then
      names = call('SMEMBERS', KEYS[2])
    end
    return {1, call('LLEN', KEYS[1]), had[1] or 0, first or 0, known, names}
  end
  stamp = math.max(now(), latest(KEYS[5]) + 1)
  may('ZADD', KEYS[5], '0', '')
  may('PEXPIREAT', KEYS[5], '0')
  may('ZREMRANGEBYSCORE', KEYS[5], '0', '0')
  may('ZREMRANGEBYRANK', KEYS[5], '0', '0')
end
local fresh = not first
if fresh then
  first = math.floor(now() / 1000)
  may('SET', KEYS[4], '0')
end
may('INCRBY', KEYS[3], '0')
if own > 0 then
  may('SADD', KEYS[2], '')
end

-- The first write is the one that can still be refused (foreign type, no right, no memory); after it nothing can fail.
local count = call('RPUSH', KEYS[1], ARGV[1])
local bytes = call('INCRBY', KEYS[3], #ARGV[1])
if fresh then
  call('SET', KEYS[4], first)
end
for i = 4, #ARGV, 1000 do -- Lua's stack ends near 8,000 values
  known = known + call('SADD', KEYS[2], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
if stamp then
  remember(KEYS[5], ARGV[2], stamp)
  call('ZREMRANGEBYSCORE', KEYS[5], '-inf', stamp - window_ms * 1000)
  call('ZREMRANGEBYRANK', KEYS[5], 0, -limit - 1)
end
if #names == 0 and known ~= own and known <= few then -- as many names as the record's, and others
  local all = redis.pcall('SMEMBERS', KEYS[2])
  names = all.err and names or all
end
return {0, count, bytes, first, known, names}
