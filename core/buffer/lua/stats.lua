-- Stats: what a buffer or batch holds at one instant. Names are listed only where they are few.
-- KEYS: 1 list, 2 keys, 3 size, 4 ts
-- ARGV: 1 how many names are few
-- Reply: count, bytes or '', first write (ms) or '', how many names, and the names if they are few

local call = redis.call
local names = call('SCARD', KEYS[2])
return {
  call('LLEN', KEYS[1]), call('GET', KEYS[3]) or '', call('GET', KEYS[4]) or '',
  names, names <= tonumber(ARGV[1]) and call('SMEMBERS', KEYS[2]) or {},
}
