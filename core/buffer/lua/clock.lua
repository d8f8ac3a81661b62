-- Stands before push.lua and prepare.lua, after a line that sets window_ms and limit.
-- The :ops ZSET of a store maps what was done lately (operation ids; '' is the last swap) to a logical time in
-- microseconds: the server's TIME, but always above everything remembered. So ids are forgotten in the order of their
-- arrival and a prepared timestamp never comes twice, also when the clock stands still or runs backwards.

local function now()
  local t = redis.call('TIME')
  return t[1] * 1000000 + t[2]
end

-- The time of the newest entry; 0 if nothing is remembered.
local function latest(ops)
  local last = tonumber(redis.call('ZRANGE', ops, -1, -1, 'WITHSCORES')[2] or 0)
  if not last or last >= 2 ^ 53 then
    error('CORRUPT ' .. ops .. ' holds no times')
  end
  return last
end

-- The key may go once the clock has passed its last entry by the window: nothing that it guards can come again.
local function remember(ops, what, stamp)
  redis.call('ZADD', ops, stamp, what)
  redis.call('PEXPIREAT', ops, math.ceil(stamp / 1000) + window_ms)
end

