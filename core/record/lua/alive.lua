-- Tells which leases live; writes nothing and stands alone.
-- KEYS[1]  :exp
-- ARGV     the ids of the leases
-- Returns 1 for each that lives and 0 for each that is gone, in the same order.
local t = redis.call('TIME')
local now, out = t[1] * 1000 + math.floor(t[2] / 1000), {}
for i, id in ipairs(ARGV) do
  local deadline = redis.call('ZSCORE', KEYS[1], id)
  out[i] = deadline and deadline + 0 > now and 1 or 0
end
return out
