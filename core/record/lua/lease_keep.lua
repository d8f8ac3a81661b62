-- Prolongs a lease by what was granted, from now.
-- KEYS[1]  :exp   KEYS[2]  :lease; missing while the two are on different nodes, and the caller then sets that key
-- ARGV[1]  its id   ARGV[2]  what was granted, in ms
-- Returns the new deadline in ms as text, or 0 if the lease is gone.
local exp, leaseKey, id, granted = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local deadline = redis.call('ZSCORE', exp, id)
if not deadline or deadline + 0 <= now then
  return 0
end
deadline = string.format('%.0f', now + granted)
may('ZADD', exp, deadline, id)
if leaseKey then
  redis.call('STRLEN', leaseKey) -- refuses another type
  may('PEXPIREAT', leaseKey, deadline)
  may('SET', leaseKey, granted)
  if redis.call('PEXPIREAT', leaseKey, deadline) == 0 then -- also allows a server that is full to run the rest
    redis.call('SET', leaseKey, granted)
    redis.call('PEXPIREAT', leaseKey, deadline)
  end
end
redis.call('ZADD', exp, deadline, id)
return deadline
