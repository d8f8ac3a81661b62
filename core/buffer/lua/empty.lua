-- Empty: removes a batch and its lock, unless another holds it. A lock that ran out is taken again, as by hold.lua, and goes
-- with the batch. UNLINK, as DEL of a long list would hold up the server.
-- KEYS: of the batch 1 list, 2 keys, 3 size, 4 ts, 5 lock
-- ARGV: 1 token
-- Reply: {'emptied'}, {'gone'} if there is no such batch, or {'locked', token of the holder}

local call = redis.call
local holder = call('GET', KEYS[5])
if holder and holder ~= ARGV[1] then
  return {'locked', holder}
end
if call('LLEN', KEYS[1]) == 0 then
  return {'gone'}
end
may('UNLINK', unpack(KEYS))
call('UNLINK', unpack(KEYS))
return {'emptied'}
