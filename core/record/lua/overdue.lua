-- Tells when leases expire; writes nothing and stands alone.
-- KEYS[1]  :exp
-- Returns {ms until the first deadline, 0 if it has passed, -1 without leases; then the ids of at most 16 that have expired}.
local first, t = redis.call('ZRANGE', KEYS[1], '0', '0', 'WITHSCORES'), redis.call('TIME')
if not first[2] then
  return {-1}
end
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if first[2] + 0 > now then
  return {first[2] - now}
end
return {0, unpack(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', '0', '16'))}
