-- Reads a lease; writes nothing and stands alone.
-- KEYS[1]  :lease
-- Returns {granted ms, ms left}; {} if it is gone.
local granted = redis.call('GET', KEYS[1])
if not granted then
  return {}
end
return {granted, redis.call('PTTL', KEYS[1])}
