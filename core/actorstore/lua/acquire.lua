-- Takes a free lock and mints its fencing number.
-- KEYS[1] the lock
-- KEYS[2] its counter
-- ARGV[1] the token
-- ARGV[2] the lock's time to live, ms
-- ARGV[3] the counter's time to live, ms; longer
-- Returns the fencing number in decimal, or nil when the lock is held. A lock or counter of another type, and a counter
-- that is no integer, are errors before the first write.
if redis.call('GET', KEYS[1]) then return false end
may('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])

-- A counter starts from the server's time and rises by one. It ends by the same clock, so the next one starts above it.
local fence = redis.call('GET', KEYS[2])
if not fence then
  local now = redis.call('TIME')
  fence = now[1] .. string.format('%06d', now[2])
elseif string.find(fence, '^[1-9]%d*$') and fence + 0 < 2^53 then
  fence = string.format('%.0f', fence + 1)
else -- INCR counts where a Lua number is no longer exact, and refuses what is no integer
  redis.call('INCR', KEYS[2])
  fence = redis.call('GET', KEYS[2])
end
redis.call('SET', KEYS[2], fence, 'PX', ARGV[3])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return fence
