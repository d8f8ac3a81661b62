-- Stands before the scripts that look at expiries.
local call = redis.call

-- The server's clock: whole seconds are enough to tell now >= expiry, which is whole, too.
local time
local function clock()
  time = time or call('TIME')
  return tonumber(time[1])
end

-- When a data key ends, in epoch seconds; 0 for never. Redis 6.2 tells what is left, not when that is; all expiries are
-- whole seconds.
local function ends(data)
  local left = call('PTTL', data)
  if left < 0 then
    return 0
  end
  clock()
  return math.floor((time[1] * 1000 + time[2] / 1000 + left + 500) / 1000)
end
