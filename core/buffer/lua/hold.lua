-- Hold: takes the lock of a batch, or renews it for who has it; a lock that ran out is taken again.
-- KEYS: 1 list of the batch, 2 its lock
-- ARGV: 1 token, 2 time to live (ms)
-- Reply: {'held'}, {'gone'} if there is no such batch, or {'locked', token of the holder, its time to live (ms, -1: for ever)}

local call = redis.call
local holder = call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then
  return {'locked', holder, call('PTTL', KEYS[2])}
end
if call('LLEN', KEYS[1]) == 0 then
  return {'gone'}
end
if holder then
  call('PEXPIRE', KEYS[2], ARGV[2])
  return {'held'}
end
may('DEL', KEYS[2])
may('SET', KEYS[2], '')
call('DEL', KEYS[2]) -- removes nothing: a server above maxmemory lets a script set keys only when it has written before
call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return {'held'}
